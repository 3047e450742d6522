using System.Globalization;
using System.Reflection;
using Gateway.Benchmarks.Delivery;
using Gateway.Handset;
using Gateway.Tests.Store;

namespace Gateway.Benchmarks.Load;

/// <summary>The whole path, measured: a table of what the gateway does, scenario by scenario, and of what Kamailio does beside it.</summary>
internal static class LoadCommand
{
    /// <returns>Null: the options are none of these. 1: something was lost or came twice, so the figures do not count.</returns>
    public static async Task<int?> RunAsync(string[] words)
    {
        if (LoadOptions.Read(words) is not { } options) return null;
        Say($"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, commit {Commit()}, {Environment.ProcessorCount} processors shared with the load, .NET {Environment.Version}");
        var results = new List<Result>();
        Result? rival = null;
        try
        {
            foreach (var store in options.Stores)
            {
                await using var cluster = new PostgresCluster();
                var scenarios = new Scenarios(options, store == "postgres" ? cluster : null);
                foreach (var name in options.Scenarios)
                {
                    if (await TimedAsync(() => RunAsync(scenarios, name, store, cluster)) is { } result) results.Add(result);
                }
            }
            if (options.Kamailio) rival = await TimedAsync(() => KamailioAsync(options));
        }
        finally
        {
            Print(results, rival); // what was measured before a failure, too
        }
        return results.Append(rival).Any(result => result?.Measured.Fault is not null) ? 1 : 0;
    }

    /// <summary>With how fast the processors were, before and after.</summary>
    private static async Task<Result?> TimedAsync(Func<Task<Result?>> run)
    {
        var before = ProcessorSpeed.Measure();
        if (await run() is not { } result) return null;
        result = result with { SortMilliseconds = (before + ProcessorSpeed.Measure()) / 2 };
        Say($"{result.Measured.Name}, {result.Store}: {result.Measured.PerSecond:F0} messages/s; {result.Measured.Fault ?? "nothing lost, nothing twice"}");
        return result;
    }

    private static async Task<Result?> RunAsync(Scenarios scenarios, string name, string store, PostgresCluster cluster)
    {
        switch (name)
        {
            case "volte": return await scenarios.SteadyAsync(name, HandsetKind.Volte);
            case "ott": return await scenarios.SteadyAsync(name, HandsetKind.Ott);
            case "mixed": return await scenarios.SteadyAsync(name, HandsetKind.Volte, longPercent: 20);
            case "mo": return await scenarios.MoToMoAsync();
            case "carrier": return await scenarios.CarrierAsync();
            case "storm": return await scenarios.WakeStormAsync();
            default:
                // It measures one message in a hundred thousand others, and prints a table of its own.
                await using (var gateway = await GatewayUnderLoad.StartAsync(
                    store == "postgres" ? await cluster.NewDatabaseAsync(CancellationToken.None, durable: true) : null))
                    await new LaneFigures(gateway, LanesCommand.Backlog, LanesCommand.PerSecond).RunAsync();
                return null;
        }
    }

    /// <summary>What it sends is neither stored nor acknowledged: the handsets are silent, and what they show counts.</summary>
    private static async Task<Result?> KamailioAsync(LoadOptions options)
    {
        await using var kamailio = await KamailioSmsc.StartAsync();
        await using var subscribers = await Subscribers.CreateAsync(
            options.Subscribers, HandsetKind.Volte, kamailio.Sip, GatewayUnderLoad.Domain, report: false);
        await subscribers.RegisterAsync();
        var ledger = new Ledger((int)(options.WarmUp + options.Measured + TimeSpan.FromSeconds(5)).TotalSeconds * LoadOptions.MostPerSecond);
        subscribers.Ledger = ledger;
        var work = new Work("volte", [("kamailio", kamailio.ProcessId)],
            number => kamailio.SendAsync(Subscribers.NumberOf(number % options.Subscribers), Ledger.TextOf(number, isLong: false)));
        var measured = await new Phase(work, ledger, () => Task.FromResult(RuntimeFigures.None)).RunAsync(options.WarmUp, options.Measured);
        return new Result("kamailio", measured, ProcessFigures.ProportionalOf(kamailio.ProcessId), DatabasePerMessage: double.NaN);
    }

    /// <summary>As the build wrote it down.</summary>
    private static string Commit() =>
        typeof(LoadCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit]
            ? commit[..Math.Min(8, commit.Length)] : "unknown";

    private static void Print(List<Result> results, Result? rival)
    {
        if (results.Count == 0 && rival is null) return; // what prints a table of its own
        Say($"");
        Say($"| scenario | store | messages/s | accept ms p50 / p99 / p99.9 | to the wire p50 / p99 | to RP-ACK p50 / p99 | CPU µs a message | kB allocated | peak RSS MiB | GC pauses | database octets | foreign CPU | sort ms |");
        Say($"|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var result in rival is null ? results : [.. results, rival])
        {
            var measured = result.Measured;
            var ((answer, wire, acknowledged), cpu) = (measured.Latencies, measured.CpuPerMessage);
            var fault = measured.Fault is null ? "" : $" ({measured.Fault}: does not count)";
            Say($"| {measured.Name}{fault} | {result.Store} | {measured.PerSecond:F0} | {At(answer, 0.5)} / {At(answer, 0.99)} / {At(answer, 0.999)} | {At(wire, 0.5)} / {At(wire, 0.99)} | {At(acknowledged, 0.5)} / {At(acknowledged, 0.99)} | {string.Join(" + ", cpu.Select(one => one.Microseconds.ToString("F0", CultureInfo.InvariantCulture)))} | {Known(measured.AllocatedPerMessage / 1000, "F1")} | {result.PeakResident >> 20} | {Known(measured.PauseShare, "P1")} | {Known(result.DatabasePerMessage, "F0")} | {measured.ForeignShare:P0} | {result.SortMilliseconds:F1} |");
        }
        if (rival is null) return;
        foreach (var ours in results.Where(result => result.Measured.Name == "volte"))
            Say($"{ours.Store}: {Cpu(ours) / Cpu(rival):F2} times Kamailio's CPU a message, {ours.Measured.PerSecond / rival.Measured.PerSecond:F2} times its messages/s; ours are stored and acknowledged, Kamailio's neither");
    }

    private static double Cpu(Result result) => result.Measured.CpuPerMessage.Sum(one => one.Microseconds);

    private static string At(double[] sorted, double share) =>
        sorted.Length == 0 ? "" : Latencies.At(sorted, share).ToString("F1", CultureInfo.InvariantCulture);

    private static string Known(double figure, string format) => double.IsNaN(figure) ? "" : figure.ToString(format, CultureInfo.InvariantCulture);

    private static void Say(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));
}
