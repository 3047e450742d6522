namespace Gateway.Sip;

/// <summary>The checks at the door: mandatory headers there, once, and readable; the first fault sticks.</summary>
internal ref struct Door(SipError framing)
{
    private const ulong Mandatory =
        (1UL << (int)HeaderName.From)
        | (1UL << (int)HeaderName.To)
        | (1UL << (int)HeaderName.CallId)
        | (1UL << (int)HeaderName.CSeq)
        | (1UL << (int)HeaderName.Via);

    private ulong _seen;

    public SipError Error { get; private set; } = framing;

    public readonly bool HasError => Error.Fault != SipFault.None;

    /// <summary>Of the request; empty in a response, whose CSeq method is the client transaction's to compare.</summary>
    public ReadOnlySpan<byte> Method { get; set; }

    public uint? ContentLength { get; private set; }

    public void Report(SipFault fault, string field, int offset)
    {
        if (!HasError) Error = new SipError(fault, field, offset);
    }

    public void Check(HeaderName name, ReadOnlySpan<byte> value, int offset)
    {
        if (name > HeaderName.Contact) return;

        var bit = 1UL << (int)name;
        if ((_seen & bit) != 0 && HeaderNames.IsSingle(name)) Report(SipFault.RepeatedHeader, HeaderNames.Text(name), offset);
        _seen |= bit;
        if (!IsReadable(name, value)) Report(SipFault.HeaderSyntax, HeaderNames.Text(name), offset);
        if (name == HeaderName.CSeq && !Method.IsEmpty && CSeq.TryScan(value, out _, out var method) && !method.SequenceEqual(Method))
        {
            Report(SipFault.MethodMismatch, HeaderNames.Text(name), offset);
        }
    }

    public void CheckPresence(int offset)
    {
        var missing = Mandatory & ~_seen;
        if (missing != 0) Report(SipFault.MissingHeader, HeaderNames.Text((HeaderName)ulong.TrailingZeroCount(missing)), offset);
    }

    private bool IsReadable(HeaderName name, ReadOnlySpan<byte> value) => name switch
    {
        HeaderName.From or HeaderName.To => NameAddr.IsValid(value),
        // Opaque to everybody but its maker: more than word [ "@" word ] is met, and all of it must come back as it was.
        HeaderName.CallId => !value.IsEmpty && !value.ContainsAnyInRange((byte)0, (byte)' '),
        HeaderName.CSeq => CSeq.TryScan(value, out _, out _),
        HeaderName.MaxForwards => IsNumber(value, out var hops) && hops <= 255,
        HeaderName.ContentLength => IsNumber(value, out var length) && (ContentLength = length) is not null,
        HeaderName.Via => AllAreReadable(name, value),
        // A 200 with an odd Contact is a 200 all the same; in a request it says where to answer.
        HeaderName.Contact => Method.IsEmpty || AllAreReadable(name, value),
        _ => true,
    };

    private static bool IsNumber(ReadOnlySpan<byte> value, out uint number)
    {
        var reader = new HeaderReader(value);
        return reader.Number(out number, out var tooLarge) && !tooLarge && reader.AtEnd();
    }

    private static bool AllAreReadable(HeaderName name, ReadOnlySpan<byte> list)
    {
        while (true)
        {
            var comma = HeaderValues.CommaOf(list);
            var value = comma < 0 ? list : list[..comma];
            if (!(name == HeaderName.Via ? Via.IsValid(value) : Contact.IsValid(value))) return false;
            if (comma < 0) return true;

            list = list[(comma + 1)..];
        }
    }
}
