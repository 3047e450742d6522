using System.Globalization;
using Gateway.Provisioning;
using Gateway.Sip;

namespace Gateway.Registration;

/// <summary>The subscribers who authenticate here by digest. Whoever guesses is held off (<see cref="Guesses"/>).</summary>
public sealed class RegistrarUsers
{
    private readonly DigestServer _digest;
    private readonly Guesses _guesses;
    private readonly LiveDirectory _directory;
    private readonly bool _enabled;
    private readonly string _realm;

    public RegistrarUsers(SipSettings settings, LiveDirectory directory, TimeProvider time)
    {
        (_directory, _enabled, _realm) = (directory, settings.Registrar.Enabled, settings.Domain);
        _guesses = new Guesses(time);
        _digest = new DigestServer(new DigestServerOptions { Realm = settings.Domain, Algorithms = [DigestAlgorithm.Md5, DigestAlgorithm.Sha256, DigestAlgorithm.Sha512t256] }, time);
    }

    public bool Has(string msisdn) => _enabled && _directory.Current.User(msisdn) is not null;

    /// <summary>Null when the request proves to be this subscriber's; else the answer it gets.</summary>
    public SipResponse? Refusal(SipRequest request, SipFlow flow, string msisdn)
    {
        var source = flow.Remote.Address;
        var verdict = _digest.Verify(request, HashA1Of, out var username);
        var claimed = Named(username);
        if (claimed is not null && _guesses.LockedFor(username, source) is { } locked)
        {
            var refused = request.CreateResponse(403, "Locked");
            refused.Headers.Add(HeaderName.RetryAfter, ((int)Math.Ceiling(locked.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
            return refused;
        }
        switch (verdict)
        {
            case DigestVerdict.Accepted:
                _guesses.Forgive(username, source);
                // The right password of somebody else is no right to this number; nor is that of who was taken from the directory a moment ago.
                return claimed?.Msisdn == msisdn ? null : request.CreateResponse(403);
            case DigestVerdict.Malformed:
                return request.CreateResponse(400, "Malformed Authorization");
            case DigestVerdict.Wrong:
                if (claimed is not null) _guesses.Add(username, source);
                break;
        }
        var challenge = request.CreateResponse(401);
        // The SIP libraries of browsers know MD5 alone and read the last challenge.
        _digest.Challenge(challenge, stale: verdict is DigestVerdict.Stale or DigestVerdict.Replayed,
            preferredLast: flow.Kind is SipTransportKind.Ws or SipTransportKind.Wss);
        return challenge;
    }

    private string? HashA1Of(string username, DigestAlgorithm algorithm) => Named(username) is not { } user ? null
        : user.Hashes is { } hashes ? hashes.HashA1(algorithm)
        : DigestAlgorithms.HashA1(algorithm, username, _realm, user.Password);

    private RegistrarUserSettings? Named(string username) => _enabled ? _directory.Current.UserNamed(username) : null;
}
