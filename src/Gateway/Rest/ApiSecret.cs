using System.Security.Cryptography;
using System.Text;
using Gateway.Provisioning;

namespace Gateway.Rest;

/// <summary>
/// One api_secret to compare with. Digests under a key of this process are compared, so neither the secret's length nor how much of it is right shows in
/// the time it takes; of a secret that is stored as a slow hash the digest is known once it was proven.
/// </summary>
internal sealed class ApiSecret
{
    public const int DigestOctets = HMACSHA256.HashSizeInBytes;
    private const int MostOctets = 256; // of secrets as they are given out

    private static readonly byte[] ProcessKey = RandomNumberGenerator.GetBytes(32);

    private readonly SecretHash? _hash;
    private volatile byte[]? _known;

    /// <param name="stored">A <see cref="SecretHash"/>, or the secret itself as the settings have it.</param>
    public ApiSecret(string stored)
    {
        _hash = SecretHash.TryParse(stored);
        if (_hash is not null) return;
        _known = new byte[DigestOctets];
        Digest(stored, _known);
    }

    public bool IsHashed => _hash is not null;

    public static void Digest(string secret, Span<byte> digest)
    {
        Span<byte> most = stackalloc byte[MostOctets];
        var octets = Encoding.UTF8.TryGetBytes(secret, most, out var length) ? most[..length] : Encoding.UTF8.GetBytes(secret);
        HMACSHA256.HashData(ProcessKey, octets, digest);
    }

    public bool IsKnown(ReadOnlySpan<byte> digest) => _known is { } known && CryptographicOperations.FixedTimeEquals(known, digest);

    /// <summary>Takes tens of milliseconds, and what is right is known from then on.</summary>
    public bool Prove(string secret, byte[] digest)
    {
        if (_hash?.Is(secret) != true) return false;
        _known = digest;
        return true;
    }
}
