using Gateway.Store;

namespace Gateway.Diagnostics;

public static class StoreExtensions
{
    public static WebApplicationBuilder AddStore(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        var options = new StoreOptions
        {
            Provider = Enum.Parse<StoreProvider>(settings.Store.Provider),
            ConnectionString = settings.Store.ConnectionString,
            MaxPendingWrites = settings.Store.MaxPendingWrites,
        };
        builder.Services.AddSingleton(services =>
            new GatewayStore(options, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>()));
        return builder;
    }
}
