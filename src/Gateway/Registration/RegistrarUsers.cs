using System.Collections.Frozen;
using Gateway.Sip;

namespace Gateway.Registration;

/// <summary>
/// The subscribers who authenticate here by digest. Whoever guesses is held off: after <see cref="GuessesAllowed"/> wrong answers in a row the user
/// is locked, twice as long each time, up to an hour.
/// </summary>
public sealed class RegistrarUsers
{
    private const int GuessesAllowed = 5;
    private const int MaxLockSeconds = 3600;

    private readonly DigestServer _digest;
    private readonly FrozenDictionary<string, User> _byUsername;
    private readonly FrozenDictionary<string, User> _byMsisdn;
    private readonly TimeProvider _time;

    public RegistrarUsers(SipSettings settings, TimeProvider time)
    {
        _time = time;
        _digest = new DigestServer(new DigestServerOptions { Realm = settings.Domain, Algorithms = [DigestAlgorithm.Md5, DigestAlgorithm.Sha256, DigestAlgorithm.Sha512t256] }, time);
        var users = (settings.Registrar.Enabled ? settings.Registrar.Users : []).Select(user => new User(user, settings.Domain)).ToList();
        _byUsername = users.ToFrozenDictionary(user => user.Username, StringComparer.Ordinal);
        _byMsisdn = users.ToFrozenDictionary(user => user.Msisdn, StringComparer.Ordinal);
    }

    public bool Has(string msisdn) => _byMsisdn.ContainsKey(msisdn);

    /// <summary>Null when the request proves to be this subscriber's; else the answer it gets.</summary>
    public SipResponse? Refusal(SipRequest request, string msisdn)
    {
        var verdict = _digest.Verify(request, HashA1Of, out var username);
        var claimed = _byUsername.GetValueOrDefault(username);
        if (claimed?.LockedFor(_time) is { } locked)
        {
            var refused = request.CreateResponse(403, "Locked");
            refused.Headers.Add(HeaderName.RetryAfter, ((int)Math.Ceiling(locked.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture));
            return refused;
        }
        switch (verdict)
        {
            case DigestVerdict.Accepted:
                claimed!.Forgive();
                // The right password of somebody else is no right to this number.
                return claimed.Msisdn == msisdn ? null : request.CreateResponse(403);
            case DigestVerdict.Malformed:
                return request.CreateResponse(400, "Malformed Authorization");
            case DigestVerdict.Wrong:
                claimed?.CountGuess(_time, GuessesAllowed, MaxLockSeconds);
                break;
        }
        var challenge = request.CreateResponse(401);
        _digest.Challenge(challenge, stale: verdict is DigestVerdict.Stale or DigestVerdict.Replayed);
        return challenge;
    }

    private string? HashA1Of(string username, DigestAlgorithm algorithm) => _byUsername.GetValueOrDefault(username)?.HashA1(algorithm);

    private sealed class User(RegistrarUserSettings settings, string realm)
    {
        private readonly Lock _lock = new();
        private int _guesses;
        private DateTimeOffset _lockedUntil;

        public string Msisdn { get; } = settings.Number.TrimStart('+');
        public string Username { get; } = settings.Username ?? settings.Number.TrimStart('+');

        public string HashA1(DigestAlgorithm algorithm) => DigestAlgorithms.HashA1(algorithm, Username, realm, settings.Password);

        public TimeSpan? LockedFor(TimeProvider time)
        {
            lock (_lock) return _lockedUntil > time.GetUtcNow() ? _lockedUntil - time.GetUtcNow() : null;
        }

        public void CountGuess(TimeProvider time, int allowed, int maxSeconds)
        {
            lock (_lock)
            {
                if (++_guesses < allowed) return;
                _lockedUntil = time.GetUtcNow().AddSeconds(Math.Min(maxSeconds, 1 << Math.Min(_guesses - allowed, 20)));
            }
        }

        public void Forgive()
        {
            lock (_lock) _guesses = 0;
        }
    }
}
