using System.Net;

namespace Gateway.Sip.Transactions;

/// <summary>
/// Counts the requests of each remote address in the running second, for
/// <see cref="SipEndpointOptions.MaxRequestsPerSecondPerPeer"/>.
/// </summary>
internal sealed class PeerRates(int limit, TimeProvider time)
{
    /// <summary>Addresses counted in one second; of more than these, the later ones pass uncounted until the second is over.</summary>
    private const int Counted = 65_536;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _counts = [];
    private long _second = time.GetTimestamp();

    public bool IsExceededBy(IPAddress peer)
    {
        lock (_lock)
        {
            if (time.GetElapsedTime(_second) >= TimeSpan.FromSeconds(1))
            {
                _counts.Clear();
                _second = time.GetTimestamp();
            }

            var count = _counts.GetValueOrDefault(peer);
            if (count >= limit)
                return true;
            if (count > 0 || _counts.Count < Counted)
                _counts[peer] = count + 1;
            return false;
        }
    }
}
