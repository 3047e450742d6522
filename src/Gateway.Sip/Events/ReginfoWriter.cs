using System.Globalization;
using System.Text;
using System.Xml;

namespace Gateway.Sip;

/// <summary>Writes reginfo+xml (RFC 3680 §5), with the GRUUs of RFC 5628. What <see cref="ReginfoReader"/> reads of it is what was written.</summary>
internal static class ReginfoWriter
{
    private static readonly XmlWriterSettings Settings = new()
    {
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        NewLineHandling = NewLineHandling.Entitize,
    };

    public static byte[] ToArray(ReginfoDocument document)
    {
        var octets = new MemoryStream(1_024);
        using (var xml = XmlWriter.Create(octets, Settings))
        {
            xml.WriteStartElement("reginfo", ReginfoReader.ReginfoNamespace);
            Attribute(xml, "version", document.Version);
            Attribute(xml, "state", document.IsFull ? "full" : "partial");
            foreach (var registration in document.Registrations) Write(xml, registration);
            xml.WriteEndElement();
        }

        return octets.ToArray();
    }

    private static void Write(XmlWriter xml, ReginfoRegistration registration)
    {
        xml.WriteStartElement("registration", ReginfoReader.ReginfoNamespace);
        Attribute(xml, "aor", registration.AddressOfRecord);
        Attribute(xml, "id", registration.Id);
        Attribute(xml, "state", Word(registration.State));
        foreach (var contact in registration.Contacts) Write(xml, contact);
        xml.WriteEndElement();
    }

    private static void Write(XmlWriter xml, ReginfoContact contact)
    {
        xml.WriteStartElement("contact", ReginfoReader.ReginfoNamespace);
        Attribute(xml, "id", contact.Id);
        Attribute(xml, "state", Word(contact.State));
        Attribute(xml, "event", contact.Event == ContactEvent.Unknown ? null : Word(contact.Event));
        Attribute(xml, "expires", contact.Expires);
        Attribute(xml, "retry-after", contact.RetryAfter);
        Attribute(xml, "q", contact.Q?.ToString("0.###", CultureInfo.InvariantCulture));
        Attribute(xml, "callid", contact.CallId);
        Attribute(xml, "cseq", contact.CSeq);
        Element(xml, "uri", contact.Uri.ToString());
        if (contact.DisplayName is { } name) Element(xml, "display-name", name);
        foreach (var (parameter, value, quoted) in contact.Parameters)
        {
            xml.WriteStartElement("unknown-param", ReginfoReader.ReginfoNamespace);
            Attribute(xml, "name", parameter);
            if (value is not null) xml.WriteString(Printable(quoted ? $"\"{value}\"" : value));
            xml.WriteEndElement();
        }

        if (contact.PublicGruu is { } gruu)
        {
            xml.WriteStartElement("gr", "pub-gruu", ReginfoReader.GruuNamespace);
            Attribute(xml, "uri", gruu);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void Element(XmlWriter xml, string name, string text)
    {
        xml.WriteStartElement(name, ReginfoReader.ReginfoNamespace);
        xml.WriteString(Printable(text));
        xml.WriteEndElement();
    }

    private static void Attribute(XmlWriter xml, string name, object? value)
    {
        if (value is not null) xml.WriteAttributeString(name, Printable(Convert.ToString(value, CultureInfo.InvariantCulture)!));
    }

    private static string Word<T>(T word)
        where T : struct, Enum => word.ToString().ToLowerInvariant();

    // A display name may hold what no XML can, and a document that cannot be read would be worse than a ?.
    private static string Printable(string text)
    {
        try
        {
            return XmlConvert.VerifyXmlChars(text);
        }
        catch (XmlException)
        {
            return string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) ? c : '?'));
        }
    }
}
