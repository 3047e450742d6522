using Gateway.Provisioning;
using Gateway.Store;

namespace Gateway.Webhooks;

public static class WebhooksExtensions
{
    /// <summary>Needs <see cref="GatewayStore"/> and <see cref="TimeProvider"/> among the services.</summary>
    public static WebApplicationBuilder AddWebhooks(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        builder.Services.AddDirectory(settings).AddSingleton<WebhookBell>();
        builder.Services.AddSingleton(services => new WebhookClient(settings.Webhooks.AllowPrivateTargets, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<WebhookSender>(services));
        return builder;
    }
}
