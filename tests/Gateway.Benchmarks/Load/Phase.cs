using System.Diagnostics;
using Gateway.Tests.Support;

namespace Gateway.Benchmarks.Load;

/// <summary>What is measured, and with what it is loaded.</summary>
/// <param name="Name">Of the scenario.</param>
/// <param name="Processes">Whose CPU time counts, by name.</param>
/// <param name="SendAsync">Hands over one message by its number; false: it was refused for the moment.</param>
internal sealed record Work(string Name, IReadOnlyList<(string Name, int Id)> Processes, Func<int, Task<bool>> SendAsync)
{
    /// <summary>Messages accepted and not yet acknowledged; a closed loop, so that no backlog grows.</summary>
    public int Window { get; init; } = 256;

    public int Senders { get; init; } = 64;

    /// <summary>Messages a second; null: as many as the window lets pass.</summary>
    public int? Rate { get; init; }
}

/// <summary>One scenario: warm-up, measured time, and the wait until everything has arrived.</summary>
internal sealed class Phase(Work work, Ledger ledger, Func<Task<RuntimeFigures>> runtime)
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Chapter = TimeSpan.FromMinutes(5);

    public async Task<Measured> RunAsync(TimeSpan warmUp, TimeSpan time)
    {
        using var window = new SemaphoreSlim(work.Window);
        ledger.OnEnded = () => window.Release();
        using var stop = new CancellationTokenSource();
        var started = Stopwatch.GetTimestamp();
        var senders = Enumerable.Range(0, work.Senders).Select(_ => Task.Run(() => SendAsync(window, started, stop.Token))).ToList();
        await Task.Delay(warmUp, TimeProvider.System);
        var before = await SnapshotAsync();
        await PassAsync(time);
        var after = await SnapshotAsync();
        await stop.CancelAsync();
        await Task.WhenAll(senders);
        await ArrivedAsync(ledger.Accepted);
        return Measured.Of(work, before, after, ledger);
    }

    /// <summary>A long run tells between times how it goes: whether it is still as fast, and its memory flat.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        // In whole seconds: what a timer comes too early is no chapter.
        for (var left = time; left > TimeSpan.Zero; left = TimeSpan.FromSeconds(Math.Floor((time - Stopwatch.GetElapsedTime(began)).TotalSeconds)))
        {
            var ended = ledger.Ended;
            var chapter = left < Chapter ? left : Chapter;
            await Task.Delay(chapter, TimeProvider.System);
            if (time <= Chapter) continue;
            var resident = string.Join(", ", work.Processes.Select(process => $"{process.Name} {ProcessFigures.Resident(process.Id).Now >> 20} MiB"));
            Console.WriteLine(FormattableString.Invariant(
                $"{work.Name} after {Stopwatch.GetElapsedTime(began).TotalMinutes:F0} min: {(ledger.Ended - ended) / chapter.TotalSeconds:F0} messages/s, resident {resident}"));
        }
    }

    /// <summary>Until so many have come to their end; half a minute without any is a loss.</summary>
    public async Task ArrivedAsync(int count)
    {
        var (ended, since) = (ledger.Ended, Stopwatch.GetTimestamp());
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        while (ledger.Ended < count && await look.WaitForNextTickAsync())
        {
            if (ledger.Ended is var now && now != ended) (ended, since) = (now, Stopwatch.GetTimestamp());
            else if (Stopwatch.GetElapsedTime(since) > Settling) return; // the ledger tells what is missing
        }
    }

    public async Task<Snapshot> SnapshotAsync()
    {
        var figures = await runtime();
        return new Snapshot(Stopwatch.GetTimestamp(), ledger.Ended, [.. work.Processes.Select(process => ProcessFigures.CpuSeconds(process.Id))], figures,
            ProcessFigures.MachineCpuSeconds(), ProcessFigures.OwnCpuSeconds());
    }

    private async Task SendAsync(SemaphoreSlim window, long started, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await window.WaitAsync(stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            var number = ledger.Begin();
            if (number < 0) return;
            if (work.Rate is { } rate && TimeSpan.FromSeconds((double)number / rate) - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } early)
                await Task.Delay(early, TimeProvider.System, CancellationToken.None); // so short that stopping waits for it
            await Deadline.UntilAsync(() => work.SendAsync(number), () => $"message {number} is accepted", CancellationToken.None);
            ledger.Answered(number, accepted: true);
        }
    }
}

/// <summary>At one moment.</summary>
internal sealed record Snapshot(long At, int Ended, double[] CpuSeconds, RuntimeFigures Runtime, double MachineCpuSeconds, double OwnCpuSeconds);

/// <summary>Of the .NET runtime in the gateway: octets allocated and seconds of pause since its start.</summary>
internal readonly record struct RuntimeFigures(double Allocated, double PauseSeconds)
{
    /// <summary>It has none.</summary>
    public static readonly RuntimeFigures None = new(double.NaN, double.NaN);
}

/// <summary>The figures of one scenario.</summary>
internal sealed record Measured(string Name, double PerSecond, Latencies Latencies, IReadOnlyList<(string Process, double Microseconds)> CpuPerMessage,
    double AllocatedPerMessage, double PauseShare, double ForeignShare, string? Fault)
{
    public static Measured Of(Work work, Snapshot before, Snapshot after, Ledger ledger)
    {
        var (seconds, messages) = (Stopwatch.GetElapsedTime(before.At, after.At).TotalSeconds, Math.Max(1, after.Ended - before.Ended));
        var cpu = work.Processes.Select((process, i) => (process.Name, 1e6 * (after.CpuSeconds[i] - before.CpuSeconds[i]) / messages)).ToList();
        var ours = after.CpuSeconds.Sum() - before.CpuSeconds.Sum() + after.OwnCpuSeconds - before.OwnCpuSeconds;
        var foreign = Math.Max(0, after.MachineCpuSeconds - before.MachineCpuSeconds - ours) / (seconds * Environment.ProcessorCount);
        return new Measured(work.Name, messages / seconds, ledger.Between(before.At, after.At), cpu,
            (after.Runtime.Allocated - before.Runtime.Allocated) / messages, (after.Runtime.PauseSeconds - before.Runtime.PauseSeconds) / seconds, foreign,
            ledger.Fault());
    }
}
