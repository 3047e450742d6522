using System.Collections.Frozen;
using System.Globalization;
using Gateway.Sip;

namespace Gateway.Registration;

/// <summary>The subscribers who authenticate here by digest. Whoever guesses is held off (<see cref="Guesses"/>).</summary>
public sealed class RegistrarUsers
{
    private readonly DigestServer _digest;
    private readonly FrozenDictionary<string, User> _byUsername;
    private readonly FrozenDictionary<string, User> _byMsisdn;
    private readonly Guesses _guesses;

    public RegistrarUsers(SipSettings settings, TimeProvider time)
    {
        _guesses = new Guesses(time);
        _digest = new DigestServer(new DigestServerOptions { Realm = settings.Domain, Algorithms = [DigestAlgorithm.Md5, DigestAlgorithm.Sha256, DigestAlgorithm.Sha512t256] }, time);
        var users = (settings.Registrar.Enabled ? settings.Registrar.Users : []).Select(user => new User(user, settings.Domain)).ToList();
        _byUsername = users.ToFrozenDictionary(user => user.Username, StringComparer.Ordinal);
        _byMsisdn = users.ToFrozenDictionary(user => user.Msisdn, StringComparer.Ordinal);
    }

    public bool Has(string msisdn) => _byMsisdn.ContainsKey(msisdn);

    /// <summary>Null when the request proves to be this subscriber's; else the answer it gets.</summary>
    public SipResponse? Refusal(SipRequest request, SipFlow flow, string msisdn)
    {
        var source = flow.Remote.Address;
        var verdict = _digest.Verify(request, HashA1Of, out var username);
        var claimed = _byUsername.GetValueOrDefault(username);
        if (claimed is not null && _guesses.LockedFor(claimed.Username, source) is { } locked)
        {
            var refused = request.CreateResponse(403, "Locked");
            refused.Headers.Add(HeaderName.RetryAfter, ((int)Math.Ceiling(locked.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
            return refused;
        }
        switch (verdict)
        {
            case DigestVerdict.Accepted:
                _guesses.Forgive(claimed!.Username, source);
                // The right password of somebody else is no right to this number.
                return claimed.Msisdn == msisdn ? null : request.CreateResponse(403);
            case DigestVerdict.Malformed:
                return request.CreateResponse(400, "Malformed Authorization");
            case DigestVerdict.Wrong:
                if (claimed is not null) _guesses.Add(claimed.Username, source);
                break;
        }
        var challenge = request.CreateResponse(401);
        // The SIP libraries of browsers know MD5 alone and read the last challenge.
        _digest.Challenge(challenge, stale: verdict is DigestVerdict.Stale or DigestVerdict.Replayed,
            preferredLast: flow.Kind is SipTransportKind.Ws or SipTransportKind.Wss);
        return challenge;
    }

    private string? HashA1Of(string username, DigestAlgorithm algorithm) => _byUsername.GetValueOrDefault(username)?.HashA1(algorithm);

    private sealed class User(RegistrarUserSettings settings, string realm)
    {
        public string Msisdn { get; } = settings.Number.TrimStart('+');
        public string Username { get; } = settings.Username ?? settings.Number.TrimStart('+');

        public string HashA1(DigestAlgorithm algorithm) => DigestAlgorithms.HashA1(algorithm, Username, realm, settings.Password);
    }
}
