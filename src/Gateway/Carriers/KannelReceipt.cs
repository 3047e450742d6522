using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Delivery;
using Gateway.Rest;
using Gateway.Store;

namespace Gateway.Carriers;

/// <summary>What Kannel calls the dlr-url with (Kannel user guide, "Delivery Reports"): one call for each thing that happens to a message.</summary>
internal static partial class KannelReceipt
{
    private const int MaxWords = 200;

    /// <summary>The dlr-url: Kannel fills in <c>%d</c> what has happened, <c>%A</c> the service centre's words, <c>%F</c> its id, <c>%i</c> which it was.</summary>
    public static string Url(string receiptUrl, long id) =>
        $"{receiptUrl.Replace("%", "%%", StringComparison.Ordinal)}?client-ref={MessageId.Format(id)}&status=%d&text=%A&foreign-id=%F&smsc=%i";

    /// <param name="fields">Read as octets.</param>
    /// <param name="detail">The service centre's words and its id.</param>
    /// <returns>Nexmo's status and err-code; null when there is no status.</returns>
    public static (string Status, byte ErrorCode)? Read(RequestFields fields, out string? detail)
    {
        var text = Utf8(fields["text"]);
        detail = string.Join("; ", new[] { text, fields["foreign-id"] is { } id ? $"id {Utf8(id)}" : "", fields["smsc"] is { } smsc ? $"by {Utf8(smsc)}" : "" }
            .Where(words => words.Length > 0));
        detail = detail.Length == 0 ? null : detail[..Math.Min(detail.Length, MaxWords)];
        return int.TryParse(fields["status"], NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status switch
        {
            1 => ("delivered", 0),
            2 => Undelivered(text),
            8 => ("accepted", 0),
            16 => ("rejected", Verdict.GeneralError),
            _ => ("buffered", 0), // 4: queued there; whatever else it is, it is not the end
        } : null;
    }

    /// <summary>Of SMPP's receipt text (SMPP 3.4 appendix B): <c>… stat:EXPIRED err:000 …</c>.</summary>
    private static (string Status, byte ErrorCode) Undelivered(string text) => SmppStatus.Of(State().Match(text).Groups[1].Value) switch
    {
        "expired" => ("expired", Verdict.Unknown),
        "rejected" => ("rejected", Verdict.GeneralError),
        _ => ("failed", Verdict.Unknown),
    };

    private static string Utf8(string? octets) => octets is null ? "" : Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(octets));

    [GeneratedRegex(@"\bstat:\s*([A-Za-z]+)", RegexOptions.NonBacktracking)]
    private static partial Regex State();
}

/// <summary>SMPP's words for what became of a message (SMPP 3.4 table B-2).</summary>
internal static class SmppStatus
{
    /// <summary>Nexmo's word, or null when it is none of SMPP's.</summary>
    public static string? Of(string word) => word.ToUpperInvariant() switch
    {
        "DELIVRD" => "delivered",
        "EXPIRED" => "expired",
        "DELETED" or "UNDELIV" => "failed",
        "REJECTD" => "rejected",
        "ACCEPTD" => "accepted",
        "ENROUTE" => "buffered",
        "UNKNOWN" => "unknown",
        _ => null,
    };
}
