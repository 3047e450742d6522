using System.Globalization;
using System.Security.Cryptography;

namespace Gateway.Provisioning;

/// <summary>
/// A secret that is only ever compared: PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2), written as <c>pbkdf2-sha256$rounds$salt$hash</c>. Slow on purpose;
/// whoever verifies often remembers what was right.
/// </summary>
internal sealed record SecretHash(int Rounds, byte[] Salt, byte[] Hash)
{
    public const int DefaultRounds = 100_000;
    private const string Scheme = "pbkdf2-sha256";
    private const int MaxRounds = 10_000_000;
    private const int Octets = 32;

    public static string Of(string secret)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var hash = Rfc2898DeriveBytes.Pbkdf2(secret, salt, DefaultRounds, HashAlgorithmName.SHA256, Octets);
        return string.Create(CultureInfo.InvariantCulture, $"{Scheme}${DefaultRounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
    }

    public static SecretHash? TryParse(string? text)
    {
        if (text?.Split('$') is not [Scheme, var rounds, var salt, var hash]
            || !int.TryParse(rounds, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MaxRounds)
            return null;
        Span<byte> octets = stackalloc byte[Octets];
        Span<byte> salted = stackalloc byte[64];
        return Convert.TryFromBase64String(hash, octets, out var written) && written == Octets && Convert.TryFromBase64String(salt, salted, out var salts)
            ? new SecretHash(count, salted[..salts].ToArray(), octets.ToArray())
            : null;
    }

    /// <summary>Takes tens of milliseconds of CPU.</summary>
    public bool Is(string secret) =>
        CryptographicOperations.FixedTimeEquals(Hash, Rfc2898DeriveBytes.Pbkdf2(secret, Salt, Rounds, HashAlgorithmName.SHA256, Hash.Length));
}
