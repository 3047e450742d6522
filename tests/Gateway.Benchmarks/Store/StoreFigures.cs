using System.Diagnostics;
using Gateway.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks.Store;

/// <summary>
/// What the store costs. "writes": this process's CPU time and allocations for an accepted and for a concluded message (attempt, progress, webhook), by how
/// many callers wait at once. "due ROWS": how long the queue's queries take before and after that many waiting rows are there. "start ROWS": how long a store with that many concluded messages and a tenth as many waiting takes to open.
/// </summary>
internal static class StoreFigures
{
    private const long Start = 1_790_000_000_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var (what, rows, connection) = args switch
        {
            [] or ["writes"]                                        => ("writes", 0, null),
            ["writes", var c]                                       => ("writes", 0, c),
            ["start", var n] when int.TryParse(n, out var r)        => ("start", r, null),
            ["start", var n, var c] when int.TryParse(n, out var r) => ("start", r, c),
            ["due", var n] when int.TryParse(n, out var r)          => ("due", r, null),
            ["due", var n, var c] when int.TryParse(n, out var r)   => ("due", r, c),
            _                                                       => ("", 0, null),
        };
        if (what.Length == 0)
            return 64;
        var folder = Directory.CreateTempSubdirectory("gateway-benchmark-");
        try
        {
            var options = connection is null
                ? new StoreOptions { ConnectionString = $"Data Source={Path.Combine(folder.FullName, "gateway.db")}" }
                : new StoreOptions { Provider = StoreProvider.Postgres, ConnectionString = connection };
            await using var store = new GatewayStore(options, TimeProvider.System, NullLoggerFactory.Instance);
            await store.MigrateAsync(CancellationToken.None);
            if (what == "writes")
                await WritesAsync(store);
            else if (what == "start")
                await StartFigures.RunAsync(store, options, rows);
            else
                await DueAsync(store, rows);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
        return 0;
    }

    private static async Task WritesAsync(GatewayStore store)
    {
        var ids = new MessageId(TimeProvider.System);
        await RoundAsync(store, ids, callers: 64, messages: 4_000); // warm
        Console.WriteLine("callers  accept: CPU µs  kB  p50 ms  p99 ms  max ms   conclude: CPU µs  kB  p50 ms  p99 ms  max ms  messages/s");
        foreach (var callers in new[] { 1, 4, 16, 64, 256, 1024 })
        {
            var (accept, conclude) = await RoundAsync(store, ids, callers, Math.Clamp(callers * 500, 1_000, 40_000));
            Console.WriteLine($"{callers,7}  {accept.Cpu,14:F1} {accept.Kilobytes,3:F1}  {accept.P50,6:F1}  {accept.P99,6:F1}  {accept.Max,6:F1}   "
                + $"{conclude.Cpu,16:F1} {conclude.Kilobytes,3:F1}  {conclude.P50,6:F1}  {conclude.P99,6:F1}  {conclude.Max,6:F1}  {conclude.PerSecond,10:F0}");
        }
    }

    private static async Task<(Figure Accept, Figure Conclude)> RoundAsync(GatewayStore store, MessageId ids, int callers, int messages)
    {
        var first = new long[messages];
        var accept = await MeasureAsync(callers, messages, async i =>
        {
            first[i] = ids.Take(1);
            var change = new StoreChange();
            change.NewMessages.Add(Message(first[i], i, Start));
            if (!await store.Writer.TryWriteAsync(change))
                throw new InvalidOperationException("refused");
        });
        var conclude = await MeasureAsync(callers, messages, async i =>
        {
            var change = new StoreChange();
            change.NewAttempts.Add(new AttemptRow
            {
                MessageId = first[i], StartedAt = Start, DurationMilliseconds = 180, Channel = "volte",
                Target = "sip:+4940123456@ims.example.org", Status = 202, Outcome = "RP-ACK",
            });
            var progress = new MessageProgress
            {
                Id = first[i], State = MessageState.Delivered, SegmentsDone = 1, Attempts = 1, ConcludedAt = Start, Reason = "RP-ACK",
            };
            progress.Webhooks.Add(new WebhookRow
            {
                Account = "abcd1234", MessageId = first[i], Url = "https://bank.example/receipts", CreatedAt = Start, DueAt = Start,
                Fields = """{"msisdn":"4940123456","to":"Bank","messageId":"0A0B0C0D0E0F0001","status":"delivered","err-code":"0"}""",
            });
            change.Progress.Add(progress);
            await store.Writer.WriteAsync(change, CancellationToken.None);
        });
        return (accept, conclude);
    }

    private static async Task DueAsync(GatewayStore store, int rows)
    {
        Console.WriteLine("waiting rows  next due µs  one mailbox µs  by id µs");
        var stored = 0;
        foreach (var target in new[] { Math.Min(10_000, rows), rows })
        {
            while (stored < target)
            {
                var change = new StoreChange();
                for (var i = 0; i < 5_000 && stored < target; i++, stored++)
                    change.NewMessages.Add(Message(stored + 1, stored, Start + stored));
                await store.Writer.WriteAsync(change, CancellationToken.None);
            }
            var queries = store.DueMessages;
            var due = await MicrosecondsAsync(() => queries.DueRecipientsAsync(MessageLane.Normal, Start + rows, 100, default, CancellationToken.None));
            var mailbox = await MicrosecondsAsync(() => queries.WaitingForAsync("4917000000000", default, 100, CancellationToken.None));
            var byId = await MicrosecondsAsync(() => queries.FindAsync(target / 2, CancellationToken.None));
            Console.WriteLine($"{stored,12}  {due,11:F0}  {mailbox,14:F0}  {byId,8:F0}");
        }
    }

    private static async Task<double> MicrosecondsAsync(Func<Task> query)
    {
        const int Warm = 200, Times = 500;
        for (var i = 0; i < Warm; i++)
            await query();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Times; i++)
            await query();
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / Times;
    }

    private static async Task<Figure> MeasureAsync(int callers, int messages, Func<int, Task> act)
    {
        var latencies = new double[messages];
        var next = -1;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < messages;)
            {
                var asked = Stopwatch.GetTimestamp();
                await act(i);
                latencies[i] = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
            }
        })));
        var elapsed = Stopwatch.GetElapsedTime(started);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        Array.Sort(latencies);
        return new Figure(
            cpu.TotalMicroseconds / messages, allocated / 1000.0 / messages, latencies[messages / 2], latencies[messages * 99 / 100], latencies[^1],
            messages / elapsed.TotalSeconds);
    }

    internal static ShortMessageRow Message(long id, int recipient, long dueAt) => new()
    {
        Id = id, Account = "abcd1234", RouteReason = "subscriber of this network", Recipient = $"49170{recipient:D8}", Originator = "Bank",
        Text = "Your one-time password is 123456. Do not tell it to anybody.", AcceptedAt = Start, ExpiresAt = Start + 259_200_000,
        DueAt = dueAt, ReceiptRequested = true, ClientReference = "transaction 8f14e45f",
    };

    private readonly record struct Figure(double Cpu, double Kilobytes, double P50, double P99, double Max, double PerSecond);
}
