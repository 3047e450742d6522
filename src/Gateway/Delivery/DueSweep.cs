using Gateway.Store;
using Orleans.Runtime;

namespace Gateway.Delivery;

/// <summary>
/// Wakes every mailbox that has something due: a retry, an expiry, and after a crash whatever was on its way. Rows carry the time
/// (<see cref="ShortMessageRow.DueAt"/>), so no mailbox needs a timer, none is lost with its node, and one that sleeps costs nothing.
/// It looks twice a second, so an expiry is told within a second of its deadline. Several nodes share the recipients among them by a number
/// that each computes alike; while they do not agree who lives, a recipient may be woken twice, or half a second later.
/// </summary>
public sealed partial class DueSweep(GatewayStore store, Mailboxes mailboxes, ISiloStatusOracle silos, TimeProvider time, ILogger<DueSweep> log)
    : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private const int RowsAPage = 1000;

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await SweepAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e);
            }
        }
        while (await NextAsync(timer, stopping));
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var living = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Order().ToList();
        var (share, shares) = ((uint)Math.Max(0, living.IndexOf(silos.SiloAddress)), (uint)Math.Max(1, living.Count));
        var woken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var lane in Enum.GetValues<MessageLane>())
        {
            DuePosition? position = default(DuePosition);
            while (position is { } after)
            {
                var page = await store.DueMessages.DueRecipientsAsync(lane, now, RowsAPage, after, stopping);
                foreach (var due in page.Recipients)
                    if (woken.Add(due.Recipient) && (shares == 1 || mailboxes.NumberOf(due.Recipient) % shares == share)) mailboxes.Wake(due.Recipient);
                position = page.Next;
            }
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(3011, LogLevel.Error, "Looking for due messages failed; tried again in half a second")]
    private partial void LogFailed(Exception e);
}
