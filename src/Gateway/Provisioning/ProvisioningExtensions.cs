using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Provisioning;

public static class ProvisioningExtensions
{
    /// <summary>The directory as the settings have it; for whoever reads it.</summary>
    public static IServiceCollection AddDirectory(this IServiceCollection services, GatewaySettings settings)
    {
        services.TryAddSingleton(_ => new LiveDirectory(settings));
        return services;
    }

    /// <summary>The directory in the store.</summary>
    public static WebApplicationBuilder AddProvisioning(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        builder.Services.AddDirectory(settings).AddSingleton<SecretBox>().AddSingleton<DirectoryJson>().AddSingleton<DirectoryStore>();
        builder.Services.AddHostedService<DirectoryWatch>();
        return builder;
    }
}
