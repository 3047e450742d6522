using Gateway.Store;
using Orleans.Runtime;

namespace Gateway.Delivery;

/// <summary>
/// Wakes every mailbox that has something due: a retry, a recheck, and after a crash whatever was on its way; and tells each what of its has expired. Rows
/// carry their times (<see cref="ShortMessageRow.DueAt"/>), so no mailbox needs a timer, none is lost with its node, and one that sleeps costs nothing. Policy:
/// <list type="bullet">
/// <item>It looks twice a second.</item>
/// <item>Each lane is walked for itself: however much bulk is due, one-time passwords are woken at once.</item>
/// <item>What has become due since the last look is woken at once. What was due before that (it waits for its turn, its ring was lost, or a crash
/// left it) is walked again and again a few pages at a time, so a large backlog costs no more than a small one.</item>
/// <item>What has expired is a walk of its own, by an index of its own: it is told within a second of its deadline however many messages are due, or
/// wait before it in its mailbox. What expired while nobody looked is walked as fast as it is concluded, but what expires now goes before it.</item>
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
    private const int RowsAPage = 1000, PagesALook = 5, AtOnce = 64;
    /// <summary>So many expiries times <see cref="AtOnce"/> may share one transaction, and what is more urgent waits for its end.</summary>
    private const int ExpiriesACall = 16;

    private readonly IReadOnlyList<Walk> _walks =
        [new ExpiryWalk(store, mailboxes), .. Enum.GetValues<MessageLane>().Select(lane => new LaneWalk(lane, store, mailboxes))];

    protected override Task ExecuteAsync(CancellationToken stopping) => Task.WhenAll(_walks.Select(walk => SweepAsync(walk, stopping)));

    /// <summary>One look at everything; its calls are made when it ends, but may still be under way.</summary>
    internal async Task SweepAsync(CancellationToken cancel)
    {
        foreach (var walk in _walks) await LookAsync(walk, cancel);
    }

    private async Task SweepAsync(Walk walk, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await LookAsync(walk, stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogFailed(walk.What, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task LookAsync(Walk walk, CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        walk.Begin();
        var since = walk.LookedAt - (long)Overlap.TotalMilliseconds;
        DuePosition? fresh = walk.LookedAt == 0 ? null : new DuePosition(since, Id: 0);
        while (fresh is { } after) fresh = await PageAsync(walk, now, after, stopping);
        walk.LookedAt = now;
        for (var pages = 0; pages < walk.PagesALook && time.GetElapsedTime(started) < Period; pages++)
        {
            walk.Again = await PageAsync(walk, now, walk.Again, stopping) ?? default;
            if (walk.Again == default) return; // begins anew with the next look
        }
    }

    private async Task<DuePosition?> PageAsync(Walk walk, long now, DuePosition after, CancellationToken stopping)
    {
        var (calls, next) = await walk.ReadAsync(now, after, stopping);
        var living = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Order().ToList();
        var (share, shares) = ((uint)Math.Max(0, living.IndexOf(silos.SiloAddress)), (uint)Math.Max(1, living.Count));
        foreach (var call in calls)
        {
            if (shares > 1 && mailboxes.NumberOf(call.Recipient) % shares != share) continue;
            await walk.Window.WaitAsync(stopping);
            MakeInWindow(walk, call);
        }
        return next;
    }

    private static async void MakeInWindow(Walk walk, Call call)
    {
        await call.MakeAsync(); // throws nothing
        walk.Window.Release();
    }

    [LoggerMessage(3011, LogLevel.Error, "Looking for {What} failed; tried again in half a second")]
    private partial void LogFailed(string what, Exception e);

    private readonly record struct Call(string Recipient, Func<Task> MakeAsync);

    private abstract class Walk(string what, int pagesALook)
    {
        public string What => what;
        /// <summary>Of what was there before the last look.</summary>
        public int PagesALook => pagesALook;
        /// <summary>Unix milliseconds of the last look; 0: none yet.</summary>
        public long LookedAt { get; set; }
        public DuePosition Again { get; set; }
        public SemaphoreSlim Window { get; } = new(AtOnce);

        /// <summary>A look begins: what it calls, it calls once.</summary>
        public abstract void Begin();

        public abstract Task<(IEnumerable<Call> Calls, DuePosition? Next)> ReadAsync(long now, DuePosition after, CancellationToken cancel);
    }

    private sealed class LaneWalk(MessageLane lane, GatewayStore store, Mailboxes mailboxes) : Walk($"due messages of lane {lane}", DueSweep.PagesALook)
    {
        private readonly HashSet<string> _woken = new(StringComparer.Ordinal);

        public override void Begin() => _woken.Clear();

        public override async Task<(IEnumerable<Call> Calls, DuePosition? Next)> ReadAsync(long now, DuePosition after, CancellationToken cancel)
        {
            var page = await store.DueMessages.DueRecipientsAsync(lane, now, RowsAPage, after, cancel);
            var calls = page.Recipients.Where(due => _woken.Add(due.Recipient)).Select(due => new Call(due.Recipient, () => mailboxes.WakeAsync(due, lane)));
            return (calls, page.Next);
        }
    }

    /// <summary>A row that has been told of is concluded soon and found no more, so this one may walk all that there is.</summary>
    private sealed class ExpiryWalk(GatewayStore store, Mailboxes mailboxes) : Walk("expired messages", int.MaxValue)
    {
        private readonly HashSet<long> _told = [];

        public override void Begin() => _told.Clear();

        public override async Task<(IEnumerable<Call> Calls, DuePosition? Next)> ReadAsync(long now, DuePosition after, CancellationToken cancel)
        {
            var page = await store.DueMessages.ExpiredAsync(now, RowsAPage, after, cancel);
            var calls = page.Messages.Where(message => _told.Add(message.Id)).GroupBy(message => message.Recipient, message => message.Id, StringComparer.Ordinal)
                .SelectMany(mailbox => mailbox.Chunk(ExpiriesACall).Select(ids => new Call(mailbox.Key, () => mailboxes.ExpiredAsync(mailbox.Key, ids))));
            return (calls, page.Next);
        }
    }
}
