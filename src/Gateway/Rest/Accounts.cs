using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using Gateway.Provisioning;
using Gateway.Store;
using Gateway.Webhooks;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Rest;

/// <summary>An account as the request path needs it: secrets ready to compare, where it may be used from, and its request rate.</summary>
internal sealed class Account
{
    private readonly Networks _allowed;

    public Account(AccountSettings settings, TimeProvider time)
    {
        Settings = settings;
        Lane = Enum.Parse<MessageLane>(settings.Lane);
        SignatureMethod = Signature.TryParseMethod(settings.SignatureMethod, out var method) ? method : SignatureMethod.Sha256;
        Rate = new RequestRate(settings.MaxRequestsPerSecond, time);
        Secrets = [.. new[] { settings.ApiSecret, settings.ApiSecret2 }.OfType<string>().Where(secret => secret.Length > 0).Select(secret => new ApiSecret(secret))];
        PublicKey = string.IsNullOrEmpty(settings.PublicKey) ? null : ApplicationToken.ReadKey(settings.PublicKey);
        _allowed = new Networks(settings.AllowedAddresses);
    }

    public AccountSettings Settings { get; }
    public SignatureMethod SignatureMethod { get; }
    public MessageLane Lane { get; }
    public RequestRate Rate { get; }
    public ApiSecret[] Secrets { get; }
    /// <summary>What its application's tokens are signed for; null: it has none.</summary>
    public RsaSecurityKey? PublicKey { get; }

    public bool Allows(IPAddress source) => _allowed.IsEmpty || _allowed.Contain(source);

    public bool Signed(RequestFields fields, string signature) =>
        HasSigned(Settings.SignatureSecret, fields, signature) || HasSigned(Settings.SignatureSecret2, fields, signature);

    private bool HasSigned(string? secret, RequestFields fields, string signature) =>
        secret is { Length: > 0 } && Signature.Verify(SignatureMethod, secret, fields, signature);
}

/// <summary>What became of a secret that was presented.</summary>
internal enum SecretVerdict { Right, Wrong, Busy }

/// <summary>
/// The accounts of the directory by api_key, and the judgement on their secrets. A secret that is stored as a slow hash costs tens of milliseconds once and
/// is known from then on; a wrong one costs them each time, so who guesses is held off by account and source, and at most a quarter of the processors
/// works on hashes while a bounded number of secrets waits; requests with the same one wait together.
/// </summary>
public sealed class Accounts(LiveDirectory directory, GatewayStore store, TimeProvider time) : IDisposable
{
    private const int MaxWaiting = 64;

    // What stays as it is in the directory keeps its account, its rate and what is known of its secrets.
    private readonly ConditionalWeakTable<AccountSettings, Account> _accounts = [];
    private readonly Guesses _guesses = new(time);
    private readonly SemaphoreSlim _hashing = new(Math.Max(1, Environment.ProcessorCount / 4));
    private readonly ConcurrentDictionary<(Account Account, IPAddress Source, string Digest), Task<SecretVerdict>> _underWay = new();
    private int _waiting;

    internal Account? Find(string apiKey) => Of(directory.Current.Account(apiKey));

    /// <summary>The account whose application has this id.</summary>
    internal Account? FindApplication(string id) => Of(directory.Current.AccountOfApplication(id));

    private Account? Of(AccountSettings? settings) =>
        settings is null ? null : _accounts.TryGetValue(settings, out var known) ? known : _accounts.GetValue(settings, found => new Account(found, time));

    /// <summary>Takes one request from the account's rate; each node gives its share of it.</summary>
    internal bool TryTake(Account account, out TimeSpan wait) => account.Rate.TryTake(store.Nodes.Living, out wait);

    internal ValueTask<SecretVerdict> VerifyAsync(Account account, string secret, IPAddress source)
    {
        Span<byte> digest = stackalloc byte[ApiSecret.DigestOctets];
        ApiSecret.Digest(secret, digest);
        foreach (var known in account.Secrets)
            if (known.IsKnown(digest)) return ValueTask.FromResult(SecretVerdict.Right);
        return Array.Exists(account.Secrets, unproven => unproven.IsHashed)
            ? new ValueTask<SecretVerdict>(ProveOnceAsync(account, secret, digest.ToArray(), source))
            : ValueTask.FromResult(SecretVerdict.Wrong);
    }

    public void Dispose() => _hashing.Dispose();

    /// <summary>After a start all of a busy client's requests come with a secret that is not known yet: it is proven once for all of them.</summary>
    private async Task<SecretVerdict> ProveOnceAsync(Account account, string secret, byte[] digest, IPAddress source)
    {
        var question = (account, source, Convert.ToHexString(digest));
        var mine = new TaskCompletionSource<SecretVerdict>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _underWay.GetOrAdd(question, mine.Task);
        if (first != mine.Task) return await first;
        var verdict = SecretVerdict.Busy;
        try
        {
            return verdict = await ProveAsync(account, secret, digest, source);
        }
        finally
        {
            _underWay.TryRemove(question, out _);
            mine.SetResult(verdict);
        }
    }

    private async ValueTask<SecretVerdict> ProveAsync(Account account, string secret, byte[] digest, IPAddress source)
    {
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return SecretVerdict.Busy;
        }
        await _hashing.WaitAsync();
        try
        {
            // Asked in here: of many guesses at once, those behind the allowed ones cost nothing.
            if (_guesses.LockedFor(account.Settings.ApiKey, source) is not null) return SecretVerdict.Wrong;
            foreach (var unproven in account.Secrets)
            {
                if (!unproven.IsKnown(digest) && !await Task.Run(() => unproven.Prove(secret, digest))) continue;
                _guesses.Forgive(account.Settings.ApiKey, source);
                return SecretVerdict.Right;
            }
            _guesses.Add(account.Settings.ApiKey, source);
            return SecretVerdict.Wrong;
        }
        finally
        {
            _hashing.Release();
            Interlocked.Decrement(ref _waiting);
        }
    }
}
