using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// Keeps the table that deliveries work on small: once a minute what was concluded long enough ago moves to the history, and what is older than
/// the retention is deleted. One node of the cluster does it, the living one with the lowest number. It goes on from where it was; once an
/// hour from the beginning, for those that were still waiting when it came by. Steps are apart, so that it takes a part of the writer's time only.
/// </summary>
public sealed partial class HistoryKeeping(GatewayStore store, GatewaySettings settings, TimeProvider time, ILogger<HistoryKeeping> log)
    : BackgroundService
{
    private const int RoundsFromBeginning = 60;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private int _round;
    private long _position;

    protected override Task ExecuteAsync(CancellationToken stopping) => time.EveryAsync(Period, () => RoundAsync(stopping), LogFailed, stopping);

    private async Task RoundAsync(CancellationToken stopping)
    {
        var fromBeginning = _round++ % RoundsFromBeginning == 0;
        if (!await IsOursAsync(stopping)) return;
        if (fromBeginning)
        {
            _position = 0;
            await ForgetAsync(stopping);
        }
        _position = await MoveAsync(_position, stopping);
    }

    private async Task<bool> IsOursAsync(CancellationToken stopping)
    {
        var dead = await store.Nodes.DeadAsync(stopping);
        for (short node = 0; node < store.Nodes.Own; node++)
            if (!dead.Contains(node)) return false;
        return true;
    }

    private async Task<long> MoveAsync(long position, CancellationToken stopping)
    {
        var concludedBy = time.GetUtcNow().AddMinutes(-settings.Store.HistoryAfterMinutes).ToUnixTimeMilliseconds();
        var moved = 0;
        while (await store.History.MoveAsync(position, concludedBy, stopping) is { } step)
        {
            position = step.After;
            moved += step.Moved;
            if (step.Moved > 0) await Task.Delay(Pause, time, stopping);
        }
        if (moved > 0) LogMoved(moved);
        return position;
    }

    private async Task ForgetAsync(CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        var before = now.AddDays(-settings.Store.RetentionDays).ToUnixTimeMilliseconds();
        while (await store.History.ForgetAsync(before, stopping)) await Task.Delay(Pause, time, stopping);
        for (var after = ""; after is not null;) after = await store.History.ForgetMailboxesAsync(after, now.ToUnixTimeMilliseconds(), stopping);
    }

    [LoggerMessage(3031, LogLevel.Debug, "{Messages} concluded messages moved to the history")]
    private partial void LogMoved(int messages);

    [LoggerMessage(3032, LogLevel.Error, "Moving concluded messages to the history failed; tried again in a minute")]
    private partial void LogFailed(Exception e);
}
