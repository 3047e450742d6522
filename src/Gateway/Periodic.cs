namespace Gateway;

/// <summary>Upkeep that nobody waits for.</summary>
internal static class Periodic
{
    /// <summary>Takes a turn after each period until it is stopped, by an <see cref="OperationCanceledException"/>; a turn that fails is told of, and the next
    /// one tries again.</summary>
    public static async Task EveryAsync(this TimeProvider time, TimeSpan period, Func<Task> turn, Action<Exception> failed, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(period, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            try
            {
                await turn();
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                failed(e);
            }
        }
    }
}
