namespace Gateway.Carriers;

public static class CarriersExtensions
{
    public static WebApplicationBuilder AddCarriers(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        builder.Services.AddControllers().AddApplicationPart(typeof(CarriersExtensions).Assembly);
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<CarrierRegistry>(services, settings));
        builder.Services.AddHttpClient();
        foreach (var carrier in settings.Carriers)
        {
            builder.Services.AddHttpClient(NexmoCarrier.ClientName(carrier), CarrierResilience.Configure)
                .ConfigurePrimaryHttpMessageHandler(CarrierResilience.Handler)
                .AddStandardResilienceHandler(CarrierResilience.Configure);
        }
        return builder;
    }
}
