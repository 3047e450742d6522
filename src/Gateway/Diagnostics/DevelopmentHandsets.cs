using System.Net;
using Gateway.Handset;
using Gateway.Sip;

namespace Gateway.Diagnostics;

/// <summary>
/// The two handsets of the Development world: they register here over real SIP, with a password, and print what they receive. They are there only
/// while the gateway is its own network, since only then their passwords are known to a registrar.
/// </summary>
internal sealed class DevelopmentHandsets(DevelopmentWorld world, GatewaySettings settings, SipEndpoint endpoint, TimeProvider time, ILoggerFactory loggers)
    : IHostedService
{
    private readonly List<Handset.Handset> _handsets = [];

    public async Task StartAsync(CancellationToken cancel)
    {
        if (!settings.Sip.Registrar.Users.Exists(user => user.Password == world.HandsetPassword)) return;
        if (endpoint.Bound.FirstOrDefault(address => address.Kind == SipTransportKind.Udp) is not { } udp) return;
        foreach (var (kind, number) in new[] { (HandsetKind.Volte, world.VolteNumber), (HandsetKind.Ott, world.OttNumber) })
        {
            var handset = new Handset.Handset(new HandsetOptions
            {
                Kind = kind,
                Number = $"+{number}",
                Registrar = SipUri.Create(null, Reachable(udp.EndPoint)),
                Domain = settings.Sip.Domain,
                Password = world.HandsetPassword,
                Listen = new IPEndPoint(Reachable(udp.EndPoint).Address, 0),
                ServiceCentre = SipUri.Parse(settings.Sip.ServiceCentreIdentity),
            }, time, loggers);
            handset.OnText += text => Console.WriteLine($"[{kind} +{number}] {text.From}: {text.Text}");
            await handset.StartAsync(cancel);
            _handsets.Add(handset);
        }
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        foreach (var handset in _handsets) await handset.DisposeAsync();
    }

    private static IPEndPoint Reachable(IPEndPoint bound) =>
        bound.Address.Equals(IPAddress.Any) ? new IPEndPoint(IPAddress.Loopback, bound.Port)
        : bound.Address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(IPAddress.IPv6Loopback, bound.Port) : bound;
}
