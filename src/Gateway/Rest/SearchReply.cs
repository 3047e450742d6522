using System.Globalization;
using System.Text.Json.Serialization;
using Gateway.Billing;
using Gateway.Sms;
using Gateway.Store;
using Gateway.Webhooks;

namespace Gateway.Rest;

/// <summary>A segment as Nexmo's search shows it: one that the account sent (MT), or one that came to a number of its applications (MO).</summary>
public sealed record SearchedMessage
{
    /// <summary>Id of the segment.</summary>
    [JsonPropertyName("message-id")] public required string MessageId { get; init; }
    /// <summary>The account.</summary>
    [JsonPropertyName("account-id")] public required string AccountId { get; init; }
    /// <summary>Mobile country and network code; 00000 when unknown.</summary>
    [JsonPropertyName("network")] public required string Network { get; init; }
    [JsonPropertyName("from")] public required string From { get; init; }
    [JsonPropertyName("to")] public required string To { get; init; }
    /// <summary>The whole text of the message; of a binary message its octets, hexadecimal.</summary>
    [JsonPropertyName("body")] public required string Body { get; init; }
    /// <summary>MT: Euro with eight decimals.</summary>
    [JsonPropertyName("price")] public string? Price { get; init; }
    /// <summary>UTC, yyyy-MM-dd HH:mm:ss.</summary>
    [JsonPropertyName("date-received")] public required string DateReceived { get; init; }
    /// <summary>MT: ACCEPTD while it is under way, then as final-status.</summary>
    [JsonPropertyName("status")] public string? Status { get; init; }
    /// <summary>MT, once concluded: DELIVRD, EXPIRED, UNDELIV or REJECTD.</summary>
    [JsonPropertyName("final-status")] public string? FinalStatus { get; init; }
    /// <summary>MT, once concluded: UTC, yyyy-MM-dd HH:mm:ss.</summary>
    [JsonPropertyName("date-closed")] public string? DateClosed { get; init; }
    /// <summary>MT, once concluded: milliseconds from received to closed.</summary>
    [JsonPropertyName("latency")] public long? Latency { get; init; }
    /// <summary>MT or MO.</summary>
    [JsonPropertyName("type")] public required string Type { get; init; }
    /// <summary>MT: err-code of the conclusion or of the last attempt; 0 is fine.</summary>
    [JsonPropertyName("error-code")] public string? ErrorCode { get; init; }
    /// <summary>MT: what the error-code means.</summary>
    [JsonPropertyName("error-code-label")] public string? ErrorCodeLabel { get; init; }
    /// <summary>MT: as the request had it.</summary>
    [JsonPropertyName("client-ref")] public string? ClientRef { get; init; }

    internal static SearchedMessage Sent(ShortMessageRow row, long segmentId, string account)
    {
        var state = segmentId - row.Id < row.SegmentsDone ? MessageState.Delivered : row.State;
        var closed = state >= MessageState.Delivered ? row.ConcludedAt : null;
        var errorCode = state == MessageState.Delivered ? (byte)0 : row.ErrorCode;
        return Of(row, segmentId, account, "MT") with
        {
            Price = Tariff.Text(row.Price),
            Status = StatusOf(state) ?? "ACCEPTD",
            FinalStatus = StatusOf(state),
            DateClosed = closed is { } at ? Time(at) : null,
            Latency = closed - row.AcceptedAt,
            ErrorCode = errorCode.ToString(CultureInfo.InvariantCulture),
            ErrorCodeLabel = DeliveryReceipt.LabelOf(errorCode),
            ClientRef = row.ClientReference,
        };
    }

    internal static SearchedMessage Came(ShortMessageRow row, long segmentId, string account) => Of(row, segmentId, account, "MO");

    private static SearchedMessage Of(ShortMessageRow row, long segmentId, string account, string type) => new()
    {
        MessageId = Store.MessageId.Format(segmentId),
        AccountId = account,
        Network = Tariff.UnknownNetwork,
        From = row.Originator,
        To = row.Recipient,
        Body = BodyOf(row),
        DateReceived = Time(row.AcceptedAt),
        Type = type,
    };

    private static string? StatusOf(MessageState state) => state switch
    {
        MessageState.Delivered => "DELIVRD",
        MessageState.Expired   => "EXPIRED",
        MessageState.Failed    => "UNDELIV",
        MessageState.Rejected  => "REJECTD",
        _                      => null,
    };

    private static string BodyOf(ShortMessageRow row)
    {
        if (row.Content == ContentKind.Text)
            return row.Text ?? "";
        var (octets, coding) = (row.UserData ?? [], new TpDataCodingScheme(row.DataCodingScheme));
        return coding.IsText && TpUserData.TryFromOctets(octets, row.UserDataLength, row.HasUserDataHeader, coding, out var userData, out _)
            ? userData.Text
            : Convert.ToHexString(octets);
    }

    internal static string Time(long unixMilliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}

/// <summary>What was found.</summary>
public sealed record SearchedMessages([property: JsonPropertyName("count")] int Count, [property: JsonPropertyName("items")] IReadOnlyList<SearchedMessage> Items);

/// <summary>A message that was refused.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="From">Sender as given.</param>
/// <param name="To">Recipient as given.</param>
/// <param name="DateReceived">UTC, yyyy-MM-dd HH:mm:ss.</param>
/// <param name="ErrorCode">The status of the reply.</param>
/// <param name="ErrorCodeLabel">Its error-text.</param>
public sealed record RejectedMessage(
    [property: JsonPropertyName("account-id")] string AccountId,
    [property: JsonPropertyName("from")] string From,
    [property: JsonPropertyName("to")] string To,
    [property: JsonPropertyName("date-received")] string DateReceived,
    [property: JsonPropertyName("error-code")] string ErrorCode,
    [property: JsonPropertyName("error-code-label")] string ErrorCodeLabel)
{
    internal static RejectedMessage Of(RejectionRow row) => new(row.Account, row.Originator, row.Recipient, SearchedMessage.Time(row.ReceivedAt),
        row.Status.ToString(CultureInfo.InvariantCulture), row.Reason);
}

/// <summary>What was refused.</summary>
public sealed record RejectedMessages([property: JsonPropertyName("count")] int Count, [property: JsonPropertyName("items")] IReadOnlyList<RejectedMessage> Items);

/// <summary>Nexmo's older form of an answer that has nothing but its outcome.</summary>
/// <param name="Code">The status of HTTP.</param>
/// <param name="Label">success, or what is wrong.</param>
public sealed record ErrorCodeReply([property: JsonPropertyName("error-code")] string Code, [property: JsonPropertyName("error-code-label")] string Label);

/// <summary>Nexmo's refusal of a search.</summary>
public sealed record BadSearch([property: JsonPropertyName("invalid_parameters")] IReadOnlyDictionary<string, string> InvalidParameters)
{
    [JsonPropertyName("type")] public string Type => "BAD_REQUEST";
    [JsonPropertyName("error_title")] public string ErrorTitle => "Bad Request";
}
