using System.Runtime.CompilerServices;
using Gateway.Provisioning;

namespace Gateway.Carriers;

/// <summary>The carriers of the directory by name, in whatever case it is written.</summary>
public sealed class CarrierRegistry(LiveDirectory directory, IHttpClientFactory clients, TimeProvider time)
{
    // A carrier whose settings do not change keeps its way out, and all that belongs to it.
    private readonly ConditionalWeakTable<CarrierSettings, NexmoCarrier> _carriers = [];

    public CarrierSettings? Settings(string name) => directory.Current.Carrier(name);

    /// <summary>The way out to this carrier, or null if there is none of that name.</summary>
    public NexmoCarrier? Find(string name) =>
        Settings(name) is { } settings ? _carriers.GetValue(settings, carrier => new NexmoCarrier(carrier, clients, time)) : null;
}
