namespace Gateway.Sms;

/// <summary>
/// Which parts belong together (TS 23.040 §9.2.3.24.1): equal references of 8 and of 16 bits are different messages, and so are different
/// totals.
/// </summary>
public readonly record struct ConcatenationKey(string Originator, string Destination, ushort Reference, byte ReferenceBits, byte Total)
{
    public static ConcatenationKey Of(string originator, string destination, Concatenation concatenation) =>
        new(originator, destination, concatenation.Reference, concatenation.ReferenceBits, concatenation.Total);
}

/// <summary>One received part.</summary>
public sealed record MessagePart(ConcatenationKey Key, byte Sequence, TpUserData UserData, DateTimeOffset ReceivedAt);

/// <summary>Parts put together again.</summary>
/// <param name="Text">The texts of the parts in order; parts may differ in alphabet. A missing part leaves nothing in its place.</param>
/// <param name="Data">The octets of parts that are no text, in order.</param>
/// <param name="Missing">Sequence numbers that are not there.</param>
public sealed record JoinedMessage(ConcatenationKey Key, string Text, ReadOnlyMemory<byte> Data, IReadOnlyList<byte> Missing)
{
    public bool IsComplete => Missing.Count == 0;
}

/// <summary>Limits of a <see cref="Reassembler"/>.</summary>
public sealed record ReassemblyOptions
{
    /// <summary>After this much time since its first part a message is handed over with what is there.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);
    /// <summary>Messages kept per originator, finished ones (kept to recognise repeats) included.</summary>
    public int MaxMessagesPerOriginator { get; init; } = 16;
    /// <summary>Messages kept in all; the oldest is handed over for a new one.</summary>
    public int MaxMessages { get; init; } = 10_000;
}

/// <summary>
/// Collects parts in any order until a message is whole. A repeated part is dropped, also after its message was handed over. A part with
/// another content under a number that is taken begins a new message: the reference came round, and the old message is handed over as it
/// is. State is nothing but parts, so it can be rebuilt from stored ones; <see cref="Join"/> alone serves whoever keeps parts elsewhere.
/// Not thread-safe.
/// </summary>
public sealed class Reassembler(ReassemblyOptions options)
{
    private readonly OrderedDictionary<ConcatenationKey, Pending> _messages = [];
    private readonly Dictionary<string, List<Pending>> _byOriginator = [];

    /// <summary>Takes up stored parts. A message they make whole counts as handed over.</summary>
    public Reassembler(ReassemblyOptions options, IEnumerable<MessagePart> stored) : this(options)
    {
        foreach (var part in stored.OrderBy(part => part.ReceivedAt)) Add(part);
    }

    /// <summary>The parts that make up the state.</summary>
    public IEnumerable<MessagePart> Export() => _messages.Values.SelectMany(message => message.Parts);

    /// <summary>What is to be handed over now: the message this part completes, and any that it displaces. Most often nothing.</summary>
    public IReadOnlyList<JoinedMessage> Add(MessagePart part)
    {
        if (part.Sequence == 0 || part.Sequence > part.Key.Total) throw new ArgumentException("There is no such part.", nameof(part));
        var handedOver = new List<JoinedMessage>();
        if (_messages.TryGetValue(part.Key, out var message))
        {
            var twin = message.Parts.Find(there => there.Sequence == part.Sequence);
            if (twin is not null && twin.UserData == part.UserData) return handedOver;
            if (twin is not null)
            {
                HandOver(message, handedOver);
                message = null;
            }
        }
        if (message is null)
        {
            MakeRoom(part.Key.Originator, handedOver);
            message = new Pending(part.Key);
            _messages.Add(part.Key, message);
            _byOriginator[part.Key.Originator].Add(message);
        }
        message.Parts.Add(part);
        if (message.Parts.Count < part.Key.Total) return handedOver;
        message.IsDone = true;
        handedOver.Add(Join(part.Key, message.Parts));
        return handedOver;
    }

    /// <summary>Hands over what has waited longer than the time-out, and forgets finished messages as old.</summary>
    public IReadOnlyList<JoinedMessage> Expire(DateTimeOffset now)
    {
        var handedOver = new List<JoinedMessage>();
        foreach (var message in _messages.Values.Where(message => now - message.Parts[0].ReceivedAt >= options.Timeout).ToList())
            HandOver(message, handedOver);
        return handedOver;
    }

    /// <summary>Puts parts of one message together: any order, the first of several with one number, none beyond the total.</summary>
    public static JoinedMessage Join(ConcatenationKey key, IEnumerable<MessagePart> parts)
    {
        var inOrder = parts.Where(part => part.Sequence > 0 && part.Sequence <= key.Total)
            .DistinctBy(part => part.Sequence).OrderBy(part => part.Sequence).ToList();
        var there = inOrder.Select(part => part.Sequence);
        var missing = Enumerable.Range(1, key.Total).Select(sequence => (byte)sequence).Except(there).ToList();
        // Lone surrogates are looked for at the end only: senders that count in octets tear pairs between two parts.
        var text = new List<char>();
        var data = new List<byte>();
        Span<char> characters = stackalloc char[Tpdu.MaxUserData * 8 / 7 + 32];
        foreach (var part in inOrder)
        {
            if (part.UserData.DataCodingScheme.IsText) text.AddRange(characters[..part.UserData.DecodeText(characters)]);
            else data.AddRange(part.UserData.Data.Span);
        }
        var joined = text.ToArray();
        Ucs2.ReplaceLoneSurrogates(joined);
        return new JoinedMessage(key, new string(joined), data.ToArray(), missing);
    }

    /// <summary>Finished messages go before unfinished ones, old before young.</summary>
    private void MakeRoom(string originator, List<JoinedMessage> handedOver)
    {
        if (!_byOriginator.TryGetValue(originator, out var messages)) _byOriginator[originator] = messages = [];
        while (messages.Count >= options.MaxMessagesPerOriginator)
            HandOver(messages.Find(message => message.IsDone) ?? messages[0], handedOver);
        while (_messages.Count >= options.MaxMessages) HandOver(_messages.GetAt(0).Value, handedOver);
        _byOriginator[originator] = messages;
    }

    private void HandOver(Pending message, List<JoinedMessage> handedOver)
    {
        if (!message.IsDone) handedOver.Add(Join(message.Key, message.Parts));
        _messages.Remove(message.Key);
        var siblings = _byOriginator[message.Key.Originator];
        siblings.Remove(message);
        if (siblings.Count == 0) _byOriginator.Remove(message.Key.Originator);
    }

    private sealed class Pending(ConcatenationKey key)
    {
        public ConcatenationKey Key { get; } = key;
        public List<MessagePart> Parts { get; } = [];
        public bool IsDone { get; set; }
    }
}
