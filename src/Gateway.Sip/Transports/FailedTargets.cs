using System.Collections.Concurrent;

namespace Gateway.Sip.Transports;

/// <summary>
/// Which targets failed lately. They are tried after the others for a while, and never left out: a 503 that a proxy merely passed on
/// from one handset must not shut the only way to all others.
/// </summary>
internal sealed class FailedTargets(TimeSpan hold, TimeProvider time)
{
    private const int Remembered = 4_096;

    private readonly ConcurrentDictionary<ServerAddress, long> _failedAt = new();
    private int _count;

    public IReadOnlyList<ServerAddress> Last(IReadOnlyList<ServerAddress> servers) =>
        servers.Count == 1 || Volatile.Read(ref _count) == 0 ? servers : [.. servers.OrderBy(IsHeld)];   // a stable sort

    public bool IsHeld(ServerAddress server) =>
        Volatile.Read(ref _count) != 0 && _failedAt.TryGetValue(server, out var at) && time.GetElapsedTime(at) < hold;

    public void Failed(ServerAddress server)
    {
        if (Volatile.Read(ref _count) >= Remembered)
            Forget();
        if (_failedAt.TryAdd(server, time.GetTimestamp()))
            Interlocked.Increment(ref _count);
        else
            _failedAt[server] = time.GetTimestamp();
    }

    public void Succeeded(ServerAddress server)
    {
        if (Volatile.Read(ref _count) != 0 && _failedAt.TryRemove(server, out _))
            Interlocked.Decrement(ref _count);
    }

    private void Forget()
    {
        foreach (var (server, _) in _failedAt)
            Succeeded(server);
    }
}
