using Gateway.Store;

namespace Gateway.Webhooks;

/// <summary>When a webhook that was not taken is tried again: after 5 seconds, doubling up to 15 minutes, for 24 hours.</summary>
internal static class WebhookSchedule
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>After a try: the next one, or the end. Up to a fifth of jitter keeps the webhooks of one outage from coming back together.</summary>
    public static WebhookProgress AfterTry(WebhookRow webhook, string result, long now, Random random)
    {
        var attempts = webhook.Attempts + 1;
        var doublings = Math.Min(attempts - 1, 20);
        var delay = Math.Min(First.TotalMilliseconds * (1L << doublings), Longest.TotalMilliseconds) * (1 + 0.2 * random.NextDouble());
        return now + delay > Deadline(webhook) ? Dead(webhook, attempts, result) : Pending(webhook, attempts, now + (long)delay, result);
    }

    /// <summary>Put off without a try, because its endpoint cannot take it now. The last try is at the end of its lifetime.</summary>
    public static WebhookProgress PutOff(WebhookRow webhook, long until, long now) =>
        now >= Deadline(webhook)
            ? Dead(webhook, webhook.Attempts, webhook.LastResult ?? "its endpoint did not answer within 24 hours")
            : Pending(webhook, webhook.Attempts, Math.Min(until, Deadline(webhook)), webhook.LastResult);

    public static WebhookProgress Taken(WebhookRow webhook, string result) =>
        new() { Id = webhook.Id, State = WebhookState.Delivered, Attempts = webhook.Attempts + 1, LastResult = result };

    public static WebhookProgress Dead(WebhookRow webhook, int attempts, string result) =>
        new() { Id = webhook.Id, State = WebhookState.Dead, Attempts = attempts, LastResult = result };

    private static WebhookProgress Pending(WebhookRow webhook, int attempts, long dueAt, string? result) =>
        new() { Id = webhook.Id, State = WebhookState.Pending, Attempts = attempts, DueAt = dueAt, LastResult = result };

    private static long Deadline(WebhookRow webhook) => webhook.CreatedAt + (long)Lifetime.TotalMilliseconds;
}
