using System.Diagnostics;

namespace Gateway.Tests.Support;

/// <summary>How long tests wait at most: long, since a machine may be slow and shared. What they wait for comes in milliseconds.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Start = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan Answer = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Asks until the answer is yes, for what cannot tell of itself (another process).</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> what, CancellationToken cancel, TimeSpan? within = null)
    {
        var limit = within ?? Answer;
        var start = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(Pause, TimeProvider.System);
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > limit) throw new TimeoutException($"Not within {limit.TotalSeconds} s: {what()}");
            await timer.WaitForNextTickAsync(cancel);
        }
    }
}
