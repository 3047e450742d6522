using System.Collections.Concurrent;
using Gateway.Provisioning;

namespace Gateway.Carriers;

/// <summary>The carriers of the directory by name, in whatever case it is written. Others may take their place while messages are under way.</summary>
public sealed class CarrierRegistry(LiveDirectory directory, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Carrier> _carriers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();

    /// <summary>The way out to this carrier, or null if there is none of that name. With other settings it is another one.</summary>
    public Carrier? Find(string name)
    {
        var known = _carriers.GetValueOrDefault(name);
        return ReferenceEquals(known?.Settings, directory.Current.Carrier(name)) ? known : Replace(name);
    }

    private Carrier? Replace(string name)
    {
        lock (_lock)
        {
            var settings = directory.Current.Carrier(name);
            if (_carriers.TryGetValue(name, out var known))
            {
                if (ReferenceEquals(known.Settings, settings)) return known;
                _carriers.TryRemove(name, out _);
                known.Retire();
            }
            return settings is null ? null : _carriers[name] = New(settings);
        }
    }

    private Carrier New(CarrierSettings settings) => settings.Kind switch
    {
        CarrierSettings.Kannel   => new KannelCarrier(settings, time),
        CarrierSettings.HttpKind => new HttpCarrier(settings, time),
        _                        => new NexmoCarrier(settings, time),
    };
}
