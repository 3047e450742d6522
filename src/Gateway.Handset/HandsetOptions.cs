using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gateway.Sip;

namespace Gateway.Handset;

public enum HandsetKind
{
    /// <summary>SMS over IP (TS 24.341): states <c>+g.3gpp.smsip</c>, takes and sends <c>application/vnd.3gpp.sms</c>.</summary>
    Volte,

    /// <summary>RFC 3428 alone: <c>text/plain</c>.</summary>
    Ott,
}

/// <summary>What a handset is and where it belongs. Labs differ in identities, routes and headers, so each of these can be set.</summary>
public sealed record HandsetOptions
{
    /// <summary>The domain a gateway serves when its settings are left alone.</summary>
    public const string DefaultDomain = "ims.example.org";

    private const int MaxDigits = 15;

    public required HandsetKind Kind { get; init; }

    /// <summary>E.164, with or without a plus sign.</summary>
    public required string Number { get; init; }

    /// <summary>Where requests are sent, unless there is a <see cref="Proxy"/>. It need not be what the domain's DNS says.</summary>
    public required SipUri Registrar { get; init; }

    /// <summary>The home domain. Null: the registrar's name, or <see cref="DefaultDomain"/> if it is given by address.</summary>
    public string? Domain { get; init; }

    /// <summary>The public user identity; null: <c>sip:+NUMBER@DOMAIN</c>.</summary>
    public SipUri? Identity { get; init; }

    /// <summary>For digest; null: the digits of the number.</summary>
    public string? Username { get; init; }

    /// <summary>Null: a challenge cannot be answered.</summary>
    public string? Password { get; init; }

    /// <summary>
    /// One port for UDP and TCP, 0 for a free one. Null: a free one at the address that faces the registrar. Unused on a shared endpoint.
    /// </summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>First hop of every request, named in its Route: a P-CSCF or S-CSCF.</summary>
    public SipUri? Proxy { get; init; }

    /// <summary>Route of a MESSAGE after the proxy. None: the Service-Route the registrar gave (RFC 3608).</summary>
    public IReadOnlyList<SipUri> Routes { get; init; } = [];

    /// <summary>Put into every request as they are.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>PSI of the service centre, where MO messages go; null: <c>sip:smsc@DOMAIN</c>.</summary>
    public SipUri? ServiceCentre { get; init; }

    /// <summary>RP-DA, the service centre as a number; null: the number in <see cref="ServiceCentre"/>, else +491700000000.</summary>
    public string? ServiceCentreAddress { get; init; }

    /// <summary>Asked for in REGISTER, in whole seconds; the registrar may grant another time.</summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Sends P-Asserted-Identity, which a P-CSCF would put in: for networks without one.</summary>
    public bool AssertIdentity { get; init; }

    /// <summary>RP-ACK and RP-ERROR without an SMS-DELIVER-REPORT inside, as many handsets send them.</summary>
    public bool BareReports { get; init; }

    /// <summary>TR1M, TS 24.011 §10: 35 to 45 s for the RP-ACK to an RP-DATA of ours; then one repeat.</summary>
    public TimeSpan Tr1m { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>TRAM, TS 24.011 §10: 25 to 35 s for the RP-ACK to RP-SMMA; then one repeat.</summary>
    public TimeSpan Tram { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>First pause after a failed registration; doubles up to <see cref="LongestRetry"/>.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Received texts kept; the oldest goes first.</summary>
    public int MaxReceived { get; init; } = 1_000;

    public SipTimers Timers { get; init; } = new();

    internal string Digits => Number.TrimStart('+');

    internal string HomeDomain => Domain ?? (Registrar.Address is null ? Registrar.Host : DefaultDomain);

    internal SipUri PublicIdentity => Identity ?? SipUri.Create($"+{Digits}", HomeDomain);

    internal SipUri ServiceCentreIdentity => ServiceCentre ?? SipUri.Create("smsc", HomeDomain);

    internal string ServiceCentreNumber => ServiceCentreAddress ?? ServiceCentreIdentity.Number ?? "+491700000000";

    internal SipUri FirstHop => Proxy ?? Registrar;

    /// <summary>The same after each start: it tells a handset that comes back from a second one (RFC 5626 §4.1).</summary>
    internal string Instance => Kind == HandsetKind.Volte
        ? $"urn:gsma:imei:00100100-{Digits.PadLeft(6, '0')[^6..]}-0"   // type allocation code of the test range, GSMA TS.06
        : $"urn:uuid:{new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(PublicIdentity.ToString())).AsSpan(0, 16))}";

    internal static bool IsNumber(string text) =>
        text.AsSpan().TrimStart('+') is { Length: > 0 and <= MaxDigits } digits && !digits.ContainsAnyExceptInRange('0', '9');

    internal void Check()
    {
        if (!IsNumber(Number)) throw new ArgumentException($"'{Number}' is not a number of 1 to {MaxDigits} digits");
        if (!Registrar.IsSip) throw new ArgumentException($"'{Registrar}' is not a SIP URI");
        if (ServiceCentreAddress is { } address && !IsNumber(address)) throw new ArgumentException($"'{address}' is not a number");
    }
}
