using System.Globalization;
using System.Net;
using System.Text;
using Gateway.Acceptance;
using Gateway.Webhooks;

namespace Gateway.Rest;

/// <summary>
/// Who sends. The forms of twelve years of clients, in this order: a signature; key and secret as parameters wherever they stand; HTTP Basic.
/// </summary>
internal static class Authentication
{
    /// <summary>How long a client is asked to wait while too many new secrets are being looked at.</summary>
    private static readonly TimeSpan HashingWait = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan TimestampTolerance = Repeats.SignatureLifetime / 2;

    /// <param name="fields">The request's parameters.</param>
    /// <param name="authorization">Its Authorization header, or null.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="accounts">Who may send.</param>
    /// <param name="now">What timestamps are compared with.</param>
    /// <returns>The account, or null with the fault. A signature is verified here; whether it was used before is asked when the message is taken.</returns>
    public static async ValueTask<(Account? Account, NexmoFault Fault)> AuthenticateAsync(
        RequestFields fields, string? authorization, IPAddress source, Accounts accounts, DateTimeOffset now)
    {
        if (fields[Signature.Field] is { } signature)
            return Signed(fields, signature, authorization, source, accounts, now);
        var (key, secret) = (fields["api_key"], fields["api_secret"]);
        if (secret is null && Basic(authorization) is { } basic)
            (key, secret) = basic;
        if (key is null || secret is null)
            return (null, key is null ? NexmoFault.MissingKey : NexmoFault.MissingSecret);
        if (accounts.Find(key) is not { } account || !account.Allows(source))
            return (null, NexmoFault.BadCredentials);
        return await accounts.VerifyAsync(account, secret, source) switch
        {
            SecretVerdict.Right => (account, default),
            SecretVerdict.Busy  => (null, NexmoFault.Throttled(HashingWait)),
            _                   => (null, NexmoFault.BadCredentials),
        };
    }

    private static (Account?, NexmoFault) Signed(
        RequestFields fields, string signature, string? authorization, IPAddress source, Accounts accounts, DateTimeOffset now)
    {
        if (fields.Has("api_secret") || authorization is not null)
            return (null, NexmoFault.SignatureAndSecret);
        if (fields["api_key"] is not { } key)
            return (null, NexmoFault.MissingKey);
        if (fields["timestamp"] is not { } timestamp)
            return (null, NexmoFault.MissingTimestamp);
        if (accounts.Find(key) is not { } account || !account.Allows(source))
            return (null, NexmoFault.BadCredentials);
        if (!account.Signed(fields, signature))
            return (null, NexmoFault.BadSignature);
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs((decimal)seconds - now.ToUnixTimeSeconds()) > (decimal)TimestampTolerance.TotalSeconds)
            return (null, NexmoFault.StaleSignature);
        return (account, default);
    }

    /// <summary>RFC 7617; the first colon ends the key.</summary>
    private static (string Key, string Secret)? Basic(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return null;
        var octets = new byte[authorization.Length];
        var pair = Convert.TryFromBase64String(authorization[6..].Trim(), octets, out var length) ? Encoding.UTF8.GetString(octets, 0, length) : "";
        var colon = pair.IndexOf(':');
        return colon < 0 ? ("", "") : (pair[..colon], pair[(colon + 1)..]);
    }
}
