namespace Gateway.Carriers;

public static class CarriersExtensions
{
    public static WebApplicationBuilder AddCarriers(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        builder.Services.AddControllers().AddApplicationPart(typeof(CarriersExtensions).Assembly);
        builder.Services.AddSingleton(services => new CarrierRegistry(settings, services.GetRequiredService<TimeProvider>()));
        return builder;
    }
}
