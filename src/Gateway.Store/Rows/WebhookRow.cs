namespace Gateway.Store;

/// <summary>What a webhook tells. The numbers are stored.</summary>
public enum WebhookKind : byte { DeliveryReceipt = 0, Inbound = 1, MessageStatus = 2, MessageInbound = 3 }

/// <summary>The numbers are stored.</summary>
public enum WebhookState : byte { Pending = 0, Delivered = 10, Dead = 11 }

/// <summary>
/// One webhook that must reach a customer: written in the same transaction as the event it tells of, tried until it is taken or its time is over.
/// </summary>
public sealed class WebhookRow
{
    public long Id { get; set; }
    public WebhookKind Kind { get; set; }
    /// <summary>The node that sends it; the writer sets it to its own.</summary>
    public short Node { get; set; }
    public string Account { get; set; } = "";
    /// <summary>First message-id it is about; webhooks of one message go out in the order of their ids.</summary>
    public long MessageId { get; set; }
    public string Url { get; set; } = "";
    /// <summary>Of the Messages API the body as it is; else the fields as a JSON object of strings, in the order they are sent; format, timestamp and signature are added at each try.</summary>
    public string Fields { get; set; } = "{}";
    public WebhookState State { get; set; }
    public int Attempts { get; set; }
    /// <summary>When it was made, or a dead one was wanted again: its lifetime counts from here.</summary>
    public long CreatedAt { get; set; }
    /// <summary>Unix milliseconds of the next try; null once it is delivered or dead.</summary>
    public long? DueAt { get; set; }
    /// <summary>What the last try met: HTTP status or transport error.</summary>
    public string? LastResult { get; set; }
}
