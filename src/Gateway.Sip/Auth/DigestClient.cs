using System.Security.Cryptography;

namespace Gateway.Sip;

/// <summary>
/// RFC 3261 §22 as user agent client, RFC 8760 for the algorithms: answers challenges for one user, and keeps using the nonce, counting,
/// until
/// it is challenged anew. One object for each user and peer; safe for several threads.
/// </summary>
public sealed class DigestClient
{
    private readonly string _username;
    private readonly string _password;
    private readonly Func<string> _newCnonce;
    private readonly Lock _lock = new();
    private Answer? _server;
    private Answer? _proxy;

    public DigestClient(string username, string password)
        : this(username, password, () => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)))
    {
    }

    internal DigestClient(string username, string password, Func<string> newCnonce)
    {
        _username = username;
        _password = password;
        _newCnonce = newCnonce;
    }

    /// <summary>
    /// Answers the first challenge of the 401 or 407 that can be answered (RFC 8760 §2.4: the server lists them by preference). The caller
    /// sends
    /// the request again with a new branch and CSeq. False when there is none, or when this very request was refused with our answer to a
    /// nonce
    /// that is not stale: the password is wrong, and asking again would not help (RFC 3261 §22.2).
    /// </summary>
    public bool TryAuthorize(SipRequest request, SipResponse challenge)
    {
        var isProxy = challenge.StatusCode == 407;
        foreach (var octets in challenge.Headers.Values(isProxy ? HeaderName.ProxyAuthenticate : HeaderName.WwwAuthenticate))
        {
            if (!DigestChallenge.TryParse(octets, out var offered)) continue;
            if (!offered.Stale && WasAnswered(request, offered, isProxy)) return false;

            lock (_lock)
            {
                var answer = new Answer(offered);
                if (isProxy) _proxy = answer;
                else _server = answer;
            }

            Authorize(request);
            return true;
        }

        return false;
    }

    /// <summary>Adds credentials for the nonces known so far, so that a refresh needs no challenge; nothing when there is none.</summary>
    public void Authorize(SipRequest request)
    {
        DigestCredentials? server, proxy;
        lock (_lock)
        {
            server = Next(_server, request);
            proxy = Next(_proxy, request);
        }

        if (server is not null) request.Headers.Set(HeaderName.Authorization, server.ToString());
        if (proxy is not null) request.Headers.Set(HeaderName.ProxyAuthorization, proxy.ToString());
    }

    // The request carries our answer for this realm, and still it is challenged: with the same nonce, or with a fresh one that is not
    // called stale.
    private bool WasAnswered(SipRequest request, DigestChallenge offered, bool isProxy)
    {
        var name = isProxy ? HeaderName.ProxyAuthorization : HeaderName.Authorization;
        if (!request.Headers.TryGet<DigestCredentials>(name, out var sent) || sent.Realm != offered.Realm) return false;

        if (sent.Nonce == offered.Nonce) return true;

        // A nonce in use for long may have been forgotten by the server; one used for the first time cannot.
        lock (_lock)
        {
            var answer = isProxy ? _proxy : _server;
            return (sent.Qop is null ? answer?.Uses : sent.NonceCount) <= 1;
        }
    }

    private DigestCredentials? Next(Answer? answer, SipRequest request)
    {
        if (answer is null) return null;

        var challenge = answer.Challenge;
        answer.Uses++;
        var credentials = new DigestCredentials(_username, challenge.Realm, challenge.Nonce, request.RequestUri.ToString())
        {
            Algorithm = DigestAlgorithms.NameOf(challenge.Algorithm),
            Opaque = challenge.Opaque,
            Qop = challenge.OffersAuth ? "auth" : null,
            Cnonce = challenge.OffersAuth ? _newCnonce() : null,
            NonceCount = challenge.OffersAuth ? answer.Uses : 0,
        };
        answer.HashA1 ??= DigestAlgorithms.HashA1(challenge.Algorithm, _username, challenge.Realm, _password);
        return credentials with { Response = DigestAlgorithms.Response(challenge.Algorithm, answer.HashA1, credentials, request.Method) };
    }

    private sealed class Answer(DigestChallenge challenge)
    {
        public readonly DigestChallenge Challenge = challenge;
        public uint Uses;
        public string? HashA1;
    }
}
