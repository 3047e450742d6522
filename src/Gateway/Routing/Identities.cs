using Gateway.Sip;

namespace Gateway.Routing;

/// <summary>Numbers and public user identities, one from the other, by the pattern of <c>Sip:PublicUserIdentity</c>.</summary>
public sealed class Identities(SipSettings settings)
{
    private readonly string _pattern = settings.PublicUserIdentity.Replace("{domain}", settings.Domain, StringComparison.Ordinal);

    /// <summary>The identity of a subscriber: E.164 digits in, SIP or tel URI out.</summary>
    public string Of(string msisdn) => _pattern.Replace("{msisdn}", msisdn, StringComparison.Ordinal);

    /// <summary>A sender's URI as an OTT client shows it: a number as an identity here, a name as a user of our domain.</summary>
    public string OfOriginator(string originator) =>
        originator.All(char.IsAsciiDigit) ? $"sip:+{originator}@{settings.Domain};user=phone" : $"sip:{Uri.EscapeDataString(originator)}@{settings.Domain}";

    /// <summary>E.164 digits of an identity (tel:, or a sip: whose user part is a number), or null.</summary>
    public static string? MsisdnOf(SipUri identity) => identity.Number is { } number ? NumberPlan.International(number) : null;
}
