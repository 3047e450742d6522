namespace Gateway.Store;

/// <summary>The outcome of one try of a webhook; like <see cref="MessageProgress"/> it applies only while the stored state is not final.</summary>
public sealed class WebhookProgress
{
    public required long Id { get; init; }
    public required WebhookState State { get; init; }
    public int Attempts { get; init; }
    /// <summary>Unix milliseconds of the next try; null once delivered or dead.</summary>
    public long? DueAt { get; init; }
    public string? LastResult { get; init; }

    /// <summary>After the write: the webhook was there, and not final before.</summary>
    public bool Applied { get; internal set; }
}
