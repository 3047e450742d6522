using Gateway.Billing;
using Gateway.Store;

namespace Gateway.Acceptance;

public static class AcceptanceExtensions
{
    public static WebApplicationBuilder AddAcceptance(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(services => new MessageId(services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<Segments>().AddSingleton<ConcatenationReferences>().AddSingleton<Repeats>().AddSingleton<AcceptanceMetrics>().AddSingleton<Acceptor>().AddSingleton<Balances>();
        builder.Services.AddHostedService<KeyPurge>();
        return builder;
    }
}
