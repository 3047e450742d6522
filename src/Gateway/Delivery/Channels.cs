using Gateway.Carriers;
using Gateway.Registration;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>The ways out: which one a message takes, and sending on it.</summary>
public sealed class Channels(SipEndpoint endpoint, Contacts contacts, Flows flows, RegWatcher watcher, Volte volte, Ott ott, CarrierRegistry carriers,
    SendSlots slots, WorkUnderWay work, SipSettings settings, IHostApplicationLifetime lifetime)
{
    /// <summary>False until the SIP addresses are open, and again when the gateway stops: nothing leaves then, and what is due stays so.</summary>
    public bool Open => endpoint.Bound.Count > 0 && !lifetime.ApplicationStopping.IsCancellationRequested;

    public SendSlots Slots => slots;
    public WorkUnderWay Work => work;
    /// <summary>Ends the wait of what has not left yet.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>Whose slots an attempt takes: the flow's far end, the proxy, or the host that the identity leads to.</summary>
    internal static string NextHopOf(Target target) => target.NextHop?.ToString() ?? target.Route ?? target.RequestUri.Host;

    /// <summary>Contacts that are registered now, the preferred one first.</summary>
    public Task<List<ContactRow>> ContactsAsync(string subscriber, CancellationToken cancel) => contacts.OfAsync(subscriber, cancel);

    /// <summary>
    /// 3GPP SMS if any contact takes it (<c>+g.3gpp.smsip</c>), else text; a class that a contact refused for this message is left out. Binary content
    /// and status reports are for 3GPP contacts alone, IMDNs for the others. Null: nobody registered can take it now.
    /// </summary>
    internal Target? Choose(List<ContactRow> registered, Waiting waiting, long now)
    {
        ContactRow? text = null;
        foreach (var contact in registered)
        {
            if (contact.ExpiresAt <= now || !flows.IsReachable(contact)) continue; // either may have come to pass since they were read
            if (contact.SmsOverIp && !waiting.IsImdn && !waiting.Refused3gpp) return TargetOf(contact, ContactClass.Volte);
            if (!contact.SmsOverIp && !waiting.RefusedText) text ??= contact;
        }
        return text is null || !(waiting.IsText || waiting.IsImdn) ? null : TargetOf(text, ContactClass.Ott);
    }

    /// <summary>Nobody is registered: ask the network to tell when that changes. False when there is no network to ask.</summary>
    public bool Watch(string subscriber) => watcher.Watch(subscriber);

    internal ValueTask<SipOutcome> SendVolteAsync(Target target, ShortMessageRow row, Flight flight) =>
        endpoint.SendAsync(volte.Deliver(target, row, flight), target.NextHop);

    internal ValueTask<SipOutcome> SendOttAsync(Target target, ShortMessageRow row, string? text) =>
        endpoint.SendAsync(ott.Message(target, row, text), target.NextHop);

    /// <summary>
    /// An RP-ACK or RP-ERROR to a handset that sent us something: to the contact it sent from, or by the way its request came. The latter also while
    /// the contacts cannot be read, when the report is most likely the RP-ERROR that says so.
    /// </summary>
    public async Task<SipOutcome> SendReportAsync(string identity, string? msisdn, SipFlow from, byte[] body, string inReplyTo)
    {
        var own = msisdn is null ? null : await RegisteredFromAsync(msisdn, from.ToString());
        var target = own is not null ? TargetOf(own, ContactClass.Volte)
            : new Target(ContactClass.Volte, identity, SipUri.Parse(identity), Proxy, Proxy is null ? SipTarget.At(from) : null);
        return await endpoint.SendAsync(volte.Report(target, body, inReplyTo), target.NextHop);
    }

    private async Task<ContactRow?> RegisteredFromAsync(string msisdn, string flow)
    {
        try
        {
            return (await contacts.OfAsync(msisdn, CancellationToken.None)).Find(contact => contact.Flow == flow);
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }

    /// <summary>Hands a message to a carrier; when it has taken it, what to keep of the ids it gave.</summary>
    internal async Task<(Verdict Verdict, string? CarrierIds)> SendCarrierAsync(string name, ShortMessageRow row, string? text)
    {
        if (carriers.Find(name) is not { } carrier) return (new Verdict(Next.Fail, Verdict.Unreachable, $"carrier {name} is not set any more"), null);
        var outcome = await carrier.SendAsync(row, text, CancellationToken.None);
        return (Verdict.OfCarrier(name, outcome), outcome is CarrierOutcome.Accepted accepted ? CarrierParts.Of(accepted.MessageIds) : null);
    }

    private string? Proxy => settings.OutboundProxy is null ? null : $"<{settings.OutboundProxy}>";

    private Target TargetOf(ContactRow contact, ContactClass type)
    {
        if (contact.Source == ContactSource.Reginfo)
        {
            // Kamailio and others rewrite to every contact of the identity whatever Accept-Contact says; the identity is all we may address.
            return new Target(type, contact.PublicUserIdentity, SipUri.Parse(contact.PublicUserIdentity), Proxy ?? contact.Path, null);
        }
        return new Target(type, contact.PublicUserIdentity, SipUri.Parse(contact.Uri), contact.Path, flows.WayTo(contact));
    }
}
