using System.Security.Cryptography;
using System.Text;

namespace Gateway.Sip;

/// <summary>RFC 8760 §2.1. In the order of strength, weakest first.</summary>
public enum DigestAlgorithm : byte
{
    Md5,
    Sha256,
    Sha512t256,
}

/// <summary>The hash functions of RFC 7616 §3.2 and what is computed with them.</summary>
public static class DigestAlgorithms
{
    /// <summary>The value of the algorithm parameter.</summary>
    public static string NameOf(DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Md5 => "MD5",
        DigestAlgorithm.Sha256 => "SHA-256",
        _ => "SHA-512-256",
    };

    /// <summary>Without the parameter it is MD5 (RFC 7616 §3.3); the -sess forms and AKA are not served.</summary>
    public static DigestAlgorithm? Find(string? name)
    {
        if (name is null) return DigestAlgorithm.Md5;

        foreach (var algorithm in Enum.GetValues<DigestAlgorithm>())
        {
            if (name.Equals(NameOf(algorithm), StringComparison.OrdinalIgnoreCase)) return algorithm;
        }

        return null;
    }

    /// <summary>H(A1) of RFC 7616 §3.4.2, in lower-case hex: what a user table keeps in place of the password.</summary>
    public static string HashA1(DigestAlgorithm algorithm, string username, string realm, string password) =>
        Hash(algorithm, $"{username}:{realm}:{password}");

    /// <summary>request-digest of RFC 7616 §3.4.1; without qop the older form of RFC 2617 §3.2.2.1.</summary>
    public static string Response(DigestAlgorithm algorithm, string hashA1, DigestCredentials credentials, string method)
    {
        var hashA2 = Hash(algorithm, $"{method}:{credentials.Uri}");
        return credentials.Qop is null
            ? Hash(algorithm, $"{hashA1}:{credentials.Nonce}:{hashA2}")
            : Hash(algorithm, $"{hashA1}:{credentials.Nonce}:{credentials.NonceCount:x8}:{credentials.Cnonce}:{credentials.Qop}:{hashA2}");
    }

    private static string Hash(DigestAlgorithm algorithm, string text)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        return Convert.ToHexStringLower(algorithm switch
        {
            DigestAlgorithm.Md5 => MD5.HashData(octets),
            DigestAlgorithm.Sha256 => SHA256.HashData(octets),
            _ => Sha512t256.Hash(octets),
        });
    }
}
