using System.Globalization;
using System.Text.Json;

namespace Gateway.Carriers;

/// <summary>The reply of another SMS API to <c>/sms/json</c>: a status for each part, and an id for each that was taken. Whatever comes is survived.</summary>
internal static class NexmoReply
{
    /// <summary>Trouble of our account there (credentials, credit, barred, signature) is for people to mend, and not the message's fault.</summary>
    private static readonly TimeSpan AccountTrouble = TimeSpan.FromMinutes(5);
    private const int MaxTextCharacters = 200;

    public static CarrierOutcome Read(int httpStatus, ReadOnlySpan<byte> body)
    {
        if (!TryReadParts(body, out var parts))
            return new CarrierOutcome.Temporary(httpStatus, "its reply is not understood", RetryAfter: null, MayHaveBeenTaken: true);
        var refused = parts.FindIndex(part => part.Status != 0);
        if (refused < 0)
            return new CarrierOutcome.Accepted(httpStatus, [.. parts.Select(part => part.Id).Where(id => id.Length > 0)]);
        var (status, _, text) = parts[refused];
        // Some parts are on their way and some never will be: to send all again would double the former.
        if (parts.Exists(part => part.Status == 0))
            return Rejected(httpStatus, status, $"part {refused + 1} of {parts.Count} refused: {text}") with { PartlyTaken = true };
        return status switch
        {
            1 or 5 or 10 => new CarrierOutcome.Temporary(httpStatus, $"status {status}: {text}", Wait(text)),
            4 or 8 or 9 or 11 or 14 or 32 or 33 => new CarrierOutcome.Temporary(httpStatus, $"status {status}: {text}", AccountTrouble),
            _ => Rejected(httpStatus, status, text),
        };
    }

    /// <summary>Not taken, and a moment later it may be: throttled or an internal fault.</summary>
    public static bool SaysTryAgain(ReadOnlySpan<byte> body) =>
        TryReadParts(body, out var parts) && parts.TrueForAll(part => part.Status is 1 or 5);

    private static CarrierOutcome.Rejected Rejected(int httpStatus, int status, string text) => new(httpStatus, status, text, status switch
    {
        6 => 11,            // unroutable
        7 => 14,            // number barred: blocked
        3 or 12 or 15 => 10, // a message that is malformed in its eyes
        29 => 12,           // destination not open to our account: unreachable
        _ => 99,
    });

    private static bool TryReadParts(ReadOnlySpan<byte> body, out List<(int Status, string Id, string Text)> parts)
    {
        parts = [];
        var reader = new Utf8JsonReader(body);
        try
        {
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("messages", out var messages)
                || messages.ValueKind != JsonValueKind.Array)
                return false;
            foreach (var message in messages.EnumerateArray())
            {
                if (!int.TryParse(Text(message, "status"), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
                    return false;
                parts.Add((status, Text(message, "message-id"), Text(message, "error-text")));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
        return parts.Count > 0;
    }

    private static string Text(JsonElement message, string name)
    {
        if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty(name, out var value))
            return "";
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetRawText(),
            _                    => "",
        };
        return text.Length > MaxTextCharacters ? text[..MaxTextCharacters] : text;
    }

    /// <summary><c>… please wait [ 250 ] and retry</c>, in milliseconds.</summary>
    private static TimeSpan? Wait(string text)
    {
        var (open, close) = (text.IndexOf('[', StringComparison.Ordinal), text.IndexOf(']', StringComparison.Ordinal));
        return open >= 0 && close > open && int.TryParse(text.AsSpan(open + 1, close - open - 1), CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds is >= 0 and <= 60_000 ? TimeSpan.FromMilliseconds(milliseconds) : null;
    }
}
