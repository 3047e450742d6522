using Gateway.Sip;

namespace Gateway.Inbound;

/// <summary>Opens the SIP addresses when mailboxes and store are there, and closes them first when the gateway stops.</summary>
public sealed partial class SipHost(SipEndpoint endpoint, SipInbound inbound, ILogger<SipHost> log) : IHostedService
{
    /// <summary>Until then the gateway is not ready.</summary>
    public bool Listening { get; private set; }

    public async Task StartAsync(CancellationToken cancel)
    {
        endpoint.OnRequest = inbound.OnRequestAsync;
        await endpoint.StartAsync(cancel);
        Listening = true;
        LogListening(string.Join(", ", endpoint.Bound));
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        Listening = false;
        await endpoint.DisposeAsync();
    }

    [LoggerMessage(4021, LogLevel.Information, "SIP listens on {Addresses}")]
    private partial void LogListening(string addresses);
}
