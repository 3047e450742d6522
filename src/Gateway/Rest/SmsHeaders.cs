using Gateway.Store;
using Microsoft.Extensions.Primitives;

namespace Gateway.Rest;

/// <summary>The headers by which a client of the SMS API says more than Nexmo's fields can.</summary>
internal static class SmsHeaders
{
    public const string IdempotencyKey = "Idempotency-Key", Priority = "X-Priority";
    /// <summary>A gateway's id of the message it hands over to a carrier: when it comes back to that gateway, the carrier is itself.</summary>
    public const string Via = "X-Gateway-Message";
    public const int MaxKeyCharacters = 255;

    /// <summary>1 to 255 visible ASCII characters, as they are (quotes are part of the key); null when the client sends none. False: not a key.</summary>
    public static bool TryReadKey(IHeaderDictionary headers, out string? key)
    {
        key = null;
        if (!headers.TryGetValue(IdempotencyKey, out var values)) return true;
        key = values.Count == 1 ? values[0] : null;
        return key is { Length: >= 1 and <= MaxKeyCharacters } && !key.AsSpan().ContainsAnyExceptInRange('!', '~');
    }

    /// <summary>
    /// The account's lane, or a lower one that the request asks for. Nobody raises himself above his account: the reserve of the one-time
    /// passwords is worth only as much as what is kept out of it.
    /// </summary>
    public static bool TryReadLane(IHeaderDictionary headers, Account account, out MessageLane lane, out NexmoFault fault)
    {
        lane = account.Lane;
        fault = default;
        if (!headers.TryGetValue(Priority, out var values)) return true;
        if (!TryParse(values, out var asked))
            fault = NexmoFault.Invalid($"{Priority} must be otp, normal or bulk");
        else if (asked < lane)
            fault = NexmoFault.Invalid($"{Priority} {values.ToString().ToLowerInvariant()} is above this account's lane, which is {account.Settings.Lane.ToLowerInvariant()}");
        else
            lane = asked;
        return fault == default;
    }

    /// <summary>The id that a gateway of this kind gave the message it hands over, or null.</summary>
    public static long? ReadVia(IHeaderDictionary headers) =>
        headers.TryGetValue(Via, out var value) && MessageId.TryParse(value.ToString(), out var id) ? id : null;

    private static bool TryParse(StringValues values, out MessageLane lane)
    {
        (var known, lane) = values.ToString().ToLowerInvariant() switch
        {
            "otp"    => (true, MessageLane.Otp),
            "normal" => (true, MessageLane.Normal),
            "bulk"   => (true, MessageLane.Bulk),
            _        => (false, MessageLane.Normal),
        };
        return known;
    }
}
