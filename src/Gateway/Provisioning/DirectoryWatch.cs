using Gateway.Store;

namespace Gateway.Provisioning;

/// <summary>Twice a second: what other nodes have changed in the directory, and how many nodes there are, among whom request rates are divided.</summary>
internal sealed partial class DirectoryWatch(DirectoryStore directory, GatewayStore store, TimeProvider time, ILogger<DirectoryWatch> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    private bool _told;

    protected override Task ExecuteAsync(CancellationToken stopping) => time.EveryAsync(Period, () => LookAsync(stopping), Failed, stopping);

    private async Task LookAsync(CancellationToken cancel)
    {
        if (store.Nodes.Clustered) await directory.RefreshAsync(cancel);
        await store.Nodes.CountAsync(cancel);
        _told = false;
    }

    /// <summary>Once an outage.</summary>
    private void Failed(Exception e)
    {
        if (!_told) LogFailed(e);
        _told = true;
    }

    [LoggerMessage(4011, LogLevel.Warning, "The directory cannot be read; what was read last stays in use")]
    private partial void LogFailed(Exception e);
}
