using Gateway.Sip;

namespace Gateway.Inbound;

public static class InboundExtensions
{
    public static WebApplicationBuilder AddInbound(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        var options = new SipEndpointOptions { Listen = [.. settings.Sip.Listen.Select(SipListenAddress.Parse)], UserAgent = "SMS gateway" };
        builder.Services.AddSingleton(services =>
            new SipEndpoint(options, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddSingleton<TrustedPeers>().AddSingleton<Senders>().AddSingleton<RpInbound>().AddSingleton<TextInbound>().AddSingleton<SipInbound>();
        builder.Services.AddSingleton<SipHost>().AddHostedService(services => services.GetRequiredService<SipHost>());
        return builder;
    }
}
