using System.Security.Cryptography;
using System.Text;

namespace Gateway.Sip;

public enum DigestVerdict : byte
{
    Accepted,

    /// <summary>No credentials for our realm: challenge.</summary>
    NoCredentials,

    /// <summary>Credentials against the grammar, or for another URI than the request's: 400.</summary>
    Malformed,

    /// <summary>Unknown user or wrong password: challenge, and count it against the guesser.</summary>
    Wrong,

    /// <summary>The password is right, the nonce is too old or not from this process: challenge with stale=true.</summary>
    Stale,

    /// <summary>
    /// The password is right, but this nonce count was used before: somebody sends what he heard. Challenge with stale=true.
    /// </summary>
    Replayed,
}

/// <summary>
/// RFC 3261 §22 as user agent server, with the algorithms of RFC 8760. Nonces carry their own time and a MAC, so a challenge costs no
/// memory;
/// the counts of those in use are kept, so that each answer is taken once. Safe for several threads.
/// </summary>
public sealed class DigestServer
{
    // Verified in place of an unknown user's, so that the time taken does not tell who exists.
    private const string NobodysHash = "0123456789abcdef0123456789abcdef";

    private readonly string _realm;
    private readonly DigestAlgorithm[] _algorithms;
    private readonly NonceTable _nonces;

    public DigestServer(DigestServerOptions options, TimeProvider time)
    {
        _realm = options.Realm;
        _algorithms = [.. options.Algorithms];
        _nonces = new NonceTable(options.NonceLifetime, options.MaxNonces, time);
    }

    /// <summary>
    /// Adds one WWW-Authenticate for each algorithm, the preferred first (RFC 8760 §2.3), all with one new nonce; the preferred last for clients that
    /// are known to read only the last.
    /// </summary>
    public void Challenge(SipResponse unauthorized, bool stale = false, bool preferredLast = false)
    {
        var nonce = _nonces.Create();
        foreach (var algorithm in preferredLast ? Enumerable.Reverse(_algorithms) : _algorithms)
        {
            var challenge = new DigestChallenge(_realm, nonce, algorithm) { OffersAuth = true, Stale = stale };
            unauthorized.Headers.Add(HeaderName.WwwAuthenticate, challenge);
        }
    }

    /// <param name="request">Its Authorization headers are looked through for one of our realm.</param>
    /// <param name="hashA1Of">H(A1) of a user for an algorithm (<see cref="DigestAlgorithms.HashA1"/>); null for an unknown user.</param>
    /// <param name="username">Who claims to have sent it, also when the verdict is against him; empty without credentials.</param>
    public DigestVerdict Verify(SipRequest request, Func<string, DigestAlgorithm, string?> hashA1Of, out string username)
    {
        username = "";
        foreach (var octets in request.Headers.Values(HeaderName.Authorization))
        {
            // Another scheme is not for us; RFC 4475 §3.3.7 wants a challenge then, no error.
            if (!AuthParameters.IsDigestScheme(octets)) continue;
            if (!DigestCredentials.TryParse(octets, out var credentials)) return DigestVerdict.Malformed;
            if (credentials.Realm != _realm) continue;

            username = credentials.Username;
            return Verify(request, credentials, hashA1Of);
        }

        return DigestVerdict.NoCredentials;
    }

    private DigestVerdict Verify(SipRequest request, DigestCredentials credentials, Func<string, DigestAlgorithm, string?> hashA1Of)
    {
        var named = DigestAlgorithms.Find(credentials.Algorithm);
        if (named is not { } algorithm || !_algorithms.Contains(algorithm)) return DigestVerdict.NoCredentials;
        if (credentials.Qop is not (null or "auth")) return DigestVerdict.Malformed;

        // RFC 7616 §3.4.6: the digest-uri is to name the resource of the Request-URI.
        if (!SipUri.TryParse(credentials.Uri, out var uri) || uri != request.RequestUri) return DigestVerdict.Malformed;

        var hashA1 = hashA1Of(credentials.Username, algorithm);
        var expected = DigestAlgorithms.Response(algorithm, hashA1 ?? NobodysHash, credentials, request.Method);
        var matches = CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(credentials.Response.ToLowerInvariant()));
        if (!matches || hashA1 is null) return DigestVerdict.Wrong;

        // The older form has no count: its nonce is good for one request.
        return _nonces.Use(credentials.Nonce, credentials.Qop is null ? 1 : credentials.NonceCount);
    }
}
