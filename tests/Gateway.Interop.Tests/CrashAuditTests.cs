using System.Diagnostics;
using System.Globalization;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresCluster))]

namespace Gateway.Interop.Tests;

/// <summary>Behind all others: it needs the machine, and would slow tests that measure.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class CrashAuditCollection;

/// <summary>
/// kill -9 again and again, at random moments under load. The moments are a number of events (answers, displays, pushes) after the start; the seed
/// is printed, and CRASH_SEED repeats it. On SQLite the power fails every other time.
/// </summary>
[Collection(typeof(CrashAuditCollection)), Trait("Category", "Interop"), Trait("Category", "Postgres")]
public sealed class CrashAuditTests(PostgresCluster cluster, ITestOutputHelper output)
{
    private const int Rounds = 20, Handsets = 40, Submitting = 4, MaxEvents = 1200;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Both databases at the same time: a gateway that starts keeps one core busy.</summary>
    [Fact]
    public async Task Twenty_crashes_under_load_lose_nothing_and_repeat_only_what_was_under_way()
    {
        var seed = Environment.GetEnvironmentVariable("CRASH_SEED") is { Length: > 0 } given
            ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        Console.WriteLine($"figure: crash audit with CRASH_SEED={seed}");
        await Task.WhenAll(
            AuditAsync("SQLite", new Random(seed)),
            AuditAsync("PostgreSQL", new Random(seed + 1), ("Store__Provider", "Postgres"), ("Store__ConnectionString", await cluster.NewDatabaseAsync(Cancel))));
    }

    private async Task AuditAsync(string database, Random random, params (string Key, string? Value)[] settings)
    {
        var (started, audit) = (Stopwatch.GetTimestamp(), new DeliveryAudit(trust: TimeSpan.FromSeconds(0.2)));
        await using var webhooks = await WebhookReceiver.StartAsync(Cancel);
        audit.Watch(webhooks);
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null,
            [("Accounts__0__DeliveryReceiptUrl", webhooks.ReceiptUrl), ("Accounts__0__InboundUrl", webhooks.InboundUrl), .. settings]);
        var handsets = Enumerable.Range(0, Handsets).Select(i => new RawUe($"{4940300000 + i}", gateway.Sip)).ToList();
        var submitting = Enumerable.Range(0, Submitting).Select(i => new RawUe($"{4940310000 + i}", gateway.Sip)).ToList();
        try
        {
            handsets.ForEach(audit.Watch);
            // Every fourth one is away for the first half, and its messages wait.
            var (away, there) = (handsets.Where((_, i) => i % 4 == 0), handsets.Where((_, i) => i % 4 != 0));
            await Task.WhenAll(there.Concat(submitting).Select(handset => handset.RegisterAsync(Cancel)));
            var load = new AuditedLoad(audit, _ => gateway);
            using var stop = new CancellationTokenSource();
            var sending = handsets.Select(handset => load.SendAsync(handset, stop.Token, Cancel))
                .Concat(submitting.Select(handset => load.SubmitAsync(handset, stop.Token, Cancel))).ToList();
            for (var round = 0; round < Rounds; round++)
            {
                if (round == Rounds / 2) sending.AddRange(away.Select(handset => AuditedLoad.RegisterAsync(handset, Cancel)));
                await audit.EventsAsync(random.Next(1, MaxEvents), Cancel);
                await audit.OutageAsync(() => settings.Length == 0 && round % 2 == 1 ? gateway.LosePowerAsync(random) : gateway.KillAsync());
                await gateway.StartAsync(Cancel);
            }
            await stop.CancelAsync();
            await Task.WhenAll(sending);
            await audit.ToldAsync(Cancel);
            // Nothing is left that another registration would bring before these.
            await Task.WhenAll(handsets.Select(handset => handset.RegisterAsync(Cancel)));
            await Task.WhenAll(handsets.Select(handset => load.SendAsync(handset, $"{handset.Number} ends", Cancel)));
            await audit.ToldAsync(Cancel);
            Console.WriteLine($"figure: {database}: {audit.Check()}; {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
        }
        finally
        {
            foreach (var handset in handsets.Concat(submitting)) await handset.DisposeAsync();
            output.WriteLine($"the last gateway on {database}:\n{gateway.Output}");
        }
    }
}
