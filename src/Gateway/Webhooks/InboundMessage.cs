using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Webhooks;

/// <summary>Nexmo's inbound message: one webhook for each segment of what was sent to a number of an application.</summary>
public static class InboundMessage
{
    /// <summary>None if the account names no URL for inbound messages, or the message is nothing that an application could read.</summary>
    /// <param name="message">The message, whose <see cref="ShortMessageRow.Recipient"/> is the account's number.</param>
    /// <param name="account">The owner of the number.</param>
    /// <param name="now">Unix milliseconds; the first try is due at once.</param>
    public static IReadOnlyList<WebhookRow> For(ShortMessageRow message, AccountSettings account, long now)
    {
        if (account.InboundUrlOf(message.Recipient) is not { } url || message.Content is ContentKind.StatusReport or ContentKind.Imdn)
            return [];
        if (account.WebhookFormat == MessageWebhook.Format)
            return [MessageWebhook.Inbound(message, account, url, now)];
        var parts = message.Content == ContentKind.Text ? OfText(message) : [OfUserData(message)];
        var rows = new List<WebhookRow>(parts.Count);
        for (var segment = 0; segment < parts.Count; segment++)
        {
            var fields = new WebhookFields
            {
                { "msisdn", message.Originator },
                { "to", message.Recipient },
                { "messageId", MessageId.Format(message.Id + segment) },
            };
            fields.AddRange(parts[segment]);
            fields.Add("api-key", account.ApiKey);
            rows.Add(new WebhookRow
            {
                Kind = WebhookKind.Inbound, Account = account.ApiKey, MessageId = message.Id, Url = url,
                Fields = fields.ToJson(), CreatedAt = now, DueAt = now,
            });
        }
        return rows;
    }

    /// <summary>A text is cut as it would be on the air, since receivers of this webhook expect parts and join them themselves.</summary>
    private static List<WebhookFields> OfText(ShortMessageRow message)
    {
        var text = message.Text ?? "";
        var alphabet = new TpDataCodingScheme(message.DataCodingScheme).Alphabet;
        var options = new SegmentationOptions { ForceUcs2 = alphabet == TpAlphabet.Ucs2, Unencodable = UnencodableText.Replace };
        // The message has as many ids as it was counted to have segments: more parts than that would take the next message's.
        if (message.SegmentCount == 1 || !Segmenter.TrySegment(text, options, out var cut) || cut.Segments.Count > message.SegmentCount)
            return [Text(text, alphabet)];
        return [.. cut.Segments.Select(segment => Text(segment.Text, alphabet,
            new Concatenation(message.ConcatenationReference, 16, segment.Total, segment.Sequence)))];
    }

    private static WebhookFields OfUserData(ShortMessageRow message)
    {
        var octets = message.UserData ?? [];
        var coding = new TpDataCodingScheme(message.DataCodingScheme);
        if (!TpUserData.TryFromOctets(octets, message.UserDataLength, message.HasUserDataHeader, coding, out var userData, out _))
            return Binary(octets, []);
        if (coding.IsText)
            return Text(userData.Text, coding.Alphabet, userData.Header.Concatenation);
        return Binary(userData.Data.Span, octets.AsSpan(0, octets.Length - userData.Data.Length));
    }

    /// <summary>The first word, in upper case.</summary>
    internal static string? KeywordOf(string text) =>
        text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()?.ToUpperInvariant();

    private static WebhookFields Text(string text, TpAlphabet alphabet, Concatenation? concatenation = null)
    {
        var fields = new WebhookFields
        {
            { "text", text },
            { "type", alphabet == TpAlphabet.Ucs2 ? "unicode" : "text" },
            { "keyword", KeywordOf(text) },
        };
        if (concatenation is { Total: > 1 } part)
        {
            fields.Add("concat", "true");
            fields.Add("concat-ref", part.Reference);
            fields.Add("concat-total", part.Total);
            fields.Add("concat-part", part.Sequence);
        }
        return fields;
    }

    private static WebhookFields Binary(ReadOnlySpan<byte> data, ReadOnlySpan<byte> header) => new()
    {
        { "type", "binary" },
        { "data", Convert.ToHexString(data) },
        { "udh", Convert.ToHexString(header) },
    };
}
