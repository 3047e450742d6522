using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;
using Gateway.Billing;
using Gateway.Store;

namespace Gateway.Rest;

/// <summary>
/// The answer to one request of the SMS API: a message object for each segment, or one with the fault. Every value is a string, and HTTP's own
/// status is 200 either way.
/// </summary>
internal readonly record struct SmsReply
{
    private static readonly JsonWriterOptions Json = new() { Indented = true, IndentSize = 4 };
    private static readonly XmlWriterSettings Xml = new() { OmitXmlDeclaration = true, Indent = true, Encoding = new UTF8Encoding(false), CheckCharacters = false };

    public NexmoFault Fault { get; init; }
    public string? To { get; init; }
    public long FirstId { get; init; }
    public int Segments { get; init; }
    /// <summary>Of a segment, in hundred-millionths of the currency.</summary>
    public long Price { get; init; }
    /// <summary>What is left after all segments are paid.</summary>
    public long Remaining { get; init; }
    public string? ClientReference { get; init; }
    public string? AccountReference { get; init; }

    public static SmsReply Refused(NexmoFault fault, SmsRequest? request = null) => new()
    {
        Fault = fault, To = request?.To, Segments = 1, ClientReference = request?.ClientReference, AccountReference = request?.AccountReference,
    };

    public void WriteJson(IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Json);
        json.WriteStartObject();
        json.WriteString("message-count", Count);
        json.WriteStartArray("messages");
        for (var segment = 0; segment < Segments; segment++)
        {
            json.WriteStartObject();
            foreach (var (name, _, value) in Fields(segment))
                json.WriteString(name, value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public void WriteXml(IBufferWriter<byte> output)
    {
        var text = new StringBuilder("<?xml version='1.0' encoding='UTF-8' ?>\n");
        using (var xml = XmlWriter.Create(text, Xml))
        {
            xml.WriteStartElement("mt-submission-response");
            xml.WriteStartElement("messages");
            xml.WriteAttributeString("count", Count);
            for (var segment = 0; segment < Segments; segment++)
            {
                xml.WriteStartElement("message");
                foreach (var (_, name, value) in Fields(segment))
                    xml.WriteElementString(name, XmlText(value));
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        Encoding.UTF8.GetBytes(text.ToString(), output);
    }

    private string Count => Segments.ToString(CultureInfo.InvariantCulture);

    private IEnumerable<(string Json, string Xml, string Value)> Fields(int segment)
    {
        var accepted = Fault.Status == NexmoStatus.Success;
        if (To is not null)
            yield return ("to", "to", To);
        if (accepted)
            yield return ("message-id", "messageId", MessageId.Format(FirstId + segment));
        yield return ("status", "status", ((byte)Fault.Status).ToString(CultureInfo.InvariantCulture));
        if (accepted || Fault.Status == NexmoStatus.QuotaExceeded)
        {
            yield return ("remaining-balance", "remainingBalance", Tariff.Text(Remaining + Price * (Segments - 1 - segment)));
            yield return ("message-price", "messagePrice", Tariff.Text(Price));
            yield return ("network", "network", Tariff.UnknownNetwork);
        }
        if (!accepted)
            yield return ("error-text", "errorText", Fault.Text);
        if (ClientReference is not null)
            yield return ("client-ref", "clientRef", ClientReference);
        if (AccountReference is not null)
            yield return ("account-ref", "accountRef", AccountReference);
    }

    // XML 1.0 §2.2 has no way to write most control characters, escaped or not.
    private static string XmlText(string value) =>
        value.All(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c)) ? value
            : string.Concat(value.Select(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : '\uFFFD'));
}
