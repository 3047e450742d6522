using System.Globalization;
using System.Text;
using System.Xml;

namespace Gateway.Sip;

/// <summary>RFC 5438 §7.2.1: what a notification is about.</summary>
public enum ImdnNotification : byte { Delivery, Processing, Display }

/// <summary>RFC 5438 §7.2.1. Which of them a notification can have depends on its kind; forbidden and error go with each.</summary>
public enum ImdnStatus : byte { Delivered, Failed, Processed, Stored, Displayed, Forbidden, Error }

/// <summary>RFC 5438 §11.1.3: a message/imdn+xml document.</summary>
/// <param name="MessageId">imdn.Message-ID of the message it is about.</param>
/// <param name="DateTime">When the message was sent, as its DateTime said.</param>
public sealed record ImdnDocument(string MessageId, DateTimeOffset DateTime, ImdnNotification Notification, ImdnStatus Status)
{
    public const string ContentType = "message/imdn+xml";

    /// <summary>The largest document taken, in octets.</summary>
    public const int MaxOctets = 16 * 1024;

    private const string Namespace = "urn:ietf:params:xml:ns:imdn";
    private const int MaxDepth = 8;

    private static readonly XmlReaderSettings Reading = new()
    {
        DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxOctets, IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    private static readonly XmlWriterSettings Writing = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true };

    /// <summary>Who the message came to.</summary>
    public string? RecipientUri { get; init; }

    /// <summary>Whom the sender had written to.</summary>
    public string? OriginalRecipientUri { get; init; }

    public string? Subject { get; init; }

    /// <summary>False, with the reason, for what is no notification. Elements not known are passed over.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> octets, out ImdnDocument? document, out string? error)
    {
        document = null;
        error = octets.Length > MaxOctets ? $"The document is over {MaxOctets} octets." : null;
        if (error is not null) return false;
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var xml = XmlReader.Create(new MemoryStream(octets.ToArray()), Reading);
            Collect(xml, found);
        }
        catch (XmlException e)
        {
            error = e.Message;
            return false;
        }

        if (!found.TryGetValue("message-id", out var messageId) || messageId.Length == 0) error = "There is no message-id.";
        else if (!found.TryGetValue("notification", out var kind) || !found.TryGetValue("status", out var status)) error = "There is no status.";
        else if (!TryWord<ImdnNotification>(kind, out var notification) || !TryWord<ImdnStatus>(status, out var word) || !IsOf(notification, word))
            error = $"{kind} of {status} is no notification.";
        else
        {
            var isDated = DateTimeOffset.TryParse(found.GetValueOrDefault("datetime"), CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out var time);
            document = new ImdnDocument(messageId, isDated ? time : default, notification, word)
            {
                RecipientUri = found.GetValueOrDefault("recipient-uri"),
                OriginalRecipientUri = found.GetValueOrDefault("original-recipient-uri"),
                Subject = found.GetValueOrDefault("subject"),
            };
        }

        return document is not null;
    }

    public byte[] ToArray()
    {
        using var octets = new MemoryStream();
        using (var xml = XmlWriter.Create(octets, Writing))
        {
            xml.WriteStartElement("imdn", Namespace);
            xml.WriteElementString("message-id", Namespace, Clean(MessageId));
            xml.WriteElementString("datetime", Namespace, DateTime.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));
            if (RecipientUri is not null) xml.WriteElementString("recipient-uri", Namespace, Clean(RecipientUri));
            if (OriginalRecipientUri is not null) xml.WriteElementString("original-recipient-uri", Namespace, Clean(OriginalRecipientUri));
            if (Subject is not null) xml.WriteElementString("subject", Namespace, Clean(Subject));
            xml.WriteStartElement($"{Notification.ToString().ToLowerInvariant()}-notification", Namespace);
            xml.WriteStartElement("status", Namespace);
            xml.WriteElementString(Status.ToString().ToLowerInvariant(), Namespace, null);
        }

        return octets.ToArray();
    }

    // By local name: prefixes differ, and some clients leave the namespace out.
    private static void Collect(XmlReader xml, Dictionary<string, string> found)
    {
        var path = new string[MaxDepth];
        while (xml.Read())
        {
            if (xml.Depth >= MaxDepth) throw new XmlException("The document is too deep.");
            if (xml.NodeType == XmlNodeType.Element)
            {
                path[xml.Depth] = xml.LocalName;
                if (xml.Depth == 0 && xml.LocalName != "imdn") throw new XmlException("The root is not imdn.");
                if (xml.Depth == 1 && xml.LocalName.EndsWith("-notification", StringComparison.Ordinal)) found.TryAdd("notification", xml.LocalName[..^13]);
                if (xml.Depth == 3 && path[2] == "status") found.TryAdd("status", xml.LocalName);
            }
            else if (xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA && xml.Depth == 2 && path[1] is not ("notification" or "status"))
            {
                found.TryAdd(path[1], xml.Value.Trim());
            }
        }
    }

    private static bool IsOf(ImdnNotification notification, ImdnStatus status) => status switch
    {
        ImdnStatus.Delivered or ImdnStatus.Failed => notification == ImdnNotification.Delivery,
        ImdnStatus.Processed or ImdnStatus.Stored => notification == ImdnNotification.Processing,
        ImdnStatus.Displayed                      => notification == ImdnNotification.Display,
        _                                         => true,
    };

    // Letters only: Enum.TryParse takes the numbers behind the words too.
    private static bool TryWord<T>(string text, out T word)
        where T : struct, Enum
    {
        word = default;
        return text.All(char.IsAsciiLetterLower) && Enum.TryParse(text, ignoreCase: true, out word);
    }

    // What XML 1.0 cannot hold would make the writer throw, and these texts come from outside.
    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())   // a lone surrogate becomes U+FFFD
        {
            if (rune.Value is '\t' or '\n' or '\r' or (>= 0x20 and not (0xFFFE or 0xFFFF))) clean.Append(rune.ToString());
        }

        return clean.ToString();
    }
}
