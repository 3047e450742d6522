using Gateway.Registration;
using Gateway.Sip;

namespace Gateway.Inbound;

public static class InboundExtensions
{
    public static WebApplicationBuilder AddInbound(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        var options = new SipEndpointOptions
        {
            Listen = [.. settings.Sip.Listen.Select(SipListenAddress.Parse).Where(address => !address.IsWebSocket)],
            Tls = settings.Sip.Tls.ToOptions(),
            UserAgent = "SMS gateway",
        };
        builder.Services.AddSingleton(services =>
            new SipEndpoint(options, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>()));
        builder.AddWebSockets(settings.Sip);
        builder.Services.AddSingleton<TrustedPeers>().AddSingleton<Senders>().AddSingleton<RpInbound>().AddSingleton<TextInbound>().AddSingleton<SipInbound>();
        builder.Services.AddSingleton<SipHost>().AddHostedService(services => services.GetRequiredService<SipHost>());
        // Behind SipHost: it subscribes anew to everybody it watched before the restart, and a SUBSCRIBE needs an open address.
        builder.Services.AddHostedService(services => services.GetRequiredService<RegWatcher>());
        builder.Services.AddHostedService(services => services.GetRequiredService<KeepAlive>());
        return builder;
    }
}
