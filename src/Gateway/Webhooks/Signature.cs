using System.Security.Cryptography;
using System.Text;

namespace Gateway.Webhooks;

/// <summary>How an account signs: MD5 over text and secret, or an HMAC keyed with it.</summary>
public enum SignatureMethod : byte { Md5Hash, Md5, Sha1, Sha256, Sha512 }

/// <summary>
/// Nexmo's <c>sig</c>, the same for requests we get and webhooks we send: fields in ordinal order of their keys, each as <c>&amp;key=value</c>
/// (the first too) with <c>&amp;</c> and <c>=</c> in values replaced by <c>_</c>, digested with the account's signature secret.
/// </summary>
public static class Signature
{
    public const string Field = "sig";

    public static bool TryParseMethod(string? text, out SignatureMethod method)
    {
        (var known, method) = text?.ToLowerInvariant() switch
        {
            "md5hash" => (true, SignatureMethod.Md5Hash),
            "md5"     => (true, SignatureMethod.Md5),
            "sha1"    => (true, SignatureMethod.Sha1),
            "sha256"  => (true, SignatureMethod.Sha256),
            "sha512"  => (true, SignatureMethod.Sha512),
            _         => (false, default),
        };
        return known;
    }

    /// <summary>The digest in hexadecimal, in the case that SDKs comparing exactly (.NET, Ruby) expect: md5hash lower, HMAC upper.</summary>
    public static string Sign(SignatureMethod method, string secret, IEnumerable<KeyValuePair<string, string>> fields)
    {
        var digest = Digest(method, secret, fields);
        return method == SignatureMethod.Md5Hash ? Convert.ToHexStringLower(digest) : Convert.ToHexString(digest);
    }

    /// <summary>Compares in constant time and blind to case; a <c>sig</c> among the fields is left out.</summary>
    public static bool Verify(SignatureMethod method, string secret, IEnumerable<KeyValuePair<string, string>> fields, string signature)
    {
        var expected = Digest(method, secret, fields);
        Span<byte> given = stackalloc byte[SHA512.HashSizeInBytes];
        // Hexadecimal of another length, or none at all, cannot match any digest of this method.
        return signature.Length == 2 * expected.Length
            && Convert.FromHexString(signature, given, out _, out var octets) == System.Buffers.OperationStatus.Done
            && CryptographicOperations.FixedTimeEquals(expected, given[..octets]);
    }

    internal static string Canonical(IEnumerable<KeyValuePair<string, string>> fields)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in fields.Where(f => f.Key != Field).OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            text.Append('&').Append(key).Append('=');
            var start = text.Length;
            text.Append(value).Replace('&', '_', start, value.Length).Replace('=', '_', start, value.Length);
        }
        return text.ToString();
    }

    private static byte[] Digest(SignatureMethod method, string secret, IEnumerable<KeyValuePair<string, string>> fields)
    {
        var text = Encoding.UTF8.GetBytes(method == SignatureMethod.Md5Hash ? Canonical(fields) + secret : Canonical(fields));
        var key = Encoding.UTF8.GetBytes(secret);
        return method switch
        {
            SignatureMethod.Md5Hash => MD5.HashData(text),
            SignatureMethod.Md5     => HMACMD5.HashData(key, text),
            SignatureMethod.Sha1    => HMACSHA1.HashData(key, text),
            SignatureMethod.Sha256  => HMACSHA256.HashData(key, text),
            SignatureMethod.Sha512  => HMACSHA512.HashData(key, text),
            _ => throw new ArgumentOutOfRangeException(nameof(method)),
        };
    }
}
