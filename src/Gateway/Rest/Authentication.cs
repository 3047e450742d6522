using System.Globalization;
using System.Text;
using Gateway.Webhooks;

namespace Gateway.Rest;

/// <summary>
/// Who sends. The forms of twelve years of clients, in this order: a signature; key and secret as parameters wherever they stand; HTTP Basic.
/// </summary>
internal static class Authentication
{
    public static readonly TimeSpan TimestampTolerance = TimeSpan.FromMinutes(5);

    /// <returns>The account, or null with the fault. A signature is verified here; whether it was used before is asked when the message is taken.</returns>
    public static Account? Authenticate(RequestFields fields, string? authorization, Accounts accounts, DateTimeOffset now, out NexmoFault fault)
    {
        if (fields[Signature.Field] is { } signature)
            return Signed(fields, signature, authorization, accounts, now, out fault);
        var (key, secret) = (fields["api_key"], fields["api_secret"]);
        if (secret is null && Basic(authorization) is { } basic)
            (key, secret) = basic;
        if (key is null || secret is null)
        {
            fault = key is null ? NexmoFault.MissingKey : NexmoFault.MissingSecret;
            return null;
        }
        var account = accounts.Find(key);
        fault = account?.HasSecret(secret) == true ? default : NexmoFault.BadCredentials;
        return fault == default ? account : null;
    }

    private static Account? Signed(
        RequestFields fields, string signature, string? authorization, Accounts accounts, DateTimeOffset now, out NexmoFault fault)
    {
        if (fields.Has("api_secret") || authorization is not null)
            return Refuse(NexmoFault.SignatureAndSecret, out fault);
        if (fields["api_key"] is not { } key)
            return Refuse(NexmoFault.MissingKey, out fault);
        if (fields["timestamp"] is not { } timestamp)
            return Refuse(NexmoFault.MissingTimestamp, out fault);
        if (accounts.Find(key) is not { } account)
            return Refuse(NexmoFault.BadCredentials, out fault);
        if (account.Settings.SignatureSecret is not { Length: > 0 } secret || !Signature.Verify(account.SignatureMethod, secret, fields, signature))
            return Refuse(NexmoFault.BadSignature, out fault);
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs((decimal)seconds - now.ToUnixTimeSeconds()) > (decimal)TimestampTolerance.TotalSeconds)
            return Refuse(NexmoFault.StaleSignature, out fault);
        fault = default;
        return account;
    }

    private static Account? Refuse(NexmoFault with, out NexmoFault fault)
    {
        fault = with;
        return null;
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
