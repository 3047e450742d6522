using System.Net;

namespace Gateway;

/// <summary>Addresses as settings name them: <c>10.1.2.3</c> is that address alone, <c>10.1.2.3/8</c> the network it lies in.</summary>
internal sealed class Networks(IEnumerable<string> networks)
{
    private readonly IPNetwork[] _networks = [.. networks.Select(Parse)];

    public bool IsEmpty => _networks.Length == 0;

    public bool Contain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var network in _networks)
            if (network.Contains(address)) return true;
        return false;
    }

    public static bool IsOne(string? text) => IPNetwork.TryParse(text, out _) || IPAddress.TryParse(text, out _);

    private static IPNetwork Parse(string text)
    {
        if (IPNetwork.TryParse(text, out var network)) return network;
        var address = IPAddress.Parse(text);
        return new IPNetwork(address, address.GetAddressBytes().Length * 8);
    }
}
