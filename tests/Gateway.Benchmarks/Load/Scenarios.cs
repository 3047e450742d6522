using System.Diagnostics;
using System.Globalization;
using Gateway.Benchmarks.Delivery;
using Gateway.Handset;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Npgsql;

namespace Gateway.Benchmarks.Load;

/// <summary>Each with a gateway of its own, in a process of its own, on an empty database.</summary>
/// <param name="options">As the command line says.</param>
/// <param name="postgres">Connection string maker; null: SQLite.</param>
internal sealed class Scenarios(LoadOptions options, PostgresCluster? postgres)
{
    private const int Window = 256;
    private const string Carrier = "4477";
    /// <summary>From then on the gateway knows from memory whether a handset's message is a repeat, as one that has not just started does.</summary>
    private static readonly TimeSpan MoWarmUp = TimeSpan.FromSeconds(125);

    private string? _connection;

    /// <summary>All subscribers registered; messages by REST to one after the other.</summary>
    public async Task<Result> SteadyAsync(string name, HandsetKind kind, int longPercent = 0)
    {
        await using var gateway = await StartAsync();
        await using var subscribers = await Subscribers.CreateAsync(options.Subscribers, kind, gateway.Sip, GatewayUnderLoad.Domain);
        await subscribers.RegisterAsync();
        var ledger = NewLedger(options.WarmUp);
        subscribers.Ledger = ledger;
        var client = gateway.ClientOf(GatewayUnderLoad.Normal);
        return await RunAsync(name, gateway, ledger, Window, options.WarmUp, number =>
            client.SendAsync(Subscribers.NumberOf(number % options.Subscribers), Ledger.TextOf(number, number % 100 < longPercent)));
    }

    /// <summary>Handset to handset: RP-DATA in, RP-ACK out, RP-DATA out, RP-ACK in.</summary>
    public async Task<Result> MoToMoAsync()
    {
        await using var gateway = await StartAsync();
        await using var subscribers = await Subscribers.CreateAsync(options.Subscribers, HandsetKind.Volte, gateway.Sip, GatewayUnderLoad.Domain);
        await subscribers.RegisterAsync();
        var warmUp = options.Quick ? options.WarmUp : MoWarmUp;
        var ledger = NewLedger(warmUp);
        subscribers.Ledger = ledger;
        // A handset sends one after the other, so each sender here has handsets of its own.
        return await RunAsync("mo", gateway, ledger, Window, warmUp, async number =>
        {
            var sender = number % options.Subscribers;
            var to = Subscribers.NumberOf((sender + options.Subscribers / 2) % options.Subscribers);
            var result = await subscribers[sender].SendAsync(to, Ledger.TextOf(number, isLong: false));
            return result.IsAccepted ? true : throw new InvalidOperationException($"a handset's message was not taken: {result.Words}");
        });
    }

    /// <summary>To a carrier whose every answer takes 100 ms.</summary>
    public async Task<Result> CarrierAsync()
    {
        await using var carrier = await SlowCarrier.StartAsync(TimeSpan.FromMilliseconds(100));
        await using var gateway = await StartAsync(new Dictionary<string, string?>
        {
            ["Carriers__0__Name"] = "slow", ["Carriers__0__Kind"] = "Nexmo", ["Carriers__0__BaseUrl"] = carrier.Url, ["Carriers__0__ApiKey"] = "k",
            ["Carriers__0__ApiSecret"] = "s", ["Carriers__0__Prefixes__0"] = Carrier,
        });
        var ledger = NewLedger(options.WarmUp);
        carrier.Ledger = ledger;
        var client = gateway.ClientOf(GatewayUnderLoad.Normal);
        // Wide enough for the carrier's slots: what is on its way there takes at least 100 ms.
        return await RunAsync("carrier", gateway, ledger, window: 1_000, options.WarmUp, number =>
            client.SendAsync(Carrier + (number % 100_000).ToString("D8", CultureInfo.InvariantCulture), Ledger.TextOf(number, isLong: false)));
    }

    /// <summary>A message for each subscriber while nobody is registered; then all register at once.</summary>
    public async Task<Result> WakeStormAsync()
    {
        var mailboxes = options.Mailboxes;
        await using var gateway = await StartAsync();
        await using var subscribers = await Subscribers.CreateAsync(mailboxes, HandsetKind.Volte, gateway.Sip, GatewayUnderLoad.Domain);
        var ledger = new Ledger(mailboxes);
        subscribers.Ledger = ledger;
        var client = gateway.ClientOf(GatewayUnderLoad.Normal);
        var work = WorkOf("storm", gateway, number => client.SendAsync(Subscribers.NumberOf(number), Ledger.TextOf(number, isLong: false)));
        var phase = new Phase(work, ledger, new RuntimeMetrics(gateway.Http).ReadAsync);
        await Parallel.ForAsync(0, mailboxes, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (_, _) =>
        {
            var number = ledger.Begin();
            await Deadline.UntilAsync(() => work.SendAsync(number), () => $"message {number} is accepted", CancellationToken.None);
            ledger.Answered(number, accepted: true);
        });
        var before = await phase.SnapshotAsync();
        await subscribers.RegisterAsync();
        var registered = Stopwatch.GetElapsedTime(before.At);
        await phase.ArrivedAsync(mailboxes);
        var measured = Measured.Of(work, before, await phase.SnapshotAsync(), ledger);
        Console.WriteLine(FormattableString.Invariant($"storm: {mailboxes} registered within {registered.TotalSeconds:F1} s"));
        return await ResultAsync(measured with { Latencies = new Latencies([], [], []) }, gateway, ledger);
    }

    private async Task<Result> RunAsync(string name, GatewayUnderLoad gateway, Ledger ledger, int window, TimeSpan warmUp, Func<int, Task<bool>> send)
    {
        var work = WorkOf(name, gateway, send) with { Window = window, Senders = window / 4, Rate = options.Rate };
        var measured = await new Phase(work, ledger, new RuntimeMetrics(gateway.Http).ReadAsync).RunAsync(warmUp, options.Measured);
        return await ResultAsync(measured, gateway, ledger);
    }

    private async Task<Result> ResultAsync(Measured measured, GatewayUnderLoad gateway, Ledger ledger)
    {
        var (peak, _) = ProcessFigures.Resident(gateway.ProcessId);
        var database = postgres is null ? gateway.DatabaseOctets : await PostgresOctetsAsync();
        return new Result(postgres is null ? "sqlite" : "postgres", measured, peak, (double)database / Math.Max(1, ledger.Accepted));
    }

    private Work WorkOf(string name, GatewayUnderLoad gateway, Func<int, Task<bool>> send) =>
        new(name, postgres is null ? [("gateway", gateway.ProcessId)] : [("gateway", gateway.ProcessId), ("postgres", postgres.ProcessId)], send);

    private async Task<GatewayUnderLoad> StartAsync(IReadOnlyDictionary<string, string?>? more = null)
    {
        _connection = postgres is null ? null : await postgres.NewDatabaseAsync(CancellationToken.None, durable: true);
        return await GatewayUnderLoad.StartAsync(_connection, more);
    }

    private Ledger NewLedger(TimeSpan warmUp) =>
        new((int)(warmUp + options.Measured + TimeSpan.FromSeconds(5)).TotalSeconds * (options.Rate ?? LoadOptions.MostPerSecond));

    private async Task<long> PostgresOctetsAsync()
    {
        await using var connection = new NpgsqlConnection(_connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_database_size(current_database())", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}

/// <summary>A scenario's figures.</summary>
/// <param name="Store">Whose: the gateway's on this store, or the rival's.</param>
/// <param name="Measured">What was measured.</param>
/// <param name="PeakResident">Octets of memory, at most.</param>
/// <param name="DatabasePerMessage">Octets; NaN: there is no database.</param>
internal sealed record Result(string Store, Measured Measured, long PeakResident, double DatabasePerMessage)
{
    /// <summary>Of <see cref="ProcessorSpeed"/>.</summary>
    public double SortMilliseconds { get; init; }
}
