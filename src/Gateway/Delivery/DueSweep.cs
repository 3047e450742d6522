using Gateway.Store;
using Orleans.Runtime;

namespace Gateway.Delivery;

/// <summary>
/// Wakes every mailbox that has something due: a retry, an expiry, and after a crash whatever was on its way. Rows carry the time
/// (<see cref="ShortMessageRow.DueAt"/>), so no mailbox needs a timer, none is lost with its node, and one that sleeps costs nothing. Policy:
/// <list type="bullet">
/// <item>It looks twice a second, so an expiry is told within a second of its deadline.</item>
/// <item>Each lane is walked for itself: however much bulk is due, one-time passwords are woken at once.</item>
/// <item>What has become due since the last look is woken at once. What was due before that (it waits for its turn, its ring was lost, or a crash
/// left it) is walked again and again a few pages at a time, so a large backlog costs no more than a small one.</item>
/// <item>Few mailboxes are woken at the same time; each reads its rows, and what they then send takes its turn (<see cref="SendSlots"/>).</item>
/// <item>Several nodes share the recipients among them by a number that each computes alike; while they do not agree who lives, a recipient may be
/// woken twice, or half a second later.</item>
/// </list>
/// </summary>
public sealed partial class DueSweep(GatewayStore store, Mailboxes mailboxes, ISiloStatusOracle silos, TimeProvider time, ILogger<DueSweep> log)
    : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    /// <summary>A row may become visible so long after the time it is due at: it says the second it was accepted in, and waited for its commit.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(2);
    private const int RowsAPage = 1000, PagesALook = 5, WokenAtOnce = 64;

    private readonly Walk[] _walks = [.. Enum.GetValues<MessageLane>().Select(lane => new Walk(lane))];

    protected override Task ExecuteAsync(CancellationToken stopping) => Task.WhenAll(_walks.Select(walk => SweepLaneAsync(walk, stopping)));

    /// <summary>One look at every lane.</summary>
    internal async Task SweepAsync(CancellationToken cancel)
    {
        foreach (var walk in _walks) await LookAsync(walk, cancel);
    }

    private async Task SweepLaneAsync(Walk walk, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await LookAsync(walk, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(walk.Lane, e);
            }
        }
        while (await NextAsync(timer, stopping));
    }

    private async Task LookAsync(Walk walk, CancellationToken stopping)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var woken = new HashSet<string>(StringComparer.Ordinal);
        var since = walk.LookedAt - (long)Overlap.TotalMilliseconds;
        DuePosition? fresh = walk.LookedAt == 0 ? null : new DuePosition(since, Id: 0);
        while (fresh is { } after) fresh = await WakePageAsync(walk, now, after, woken, stopping);
        walk.LookedAt = now;
        for (var pages = 0; pages < PagesALook; pages++)
        {
            walk.Again = await WakePageAsync(walk, now, walk.Again, woken, stopping) ?? default;
            if (walk.Again == default) return; // begins anew with the next look
        }
    }

    private async Task<DuePosition?> WakePageAsync(Walk walk, long now, DuePosition after, HashSet<string> woken, CancellationToken stopping)
    {
        var page = await store.DueMessages.DueRecipientsAsync(walk.Lane, now, RowsAPage, after, stopping);
        var living = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Order().ToList();
        var (share, shares) = ((uint)Math.Max(0, living.IndexOf(silos.SiloAddress)), (uint)Math.Max(1, living.Count));
        foreach (var due in page.Recipients)
        {
            if (!woken.Add(due.Recipient) || shares > 1 && mailboxes.NumberOf(due.Recipient) % shares != share) continue;
            await walk.Window.WaitAsync(stopping);
            WakeInWindow(walk, due.Recipient);
        }
        return page.Next;
    }

    private async void WakeInWindow(Walk walk, string recipient)
    {
        await mailboxes.WakeAsync(recipient); // throws nothing
        walk.Window.Release();
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

    [LoggerMessage(3011, LogLevel.Error, "Looking for due messages of lane {Lane} failed; tried again in half a second")]
    private partial void LogFailed(MessageLane lane, Exception e);

    private sealed class Walk(MessageLane lane)
    {
        public MessageLane Lane => lane;
        /// <summary>Unix milliseconds of the last look; 0: none yet.</summary>
        public long LookedAt { get; set; }
        public DuePosition Again { get; set; }
        public SemaphoreSlim Window { get; } = new(WokenAtOnce);
    }
}
