using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Sip;

/// <summary>
/// Nonces of one process: 8 octets time, 8 random, 16 of HMAC-SHA-256 over both, in hex. Only those that were used are kept, with a window
/// of the
/// counts seen: UDP may swap two requests, so a count is refused when it was seen or lies more than 63 behind.
/// </summary>
internal sealed class NonceTable(TimeSpan lifetime, int capacity, TimeProvider time)
{
    private const int SignedSize = 16;
    private const int MacSize = 16;
    private const int WindowSize = 64;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Dictionary<string, Window> _used = [];
    private readonly Queue<(string Nonce, long Created)> _inOrderOfUse = new();
    private readonly Lock _lock = new();

    // A nonce that was dropped to make room must not come back as one never used: nothing as old as it is taken any more.
    private long _floor;

    public string Create()
    {
        Span<byte> nonce = stackalloc byte[SignedSize + MacSize];
        BinaryPrimitives.WriteInt64BigEndian(nonce, Now());
        RandomNumberGenerator.Fill(nonce[8..SignedSize]);
        Sign(nonce[..SignedSize], nonce[SignedSize..]);
        return Convert.ToHexStringLower(nonce);
    }

    /// <summary>Accepted, Stale or Replayed.</summary>
    public DigestVerdict Use(string nonce, uint count)
    {
        if (!IsOurs(nonce, out var created) || Now() - created > lifetime.TotalMilliseconds) return DigestVerdict.Stale;

        lock (_lock)
        {
            if (created <= _floor) return DigestVerdict.Stale;

            if (!_used.TryGetValue(nonce, out var window))
            {
                MakeRoom();
                _used.Add(nonce, window = new Window());
                _inOrderOfUse.Enqueue((nonce, created));
            }

            return window.TryTake(count) ? DigestVerdict.Accepted : DigestVerdict.Replayed;
        }
    }

    private void MakeRoom()
    {
        var oldest = Now() - (long)lifetime.TotalMilliseconds;
        while (_inOrderOfUse.TryPeek(out var first) && (first.Created < oldest || _used.Count >= capacity))
        {
            _inOrderOfUse.Dequeue();
            _used.Remove(first.Nonce);
            _floor = Math.Max(_floor, first.Created);
        }
    }

    private bool IsOurs(string nonce, out long created)
    {
        created = 0;
        Span<byte> octets = stackalloc byte[SignedSize + MacSize];
        // Upper-case digits would make a second spelling of a used nonce.
        if (nonce.Length != octets.Length * 2 || nonce.AsSpan().ContainsAnyInRange('A', 'F')) return false;
        if (Convert.FromHexString(nonce, octets, out _, out _) != System.Buffers.OperationStatus.Done) return false;

        Span<byte> mac = stackalloc byte[MacSize];
        Sign(octets[..SignedSize], mac);
        created = BinaryPrimitives.ReadInt64BigEndian(octets);
        return CryptographicOperations.FixedTimeEquals(mac, octets[SignedSize..]);
    }

    private void Sign(ReadOnlySpan<byte> signed, Span<byte> mac)
    {
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, signed, whole);
        whole[..MacSize].CopyTo(mac);
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private sealed class Window
    {
        private uint _highest;
        private ulong _seen;

        public bool TryTake(uint count)
        {
            if (count == 0) return false;

            if (count > _highest)
            {
                var step = count - _highest;
                _seen = step >= WindowSize ? 1 : (_seen << (int)step) | 1;
                _highest = count;
                return true;
            }

            var behind = _highest - count;
            if (behind >= WindowSize || (_seen & (1UL << (int)behind)) != 0) return false;

            _seen |= 1UL << (int)behind;
            return true;
        }
    }
}
