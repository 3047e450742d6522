using System.Buffers;
using System.Text;
using Gateway.Sip;

namespace Gateway.Fuzz;

/// <summary>
/// One target per reader of <c>Gateway.Sip</c>. A target takes any octets and throws if an oracle is hurt: what parses is written to
/// something
/// that parses to the same; what is refused can be answered; a stream gives the same messages however it is cut.
/// </summary>
internal static class SipTargets
{
    public static readonly IReadOnlyDictionary<string, Action<byte[]>> All = new Dictionary<string, Action<byte[]>>
    {
        ["sip-datagram"] = Datagram,
        ["sip-stream"]   = Stream,
        ["sip-uri"]      = Uri,
        ["sip-header"]   = Header,
        ["sip-reginfo"]  = Reginfo,
    };

    private static void Datagram(byte[] octets)
    {
        var result = SipParser.Parse(octets);
        Check(result.Succeeded == (result.Kind == SipParseKind.Message), "success is a message");
        Check((result.CreateAnswer() is not null) == (result.Kind == SipParseKind.Rejected), "what is rejected has an answer");
        if (result.CreateAnswer() is { } refusal) Check(SipWriter.ToArray(refusal)[..4] is [.., (byte)'/'], "an answer is a response");
        if (result is not { Succeeded: true, Message: { } message }) return;

        // The door lets nothing in that these could not read.
        _ = (message.TopVia.SentBy, message.From.Uri.Number, message.To.Tag, message.CallId, message.CSeq.Method).ToString();
        Check(message.Headers.All(h => h.Key.Length > 0 && !h.Value.AsSpan().ContainsAny('\r', '\n')), "a value is one line");

        var written = SipWriter.ToArray(message);
        var again = SipParser.Parse(written);
        Check(again.Succeeded, "what was written parses");
        Check(SipWriter.ToArray(again.Message!).AsSpan().SequenceEqual(written), "writing is stable");
        Check(again.Message!.Body.Span.SequenceEqual(message.Body.Span), "the body survives");

        if (message is not SipRequest request || RequestCheck.TryPass(request, RequestCheckOptions.Default, out var answer)
            || answer is null) return;
        Check(SipParser.Parse(SipWriter.ToArray(answer)).Succeeded, "an answer parses");
    }

    /// <summary>The first octet, which is no part of the stream, is the size of the pieces.</summary>
    private static void Stream(byte[] octets)
    {
        if (octets.Length == 0) return;
        var stream = octets[1..];
        var atOnce = Frames(stream, stream.Length, out var whole);
        var inPieces = Frames(stream, octets[0] + 1, out var cut);
        Check(whole == cut, "the stream ends the same");
        Check(atOnce.Count == inPieces.Count, "as many messages");
        Check(atOnce.Zip(inPieces).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)), "the same messages");
    }

    private static List<byte[]> Frames(byte[] stream, int size, out OperationStatus status)
    {
        const int MaxOctets = 4096;
        var framing = new StreamFraming(MaxOctets);
        var messages = new List<byte[]>();
        status = OperationStatus.NeedMoreData;
        var start = 0;
        for (var end = 0; end < stream.Length && status == OperationStatus.NeedMoreData;)
        {
            end = Math.Min(stream.Length, end + Math.Max(1, size));
            var buffer = new ReadOnlySequence<byte>(stream.AsMemory(start, end - start));
            var left = buffer.Length;
            while ((status = framing.TryRead(ref buffer, out var unit, out var message)) == OperationStatus.Done)
            {
                Check(buffer.Length < left, "something was taken");
                left = buffer.Length;
                Check(unit == StreamUnit.Message == message.Length > 0, "only a message has octets");
                Check(message.Length <= MaxOctets, "no message is over the limit");
                if (unit == StreamUnit.Message) messages.Add(message.ToArray());
            }

            start = end - (int)buffer.Length;
        }

        return messages;
    }

    private static void Uri(byte[] octets)
    {
        if (!SipUri.TryParse(octets, out var uri)) return;
        Check(SipUri.TryParse(uri.ToString(), out var again), "what was written parses");
        Check(again == uri && again.GetHashCode() == uri.GetHashCode(), "it is equal");
        Check(again.ToString() == uri.ToString(), "writing is stable");
        Check(uri.Number is not { } number || number.TrimStart('+').All(char.IsAsciiDigit), "a number is digits");
        _ = (uri.User, uri.PhoneContext, uri.Address, uri.AddressOfRecord().ToString());
    }

    /// <summary>Every type of header value, each with every text.</summary>
    private static void Header(byte[] octets)
    {
        Value<NameAddr>(octets);
        Value<Contact>(octets);
        Value<Via>(octets);
        Value<CSeq>(octets);
        Value<Event>(octets);
        Value<SubscriptionState>(octets);
        Value<MediaType>(octets);
        Value<RetryAfter>(octets);
        Value<DeltaSeconds>(octets);
        Value<DigestChallenge>(octets);
        Value<DigestCredentials>(octets);
    }

    private static void Value<T>(byte[] octets)
        where T : IHeaderValue<T>
    {
        if (!T.TryParse(octets, out var value)) return;
        var text = value.ToString()!;
        Check(!text.AsSpan().ContainsAny('\r', '\n'), $"{typeof(T).Name} is one line");
        Check(T.TryParse(Encoding.UTF8.GetBytes(text), out var again), $"a written {typeof(T).Name} parses");
        Check(again.ToString() == text, $"writing a {typeof(T).Name} is stable");
    }

    private static void Reginfo(byte[] octets)
    {
        var taken = ReginfoDocument.TryParse(octets, out var document, out var error);
        Check(taken == error is null, "a refusal has a reason");
        var state = new ReginfoState();
        Check(state.Apply(document, 1) != ReginfoOutcome.Discarded, "the first document counts");
        Check(state.Contacts.All(contact => contact.State != RegistrationState.Terminated), "what is gone is gone");
        Check(state.Apply(document, 1) == ReginfoOutcome.Discarded, "the same again does not");
    }

    private static void Check(bool holds, string oracle)
    {
        if (!holds) throw new InvalidOperationException($"Oracle hurt: {oracle}.");
    }
}
