using System.Text.RegularExpressions;
using Gateway.Sip;

namespace Gateway.Routing;

/// <summary>Numbers and public user identities, one from the other, by the pattern of <c>Sip:PublicUserIdentity</c>.</summary>
public sealed partial class Identities(SipSettings settings)
{
    private readonly string _pattern = settings.PublicUserIdentity.Replace("{domain}", settings.Domain, StringComparison.Ordinal);

    /// <summary>The identity of a subscriber: E.164 digits in, SIP or tel URI out.</summary>
    public string Of(string msisdn) => _pattern.Replace("{msisdn}", msisdn, StringComparison.Ordinal);

    /// <summary>A sender's URI as an OTT client shows it: a number as an identity here, a name as a user of our domain.</summary>
    public string OfOriginator(string originator) =>
        !originator.AsSpan().ContainsAnyExceptInRange('0', '9') ? $"sip:+{originator}@{settings.Domain};user=phone" : $"sip:{Uri.EscapeDataString(originator)}@{settings.Domain}";

    /// <summary>E.164 digits of an identity (tel:, or a sip: whose user part is a number and no IMSI), or null.</summary>
    public static string? MsisdnOf(SipUri identity) =>
        identity.Number is { } number && !IsImsi(identity, number) ? NumberPlan.International(number) : null;

    /// <summary>
    /// The temporary public user identity of TS 23.003 §13.4B, <c>sip:IMSI@ims.mncNNN.mccNNN.3gppnetwork.org</c>: its digits begin with the MCC and MNC
    /// its domain names, an MNC of two digits there with a 0 before it.
    /// </summary>
    private static bool IsImsi(SipUri identity, string number)
    {
        if (number.Length is < 14 or > 15) return false;
        var match = HomeNetwork().Match(identity.Host);
        if (!match.Success) return false;
        var (mnc, mcc) = (match.Groups[1].Value, match.Groups[2].Value);
        return number.StartsWith(mcc + mnc, StringComparison.Ordinal)
            || mnc[0] == '0' && number.StartsWith(mcc + mnc[1..], StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^ims\.mnc(\d{3})\.mcc(\d{3})\.3gppnetwork\.org$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex HomeNetwork();
}
