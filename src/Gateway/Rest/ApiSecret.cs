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
    private static readonly byte[] ProcessKey = RandomNumberGenerator.GetBytes(32);

    private readonly SecretHash? _hash;
    private volatile byte[]? _known;

    /// <param name="stored">A <see cref="SecretHash"/>, or the secret itself as the settings have it.</param>
    public ApiSecret(string stored)
    {
        _hash = SecretHash.TryParse(stored);
        if (_hash is null) _known = Digest(stored);
    }

    public bool IsHashed => _hash is not null;

    public static byte[] Digest(string secret) => HMACSHA256.HashData(ProcessKey, Encoding.UTF8.GetBytes(secret));

    public bool IsKnown(byte[] digest) => _known is { } known && CryptographicOperations.FixedTimeEquals(known, digest);

    /// <summary>Takes tens of milliseconds, and what is right is known from then on.</summary>
    public bool Prove(string secret, byte[] digest)
    {
        if (_hash?.Is(secret) != true) return false;
        _known = digest;
        return true;
    }
}
