using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Gateway.Sip;

/// <summary>Notifications that RFC 5438 §6.2 lets a sender ask for.</summary>
[Flags]
public enum ImdnRequest : byte { None = 0, PositiveDelivery = 1, NegativeDelivery = 2, Processing = 4, Display = 8 }

/// <summary>
/// RFC 3862: a message/cpim, the headers of the message and one MIME part. Lines may end in LF alone, the prefix imdn needs no NS, and a
/// Content-Type among the message's own headers, as some clients write it, begins the part without a blank line.
/// </summary>
public sealed record CpimMessage
{
    public const string ContentType = "message/cpim";

    /// <summary>The largest message taken, in octets.</summary>
    public const int MaxOctets = 64 * 1024;

    /// <summary>Of the message and of its part together.</summary>
    public const int MaxHeaders = 64;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    /// <summary>In their order; NS is not among them, since each header has the namespace its prefix stood for.</summary>
    public IReadOnlyList<CpimHeader> Headers { get; init; } = [];

    /// <summary>Of the part; text/plain where it says nothing (RFC 2045 §5.2).</summary>
    public MediaType PartType { get; init; } = new("text/plain", SipParameters.Empty);

    /// <summary>Of the part, such as "notification" (RFC 5438 §7.2.1.1), or null.</summary>
    public string? PartDisposition { get; init; }

    /// <summary>The part's content, a transfer encoding undone.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    public string? From => Find(CpimHeader.Core, "From")?.Address;

    public string? To => Find(CpimHeader.Core, "To")?.Address;

    public string? Subject => Find(CpimHeader.Core, "Subject")?.Value;

    /// <summary>When the sender sent it; null if it does not say, or not as RFC 3339 has it.</summary>
    public DateTimeOffset? DateTime =>
        DateTimeOffset.TryParse(Find(CpimHeader.Core, "DateTime")?.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time : null;

    /// <summary>RFC 5438 §6.3: imdn.Message-ID.</summary>
    public string? MessageId => Find(CpimHeader.Imdn, "Message-ID")?.Value.Trim() is { Length: > 0 } id ? id : null;

    /// <summary>RFC 5438 §6.2: imdn.Disposition-Notification. Words not known are passed over.</summary>
    public ImdnRequest Requested
    {
        get
        {
            var requested = ImdnRequest.None;
            foreach (var word in (Find(CpimHeader.Imdn, "Disposition-Notification")?.Value ?? "").Split(','))
            {
                // A word may have parameters of later standards.
                requested |= word.Split(';')[0].Trim() switch
                {
                    "positive-delivery" => ImdnRequest.PositiveDelivery,
                    "negative-delivery" => ImdnRequest.NegativeDelivery,
                    "processing"        => ImdnRequest.Processing,
                    "display"           => ImdnRequest.Display,
                    _                   => ImdnRequest.None,
                };
            }

            return requested;
        }
    }

    public CpimHeader? Find(string @namespace, string name)
    {
        foreach (var header in Headers)
        {
            if (header.Name == name && header.Namespace == @namespace) return header;
        }

        return null;
    }

    /// <summary>False, with the reason, for what cannot be read; octets are never more than copied once.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> octets, out CpimMessage message, out string? error)
    {
        message = new CpimMessage();
        var reader = new CpimReader();
        error = octets.Length > MaxOctets ? $"The message is over {MaxOctets} octets." : reader.Read(octets.Span);
        if (error is not null) return false;
        if (!TryDecode(octets[reader.ContentAt..], reader.TransferEncoding, out var content))
        {
            error = $"The transfer encoding {reader.TransferEncoding} is not read, or broken.";
            return false;
        }

        message = new CpimMessage
        {
            Headers = reader.Headers, PartType = reader.PartType ?? message.PartType, PartDisposition = reader.PartDisposition, Content = content,
        };
        return true;
    }

    /// <exception cref="ArgumentException">A header name or a namespace that RFC 3862 §2 does not allow.</exception>
    public byte[] ToArray()
    {
        var text = new StringBuilder();
        var prefixes = new Dictionary<string, string>(StringComparer.Ordinal) { [CpimHeader.Core] = "" };
        foreach (var header in Headers)
        {
            if (!CpimReader.IsName(header.Name)) throw new ArgumentException($"'{header.Name}' is no header name");
            if (!prefixes.TryGetValue(header.Namespace, out var prefix))
            {
                if (!CpimReader.IsNamespace(header.Namespace)) throw new ArgumentException($"'{header.Namespace}' is no namespace");
                var name = header.Namespace == CpimHeader.Imdn ? "imdn" : $"ns{prefixes.Count}";
                text.Append(CultureInfo.InvariantCulture, $"NS: {name} <{header.Namespace}>\r\n");
                prefixes[header.Namespace] = prefix = $"{name}.";
            }

            var language = header.Language is null ? "" : $";lang={header.Language}";
            text.Append(CultureInfo.InvariantCulture, $"{prefix}{header.Name}:{language} {CpimHeader.Escape(header.Value)}\r\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"\r\nContent-Type: {PartType}\r\n");
        if (PartDisposition is not null) text.Append(CultureInfo.InvariantCulture, $"Content-Disposition: {PartDisposition}\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Content-Length: {Content.Length}\r\n\r\n");
        return [.. Utf8.GetBytes(text.ToString()), .. Content.Span];
    }

    private static bool TryDecode(ReadOnlyMemory<byte> octets, string? encoding, out ReadOnlyMemory<byte> content)
    {
        content = octets;
        switch (encoding)
        {
            case null or "7bit" or "8bit" or "binary":
                return true;
            case "base64":
                var plain = new byte[Base64.GetMaxDecodedFromUtf8Length(octets.Length)];
                var done = Base64.DecodeFromUtf8(octets.Span, plain, out _, out var written) == System.Buffers.OperationStatus.Done;
                content = plain.AsMemory(0, written);
                return done;
            default:
                return false;
        }
    }
}
