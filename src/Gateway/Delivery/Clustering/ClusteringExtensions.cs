using System.Net;
using Orleans.Configuration;

namespace Gateway.Delivery.Clustering;

internal static class ClusteringExtensions
{
    private const string Id = "gateway";

    public static ISiloBuilder AddClustering(this ISiloBuilder silo, ClusterSettings settings)
    {
        var address = IPAddress.Parse(settings.AdvertisedAddress);
        if (settings.IsSingle)
        {
            silo.UseLocalhostClustering(settings.SiloPort, settings.GatewayPort);
            return silo.Configure<EndpointOptions>(options => options.AdvertisedIPAddress = address);
        }
        silo.Services.AddSingleton<IMembershipTable, StoreMembershipTable>();
        silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (Id, Id));
        silo.ConfigureEndpoints(address, settings.SiloPort, settings.GatewayPort);
        // A killed node's recipients are to be served within 5 s: its broken connections tell at once, a machine that falls silent is missed
        // after two probes. Two votes of different nodes are needed where there are three.
        return silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 2;
            options.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(30);
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            // A node that starts after a crash of all does not wait for the dead ones longer than three of these.
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
        });
    }
}
