using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>Webhooks that somebody wants pushed again: what waits is due at once, and what is dead lives anew, with all its tries before it.</summary>
public static class WebhookAgain
{
    /// <summary>Of rows that are neither, nothing changes. At most a few hundred at once.</summary>
    /// <param name="webhooks">As they were read.</param>
    /// <param name="now">Unix milliseconds.</param>
    public static StoreChange Change(IReadOnlyList<WebhookRow> webhooks, long now)
    {
        var pending = webhooks.Where(webhook => webhook.State == WebhookState.Pending).Select(webhook => webhook.MessageId).Distinct().ToList();
        var dead = webhooks.Where(webhook => webhook.State == WebhookState.Dead).Select(webhook => webhook.Id).ToList();
        return new StoreChange
        {
            Other = db =>
            {
                // With all of their message, for one waits for those before it.
                if (pending.Count > 0)
                    db.Webhooks.Where(webhook => pending.Contains(webhook.MessageId) && webhook.DueAt > now)
                        .ExecuteUpdate(set => set.SetProperty(webhook => webhook.DueAt, now));
                if (dead.Count > 0)
                    db.Webhooks.Where(webhook => dead.Contains(webhook.Id) && webhook.State == WebhookState.Dead)
                        .ExecuteUpdate(set => set.SetProperty(webhook => webhook.State, WebhookState.Pending).SetProperty(webhook => webhook.DueAt, now)
                            .SetProperty(webhook => webhook.CreatedAt, now).SetProperty(webhook => webhook.Attempts, 0));
            },
        };
    }
}
