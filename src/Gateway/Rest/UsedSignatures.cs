using System.Buffers.Binary;

namespace Gateway.Rest;

/// <summary>
/// Signatures of one account that were accepted while their timestamps are still good: the same one again is a replay. Two generations, each of
/// the ten minutes that a timestamp can stay within its window, so that forgetting costs nothing. The account's request rate bounds how many
/// there can be; should there be more all the same, no further signed request passes until the older generation goes.
/// </summary>
internal sealed class UsedSignatures(TimeProvider time, int capacity = 500_000)
{
    /// <summary>A timestamp five minutes ahead is good until five minutes after it.</summary>
    private static readonly TimeSpan Generation = 2 * Authentication.TimestampTolerance;

    private readonly Lock _lock = new();
    private HashSet<UInt128> _current = [], _previous = [];
    private long _turnedAt = time.GetTimestamp();

    /// <summary>False: it was used before, or there is no room to remember it.</summary>
    public bool TryUse(string signature)
    {
        var key = Key(signature);
        lock (_lock)
        {
            Turn();
            return _current.Count < capacity && !_previous.Contains(key) && _current.Add(key);
        }
    }

    /// <summary>The request it signed was not taken after all: the client may send it again as it is.</summary>
    public void Release(string signature)
    {
        var key = Key(signature);
        lock (_lock)
        {
            _current.Remove(key);
            _previous.Remove(key);
        }
    }

    private void Turn()
    {
        var age = time.GetElapsedTime(_turnedAt);
        if (age < Generation)
            return;
        (_previous, _current) = (age < 2 * Generation ? _current : [], []);
        _turnedAt = time.GetTimestamp();
    }

    // The first 128 bits are the whole of an MD5 and plenty of the others.
    private static UInt128 Key(string signature) => BinaryPrimitives.ReadUInt128BigEndian(Convert.FromHexString(signature.AsSpan(0, 32)));
}
