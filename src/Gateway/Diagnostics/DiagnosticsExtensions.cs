using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using OpenTelemetry.Metrics;

namespace Gateway.Diagnostics;

public static class DiagnosticsExtensions
{
    private const string Ready = "ready";

    public static WebApplicationBuilder AddDiagnostics(this WebApplicationBuilder builder)
    {
        // What keeps the program from starting is told in one line (GatewayRun), not by the host with a stack.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.AddHealthChecks().AddCheck<Readiness>("gateway", tags: [Ready]);
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter("Gateway", "Gateway.Sip", "Gateway.Store", "Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddRuntimeInstrumentation()
            .AddPrometheusExporter());
        return builder;
    }

    public static WebApplication MapDiagnostics(this WebApplication app)
    {
        app.MapHealthChecks("/healthz/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/healthz/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Ready) });
        app.MapPrometheusScrapingEndpoint();
        return app;
    }
}
