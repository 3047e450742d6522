using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;
using Gateway.Acceptance;
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

    /// <summary>Octets; a reply for hundreds of segments leaves its room.</summary>
    private const int MostKept = 16 * 1024;

    [ThreadStatic] private static Page? _page;

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

    /// <param name="accepted">What became of it.</param>
    /// <param name="submission">What was asked for.</param>
    /// <param name="remaining">What the account has left.</param>
    public static SmsReply Taken(in AcceptanceResult accepted, Submission submission, long remaining) => new()
    {
        To = submission.Destination, FirstId = accepted.Id, Segments = accepted.SegmentCount, Price = submission.Charge.Price, Remaining = remaining,
        ClientReference = submission.ClientReference, AccountReference = submission.AccountReference,
    };

    public static SmsReply Refused(NexmoFault fault, SmsRequest? request = null) => new()
    {
        Fault = fault, To = request?.To, Segments = 1, ClientReference = request?.ClientReference, AccountReference = request?.AccountReference,
    };

    public static SmsReply Refused(NexmoFault fault, Submission submission) => new()
    {
        Fault = fault, To = submission.Destination, Segments = 1,
        ClientReference = submission.ClientReference, AccountReference = submission.AccountReference,
    };

    /// <summary>Makes it the body of the response, which is sent when the request's handler returns.</summary>
    public void WriteJson(HttpResponse response)
    {
        var page = _page ??= new Page();
        var json = page.Begin();
        json.WriteStartObject();
        json.WriteString("message-count", Count);
        json.WriteStartArray("messages");
        for (var segment = 0; segment < Segments; segment++)
        {
            json.WriteStartObject();
            WriteFields(segment, json, null);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        WriteBody(response, "application/json", page.Octets.WrittenSpan);
        if (page.Octets.Capacity > MostKept) _page = null;
    }

    /// <summary>As <see cref="WriteJson"/>.</summary>
    public void WriteXml(HttpResponse response)
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
                WriteFields(segment, null, xml);
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        WriteBody(response, "text/xml; charset=UTF-8", Encoding.UTF8.GetBytes(text.ToString()));
    }

    private string Count => Segments.ToString(CultureInfo.InvariantCulture);

    private static void WriteBody(HttpResponse response, string contentType, ReadOnlySpan<byte> octets)
    {
        response.ContentType = contentType;
        response.ContentLength = octets.Length;
        response.BodyWriter.Write(octets);
    }

    private void WriteFields(int segment, Utf8JsonWriter? json, XmlWriter? xml)
    {
        var accepted = Fault.Status == NexmoStatus.Success;
        if (To is not null)
            Write("to", "to", To);
        if (accepted)
            Write("message-id", "messageId", MessageId.Format(FirstId + segment, stackalloc char[MessageId.Digits]));
        Write("status", "status", ((byte)Fault.Status).ToString(CultureInfo.InvariantCulture));
        if (accepted || Fault.Status == NexmoStatus.QuotaExceeded)
        {
            Write("remaining-balance", "remainingBalance", Tariff.Text(Remaining + Price * (Segments - 1 - segment)));
            Write("message-price", "messagePrice", Tariff.Text(Price));
            Write("network", "network", Tariff.UnknownNetwork);
        }
        if (!accepted)
            Write("error-text", "errorText", Fault.Text);
        if (ClientReference is not null)
            Write("client-ref", "clientRef", ClientReference);
        if (AccountReference is not null)
            Write("account-ref", "accountRef", AccountReference);

        void Write(string jsonName, string xmlName, ReadOnlySpan<char> value)
        {
            json?.WriteString(jsonName, value);
            xml?.WriteElementString(xmlName, XmlText(value.ToString()));
        }
    }

    // XML 1.0 §2.2 has no way to write most control characters, escaped or not.
    private static string XmlText(string value) =>
        value.All(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c)) ? value
            : string.Concat(value.Select(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : '\uFFFD'));

    /// <summary>A writer with room for a reply; each thread has its own, since a reply is written from beginning to end without a wait.</summary>
    private sealed class Page
    {
        private readonly Utf8JsonWriter _json;

        public Page() => _json = new Utf8JsonWriter(Octets, Json);

        public ArrayBufferWriter<byte> Octets { get; } = new(512);

        public Utf8JsonWriter Begin()
        {
            Octets.ResetWrittenCount();
            _json.Reset(Octets);
            return _json;
        }
    }
}
