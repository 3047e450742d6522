using Gateway.Sip;

namespace Gateway.Delivery;

public enum ContactClass : byte { Volte, Ott }

/// <summary>
/// Where a MESSAGE for a subscriber goes. Through the network: to the public user identity by way of its S-CSCF. At our own registrar: to the
/// contact itself, over the flow it registered on.
/// </summary>
/// <param name="Device">What of the subscriber's it addresses.</param>
/// <param name="IsContact">A contact itself; else the identity, and the network finds the contact.</param>
/// <param name="Identity">The public user identity, as To.</param>
/// <param name="Route">Route header, or null.</param>
/// <param name="NextHop">The flow to send on, or null: by Route and Request-URI.</param>
public sealed record Target(Device Device, bool IsContact, string Identity, SipUri RequestUri, string? Route, SipTarget? NextHop)
{
    public ContactClass Class => Device.Class;

    /// <summary>The Request-URI, as attempts are recorded.</summary>
    public string Address { get; } = RequestUri.ToString();

    /// <summary>Whose slots an attempt takes: the flow's far end, the proxy, or the host that the identity leads to.</summary>
    public string Hop { get; } = NextHop?.ToString() ?? Route ?? RequestUri.Host;

    /// <summary>The next hop serves others as well.</summary>
    public bool IsThroughProxy => Route is not null || !IsContact;

    /// <summary>What is the same in each MESSAGE of ours, to be made once: its octets then are in one place.</summary>
    public static SipHeaders NewCommon()
    {
        var common = new SipHeaders();
        common.Add(HeaderName.CSeq, "1 MESSAGE");
        return common;
    }

    /// <summary>A MESSAGE outside a dialog: no Contact, no To tag (RFC 3428 §4). Its Call-ID is still to be added.</summary>
    /// <param name="from">The URI of its sender.</param>
    /// <param name="common">What all such messages have in common, <see cref="NewCommon"/> and more.</param>
    public SipRequest NewMessage(string from, SipHeaders common)
    {
        var request = new SipRequest(SipMethod.Message, RequestUri, common);
        if (Route is not null) request.Headers.Add(HeaderName.Route, Route);
        request.Headers.Add(HeaderName.From, $"<{from}>;tag={Random.Shared.NextInt64():x16}");
        request.Headers.Add(HeaderName.To, $"<{Identity}>");
        // RFC 7315 §4.6: the icid is unique, and nothing depends on nobody guessing it.
        request.Headers.Add(HeaderName.PChargingVector, $"icid-value=\"{Random.Shared.NextInt64():x16}{Random.Shared.NextInt64():x16}\"");
        return request;
    }
}
