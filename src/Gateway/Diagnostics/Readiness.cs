using Gateway.Inbound;
using Gateway.Store;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace Gateway.Diagnostics;

/// <summary>/healthz/ready: the store is migrated and writable, SIP listens, the silo is up.</summary>
internal sealed class Readiness(GatewayStore store, SipHost sip, ISiloStatusOracle silo, IHostApplicationLifetime lifetime) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancel)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested) return HealthCheckResult.Unhealthy("about to stop");
        if (!sip.Listening) return HealthCheckResult.Unhealthy("SIP does not listen");
        if (silo.CurrentStatus != SiloStatus.Active) return HealthCheckResult.Unhealthy($"silo is {silo.CurrentStatus}");
        return await store.IsReadyAsync(cancel) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("store is not migrated or not writable");
    }
}
