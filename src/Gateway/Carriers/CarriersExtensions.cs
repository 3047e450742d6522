using Gateway.Provisioning;

namespace Gateway.Carriers;

public static class CarriersExtensions
{
    public static WebApplicationBuilder AddCarriers(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        builder.Services.AddDirectory(settings).AddSingleton<CarrierRegistry>();
        return builder;
    }
}
