using System.Buffers;
using System.Text.RegularExpressions;
using System.Xml;

namespace Gateway.Sip;

/// <summary>
/// Reads reginfo+xml in one forward pass, without DTD and entities. A document that is not well-formed is read again with its bare
/// ampersands
/// escaped, and then as far as it goes.
/// </summary>
internal static partial class ReginfoReader
{
    internal const string ReginfoNamespace = "urn:ietf:params:xml:ns:reginfo";
    internal const string GruuNamespace = "urn:ietf:params:xml:ns:gruuinfo";

    // Of one contact; a Contact header has a handful.
    private const int MaxParameters = 64;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = ReginfoDocument.MaxOctets,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    public static bool TryRead(ReadOnlyMemory<byte> octets, out ReginfoDocument document, out string? error)
    {
        document = new ReginfoDocument { Registrations = [] };
        if (octets.IsEmpty || octets.Length > ReginfoDocument.MaxOctets)
        {
            error = octets.IsEmpty ? "The document is empty." : $"The document is over {ReginfoDocument.MaxOctets} octets.";
            return false;
        }

        error = Read(octets, out var builder);
        if (error is not null && octets.Span.Contains((byte)'&'))
        {
            var repaired = Read(WithAmpersandsEscaped(octets.Span), out var second);
            if (second.Registrations.Count >= builder.Registrations.Count)
            {
                builder = second;
                error = repaired;
            }
        }

        if (!builder.HasRoot || (error is not null && builder.Registrations.Count == 0))
        {
            error ??= "The root is not reginfo.";
            return false;
        }

        document = new ReginfoDocument
        {
            Version = builder.Version, IsFull = builder.IsFull, IsWhole = error is null, Registrations = builder.Registrations,
        };
        error = null;
        return true;
    }

    // What was complete before the fault stays in the builder.
    private static string? Read(ReadOnlyMemory<byte> octets, out Builder builder)
    {
        builder = new Builder();
        try
        {
            using var xml = XmlReader.Create(new MemoryStream(octets.ToArray()), Settings);
            while (xml.Read())
            {
                if (xml.NodeType == XmlNodeType.Element) builder.Begin(xml);
                else if (xml.NodeType == XmlNodeType.EndElement) builder.End(NameOf(xml));
                else if (xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA) builder.Text.Append(xml.Value);
            }

            return null;
        }
        catch (XmlException e)
        {
            builder.EndAll();
            return e.Message;
        }
    }

    // Elements of other namespaces extend the document (RFC 3680 §5.3) and are passed over by having no name here.
    private static string NameOf(XmlReader xml) => xml.NamespaceURI is ReginfoNamespace or "" ? xml.LocalName : "";

    private static byte[] WithAmpersandsEscaped(ReadOnlySpan<byte> octets)
    {
        var output = new ArrayBufferWriter<byte>(octets.Length + 64);
        for (var at = octets.IndexOf((byte)'&'); at >= 0; at = octets.IndexOf((byte)'&'))
        {
            output.Write(octets[..at]);
            var rest = octets[at..];
            output.Write(Reference().IsMatch(HeaderReader.Text(rest[..Math.Min(rest.Length, 10)])) ? "&"u8 : "&amp;"u8);
            octets = rest[1..];
        }

        output.Write(octets);
        return output.WrittenSpan.ToArray();
    }

    [GeneratedRegex("^&(amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")]
    private static partial Regex Reference();

    private sealed class Builder
    {
        public readonly System.Text.StringBuilder Text = new();
        public readonly List<ReginfoRegistration> Registrations = [];

        private ReginfoRegistration? _registration;
        private List<ReginfoContact> _contacts = [];
        private ReginfoContact? _contact;
        private string? _parameter;

        public bool HasRoot { get; private set; }

        public uint Version { get; private set; }

        public bool IsFull { get; private set; }

        public void Begin(XmlReader xml)
        {
            Text.Clear();
            var name = NameOf(xml);
            switch (name)
            {
                case "reginfo":
                    HasRoot = true;
                    Version = Number(xml, "version") ?? 0;
                    IsFull = !"partial".Equals(xml.GetAttribute("state"), StringComparison.OrdinalIgnoreCase);
                    break;
                case "registration" when HasRoot && xml.GetAttribute("aor") is { } aor:
                    BeginRegistration(xml, aor.Trim());
                    break;
                case "contact" when _registration is not null:
                    BeginContact(xml);
                    break;
                case "unknown-param":
                    _parameter = xml.GetAttribute("name");
                    break;
                case "" when xml is { NamespaceURI: GruuNamespace, LocalName: "pub-gruu" } && _contact is not null:
                    if (SipUri.TryParse(xml.GetAttribute("uri"), out var gruu)) _contact = _contact with { PublicGruu = gruu };
                    break;
            }

            // An empty element has no end of its own.
            if (xml.IsEmptyElement) End(name);
        }

        public void End(string name)
        {
            switch (name)
            {
                case "uri" when _contact is not null:
                    _contact = _contact with { Uri = Uri(Text.ToString().Trim()) };
                    break;
                case "display-name" when _contact is not null:
                    _contact = _contact with { DisplayName = Text.ToString().Trim() };
                    break;
                case "unknown-param" when _contact is { Parameters.Count: < MaxParameters } && _parameter is not null:
                    _contact = _contact with { Parameters = With(_contact.Parameters, _parameter.Trim(), Text.ToString().Trim()) };
                    break;
                case "contact" when _contact is not null:
                    _contacts.Add(_contact);
                    _contact = null;
                    break;
                case "registration" when _registration is not null:
                    Registrations.Add(_registration with { Contacts = _contacts });
                    _registration = null;
                    break;
            }

            Text.Clear();
        }

        /// <summary>The document broke off: a contact of which the URI is known counts, and so does the registration it is in.</summary>
        public void EndAll()
        {
            if (_contact is { Uri.Scheme: not "invalid" }) End("contact");
            if (_contacts.Count > 0) End("registration");
        }

        private void BeginRegistration(XmlReader xml, string aor)
        {
            // An active registration without a word about its state would be taken away by calling it anything else.
            var state = Word<RegistrationState>(xml.GetAttribute("state")) ?? RegistrationState.Active;
            _contacts = [];
            _contact = null;
            _registration = new ReginfoRegistration(xml.GetAttribute("id") ?? aor, Uri(aor), state, _contacts);
        }

        private void BeginContact(XmlReader xml)
        {
            var state = Word<RegistrationState>(xml.GetAttribute("state")) ?? RegistrationState.Active;
            _contact = new ReginfoContact(xml.GetAttribute("id") ?? "", SipUri.Invalid, state)
            {
                Event = Word<ContactEvent>(xml.GetAttribute("event")) ?? ContactEvent.Unknown,
                Expires = Number(xml, "expires"),
                RetryAfter = Number(xml, "retry-after"),
                CSeq = Number(xml, "cseq"),
                CallId = xml.GetAttribute("callid"),
                Q = Contact.QualityOf(xml.GetAttribute("q")),
            };
        }

        private static uint? Number(XmlReader xml, string attribute) => DeltaSeconds.Of(xml.GetAttribute(attribute)?.Trim());

        private static SipUri Uri(string text) =>
            SipUri.TryParse(text, out var uri) ? uri : SipUri.Unreadable(System.Text.Encoding.UTF8.GetBytes(text));

        // Names only: TryParse takes the numbers behind them too.
        private static T? Word<T>(string? text)
            where T : struct, Enum =>
            text is [var first, ..] && char.IsAsciiLetter(first) && Enum.TryParse<T>(text, ignoreCase: true, out var word) ? word : null;

        // The value as the Contact header had it, quotes and all, or already without them.
        private static SipParameters With(SipParameters parameters, string name, string value)
        {
            var quoted = value.Length >= 2 && value[0] == '"' && value[^1] == '"';
            return parameters.With(name, value.Length == 0 ? null : quoted ? value[1..^1] : value, quoted);
        }
    }
}
