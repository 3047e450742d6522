using System.Threading.Channels;
using Gateway.Store;

namespace Gateway.Rest;

/// <summary>
/// Keeps what was refused, for the account to look at. It is written once a second, many in one transaction, by the way: while the store is away, or more
/// is refused than that takes, rejections are left out, and counted in the log.
/// </summary>
public sealed partial class Rejections(GatewayStore store, TimeProvider time, ILogger<Rejections> log) : BackgroundService
{
    private const int MaxWaiting = 1000, MaxCharacters = 40;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Channel<RejectionRow> _waiting = Channel.CreateBounded<RejectionRow>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.Wait });
    private int _leftOut;

    /// <param name="account">api_key of who was refused.</param>
    /// <param name="from">Sender as given.</param>
    /// <param name="to">Recipient as given.</param>
    /// <param name="fault">Why.</param>
    internal void Add(string account, string? from, string? to, NexmoFault fault)
    {
        var row = new RejectionRow
        {
            Account = account, Originator = Storable(from), Recipient = Storable(to), ReceivedAt = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Status = (byte)fault.Status, Reason = Storable(fault.Text, 4 * MaxCharacters),
        };
        if (!_waiting.Writer.TryWrite(row)) Interlocked.Increment(ref _leftOut);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await WriteAsync(cancellationToken);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            LogFailed(e);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => time.EveryAsync(Period, () => WriteAsync(stoppingToken), LogFailed, stoppingToken);

    /// <summary>Writes what waits.</summary>
    internal async Task WriteAsync(CancellationToken cancel)
    {
        var change = new StoreChange();
        while (change.NewRejections.Count < MaxWaiting && _waiting.Reader.TryRead(out var row)) change.NewRejections.Add(row);
        if (Interlocked.Exchange(ref _leftOut, 0) is > 0 and var leftOut) LogLeftOut(leftOut);
        if (change.NewRejections.Count > 0) await store.Writer.WriteAsync(change, cancel);
    }

    // PostgreSQL has no text with U+0000.
    private static string Storable(string? text, int most = MaxCharacters)
    {
        var kept = (text ?? "").Replace('\0', '\uFFFD');
        return kept.Length <= most ? kept : kept[..(char.IsHighSurrogate(kept[most - 1]) ? most - 1 : most)];
    }

    [LoggerMessage(2101, LogLevel.Warning, "Rejections could not be kept")]
    private partial void LogFailed(Exception e);

    [LoggerMessage(2102, LogLevel.Warning, "{Rejections} rejections were not kept: too many at once")]
    private partial void LogLeftOut(int rejections);
}
