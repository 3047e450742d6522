using Gateway.Provisioning;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Routing;

public static class RoutingExtensions
{
    public static WebApplicationBuilder AddRouting(this WebApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton<LiveDirectory>();
        builder.Services.AddSingleton<NumberPlan>().AddSingleton<Router>().AddSingleton<Identities>();
        return builder;
    }
}
