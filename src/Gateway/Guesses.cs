using System.Net;
using System.Net.Sockets;

namespace Gateway;

/// <summary>
/// Wrong passwords and keys, counted for each user at each source, so that whoever guesses is held off and the user himself, elsewhere, is not: after
/// <see cref="Allowed"/> in a row that source is locked for this user, twice as long each time, up to an hour. An hour without a guess forgives.
/// </summary>
internal sealed class Guesses(TimeProvider time)
{
    public const int Allowed = 5;
    public const int Remembered = 65_536;
    private static readonly TimeSpan LongestLock = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Username, IPAddress Source), Count> _counts = [];

    public TimeSpan? LockedFor(string username, IPAddress source)
    {
        lock (_lock)
        {
            return _counts.TryGetValue((username, SourceOf(source)), out var count) && count.LockedUntil - time.GetUtcNow() is { Ticks: > 0 } left ? left : null;
        }
    }

    public void Add(string username, IPAddress source)
    {
        var key = (username, SourceOf(source));
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (!_counts.TryGetValue(key, out var count) || IsOver(count, now)) count = new Count(0, default, now);
            if (_counts.Count >= Remembered) Forget(now);
            var number = count.Number + 1;
            var locked = number < Allowed ? default : now + Min(LongestLock, TimeSpan.FromSeconds(1 << Math.Min(number - Allowed, 20)));
            _counts[key] = new Count(number, locked, now);
        }
    }

    public void Forgive(string username, IPAddress source)
    {
        lock (_lock) _counts.Remove((username, SourceOf(source)));
    }

    /// <summary>Makes room: what is over, else whoever is not locked, else who guessed longest ago.</summary>
    private void Forget(DateTimeOffset now)
    {
        Remove(count => IsOver(count, now));
        if (_counts.Count >= Remembered) Remove(count => count.LockedUntil <= now);
        if (_counts.Count >= Remembered) _counts.Remove(_counts.MinBy(entry => entry.Value.Last).Key);

        void Remove(Predicate<Count> forgotten)
        {
            foreach (var (key, count) in _counts)
                if (forgotten(count)) _counts.Remove(key);
        }
    }

    private static bool IsOver(Count count, DateTimeOffset now) => now - count.Last > LongestLock && count.LockedUntil <= now;

    /// <summary>Of IPv6 the /64: a host has all of it to choose from.</summary>
    private static IPAddress SourceOf(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var octets = address.GetAddressBytes();
        octets.AsSpan(8).Clear();
        return new IPAddress(octets);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private readonly record struct Count(int Number, DateTimeOffset LockedUntil, DateTimeOffset Last);
}
