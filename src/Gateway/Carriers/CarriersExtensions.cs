using Gateway.Provisioning;
using Microsoft.Extensions.Http.Resilience;

namespace Gateway.Carriers;

public static class CarriersExtensions
{
    public static WebApplicationBuilder AddCarriers(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        builder.Services.AddControllers().AddApplicationPart(typeof(CarriersExtensions).Assembly);
        builder.Services.AddDirectory(settings).AddSingleton(services => ActivatorUtilities.CreateInstance<CarrierRegistry>(services));
        builder.Services.AddHttpClient(CarrierResilience.Client, CarrierResilience.Configure)
            .ConfigurePrimaryHttpMessageHandler(CarrierResilience.Handler)
            .AddStandardResilienceHandler(CarrierResilience.Configure)
            .SelectPipelineBy(_ => CarrierResilience.CarrierOf);
        return builder;
    }
}
