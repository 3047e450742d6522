using System.Collections.Frozen;

namespace Gateway.Carriers;

/// <summary>The carriers of the settings by name, in whatever case it is written.</summary>
public sealed class CarrierRegistry(GatewaySettings settings, IHttpClientFactory clients, TimeProvider time)
{
    private readonly FrozenDictionary<string, CarrierSettings> _settings =
        settings.Carriers.ToFrozenDictionary(carrier => carrier.Name, StringComparer.OrdinalIgnoreCase);

    private readonly FrozenDictionary<string, NexmoCarrier> _carriers = settings.Carriers.ToFrozenDictionary(
        carrier => carrier.Name, carrier => new NexmoCarrier(carrier, clients, time), StringComparer.OrdinalIgnoreCase);

    public CarrierSettings? Settings(string name) => _settings.GetValueOrDefault(name);

    /// <summary>The way out to this carrier, or null if there is none of that name.</summary>
    public NexmoCarrier? Find(string name) => _carriers.GetValueOrDefault(name);
}
