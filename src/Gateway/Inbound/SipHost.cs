using Gateway.Registration;
using Gateway.Sip;

namespace Gateway.Inbound;

/// <summary>Opens the SIP addresses when mailboxes and store are there, and closes them first when the gateway stops.</summary>
public sealed partial class SipHost(SipEndpoint endpoint, SipInbound inbound, Registrar registrar, KeepAlive keepAlive, SipSettings settings, ILogger<SipHost> log) : IHostedService
{
    /// <summary>Until then the gateway is not ready.</summary>
    public bool Listening { get; private set; }

    public async Task StartAsync(CancellationToken cancel)
    {
        endpoint.OnRequest = inbound.OnRequestAsync;
        endpoint.OnConnectionClosed = flow => _ = registrar.OnConnectionClosedAsync(flow);
        keepAlive.OnGone = registrar.DropAsync;
        await endpoint.StartAsync(cancel);
        Listening = true;
        LogListening(string.Join(", ", endpoint.Bound.Concat(WebSockets.Addresses(settings))));
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        Listening = false;
        endpoint.OnConnectionClosed = null; // who goes because we go comes back
        await endpoint.DisposeAsync();
    }

    [LoggerMessage(4021, LogLevel.Information, "SIP listens on {Addresses}")]
    private partial void LogListening(string addresses);
}
