using Gateway.Registration;
using Gateway.Routing;
using Gateway.Sip;

namespace Gateway.Inbound;

/// <summary>Who sent a MESSAGE or SUBSCRIBE. From is a claim; what counts is a trusted peer's P-Asserted-Identity (RFC 3325), or a digest answer.</summary>
public sealed partial class Senders(TrustedPeers peers, RegistrarUsers users, Contacts contacts, ILogger<Senders> log)
{
    /// <summary>Null when the request has been answered already: challenged, or refused.</summary>
    public ValueTask<Sender?> IdentifyAsync(IncomingRequest incoming)
    {
        var trusted = peers.Trust(incoming.Flow);
        return trusted && AssertedIdentity(incoming.Request) is { } asserted
            ? new(SenderOf(asserted, incoming.Flow, asserted: true))
            : IdentifyClaimedAsync(incoming, trusted);
    }

    private async ValueTask<Sender?> IdentifyClaimedAsync(IncomingRequest incoming, bool trusted)
    {
        var request = incoming.Request;
        var claimed = request.From.Uri;
        var msisdn = Identities.MsisdnOf(claimed);
        if (msisdn is not null && users.Has(msisdn))
        {
            if (users.Refusal(request, incoming.Flow, msisdn) is not { } refusal) return SenderOf(claimed, incoming.Flow);
            await incoming.RespondAsync(refusal);
            return null;
        }
        // A trusted peer that asserts nothing may still be a handset which that peer registered here itself.
        if (trusted && msisdn is not null && (await contacts.OfAsync(msisdn, CancellationToken.None)).Count > 0) return SenderOf(claimed, incoming.Flow);

        LogRefused(request.Method, incoming.Flow, claimed);
        await incoming.RespondAsync(403);
        return null;
    }

    /// <summary>
    /// There may be a SIP and a tel value (RFC 3325 §9.1): the tel one is the number, then a global number in a SIP one, then any number; else the first.
    /// Without any, the user the S-CSCF says it serves (RFC 5502).
    /// </summary>
    internal static SipUri? AssertedIdentity(SipRequest request)
    {
        SipUri? best = null;
        foreach (var value in request.Headers.Values(HeaderName.PAssertedIdentity))
        {
            if (!NameAddr.TryParseUri(value, out var identity)) return null;
            if (best is null || RankOf(identity) > RankOf(best)) best = identity; // the first among equals
        }
        if (best is not null) return best;
        return request.Headers.TryGet(HeaderName.PServedUser, out NameAddr served) ? served.Uri : null;
    }

    private static int RankOf(SipUri identity) =>
        Identities.MsisdnOf(identity) is null ? 0 : identity.IsTel ? 3 : identity.Number![0] == '+' ? 2 : 1;

    private static Sender SenderOf(SipUri identity, SipFlow flow, bool asserted = false) =>
        new(identity.ToString(), Identities.MsisdnOf(identity), flow, asserted);

    [LoggerMessage(4011, LogLevel.Warning, "{Method} from {Flow} refused: not a trusted peer's, and {Claimed} is no user of the registrar")]
    private partial void LogRefused(string method, SipFlow flow, SipUri claimed);
}
