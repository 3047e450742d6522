using System.Collections.Frozen;

namespace Gateway.Carriers;

/// <summary>The carriers by name, in whatever case it is written. Others may take their place while messages are under way.</summary>
public sealed class CarrierRegistry
{
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private volatile FrozenDictionary<string, Carrier> _carriers = FrozenDictionary<string, Carrier>.Empty;

    public CarrierRegistry(GatewaySettings settings, TimeProvider time)
    {
        _time = time;
        Replace(settings.Carriers);
    }

    public CarrierSettings? Settings(string name) => Find(name)?.Settings;

    /// <summary>The way out to this carrier, or null if there is none of that name.</summary>
    public Carrier? Find(string name) => _carriers.GetValueOrDefault(name);

    /// <summary>A carrier whose settings are the same object stays as it is, with its connections and its circuit.</summary>
    public void Replace(IEnumerable<CarrierSettings> settings)
    {
        lock (_lock)
        {
            var before = _carriers;
            _carriers = settings.ToFrozenDictionary(carrier => carrier.Name,
                carrier => before.GetValueOrDefault(carrier.Name) is { } same && ReferenceEquals(same.Settings, carrier) ? same : New(carrier),
                StringComparer.OrdinalIgnoreCase);
            foreach (var old in before.Values)
                if (Find(old.Settings.Name) != old) old.Retire();
        }
    }

    private Carrier New(CarrierSettings settings) => settings.Kind switch
    {
        CarrierSettings.Kannel   => new KannelCarrier(settings, _time),
        CarrierSettings.HttpKind => new HttpCarrier(settings, _time),
        _                        => new NexmoCarrier(settings, _time),
    };
}
