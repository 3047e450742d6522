using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Gateway.Webhooks;

namespace Gateway.Rest;

/// <summary>An account as the request path needs it: secrets ready to compare, its request rate and the signatures it has used.</summary>
internal sealed class Account
{
    private readonly byte[]? _secretDigest;

    public Account(AccountSettings settings, TimeProvider time)
    {
        Settings = settings;
        SignatureMethod = Signature.TryParseMethod(settings.SignatureMethod, out var method) ? method : SignatureMethod.Sha256;
        Rate = new RequestRate(settings.MaxRequestsPerSecond, time);
        UsedSignatures = new UsedSignatures(time);
        _secretDigest = settings.ApiSecret is { Length: > 0 } secret ? SHA256.HashData(Encoding.UTF8.GetBytes(secret)) : null;
    }

    public AccountSettings Settings { get; }
    public SignatureMethod SignatureMethod { get; }
    public RequestRate Rate { get; }
    public UsedSignatures UsedSignatures { get; }

    /// <summary>Digests are compared, so neither the secret's length nor how much of it is right shows in the time it takes.</summary>
    public bool HasSecret(string secret) =>
        _secretDigest is not null && CryptographicOperations.FixedTimeEquals(_secretDigest, SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

/// <summary>The accounts of the settings by api_key.</summary>
public sealed class Accounts(GatewaySettings settings, TimeProvider time)
{
    private readonly FrozenDictionary<string, Account> _byKey =
        settings.Accounts.ToFrozenDictionary(account => account.ApiKey, account => new Account(account, time), StringComparer.Ordinal);

    internal Account? Find(string apiKey) => _byKey.GetValueOrDefault(apiKey);
}
