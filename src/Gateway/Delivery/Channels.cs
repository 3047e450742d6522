using Gateway.Carriers;
using Gateway.Registration;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>The ways out: which one a message takes, and sending on it.</summary>
public sealed class Channels(SipEndpoint endpoint, Contacts contacts, Flows flows, RegWatcher watcher, Volte volte, Ott ott, CarrierRegistry carriers,
    SendSlots slots, LocalMailboxes mailboxes, WorkUnderWay work, SipSettings settings, IHostApplicationLifetime lifetime)
{
    /// <summary>False until the SIP addresses are open, and again when the gateway stops: nothing leaves then, and what is due stays so.</summary>
    public bool Open => endpoint.Bound.Count > 0 && !lifetime.ApplicationStopping.IsCancellationRequested;

    public SendSlots Slots => slots;
    public WorkUnderWay Work => work;
    /// <summary>Ends the wait of what has not left yet.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;


    /// <summary>Contacts that are registered now, the preferred one first.</summary>
    internal async Task<List<KnownContact>> ContactsAsync(string subscriber, CancellationToken cancel) =>
        (await contacts.OfAsync(subscriber, cancel)).ConvertAll(row => new KnownContact(row));

    /// <summary>
    /// 3GPP SMS if any contact takes it (<c>+g.3gpp.smsip</c>), else text, but those found absent lately last of all; what this round has tried and who
    /// refused this message is left out. Binary content and status reports are for 3GPP contacts alone, IMDNs for the others. Null: nobody registered
    /// can take it now.
    /// </summary>
    internal Target? Choose(List<KnownContact> registered, Waiting waiting, Dictionary<Device, long>? absentUntil, long now)
    {
        var (best, bestRank) = ((KnownContact?)null, int.MaxValue);
        foreach (var contact in registered)
        {
            if (!Takes(contact, waiting, now)) continue;
            var rank = (absentUntil is not null && absentUntil.GetValueOrDefault(contact.Device) > now ? 2 : 0) + (contact.Row.SmsOverIp ? 0 : 1);
            if (rank < bestRank) (best, bestRank) = (contact, rank);
        }
        return best is null ? null : TargetOf(best);
    }

    /// <summary>All text clients that can take it, the preferred one first; of those behind the network only the identity is known.</summary>
    internal IEnumerable<Target> TextClients(List<KnownContact> registered, Waiting waiting, long now) =>
        registered.Where(contact => !contact.Row.SmsOverIp && Takes(contact, waiting, now)).DistinctBy(contact => contact.Device).Select(TargetOf);

    /// <summary>Expiry and reachability may have changed since the contacts were read.</summary>
    private bool Takes(KnownContact contact, Waiting waiting, long now) =>
        contact.Row.ExpiresAt > now && flows.IsReachable(contact.Row) && (contact.Row.SmsOverIp ? !waiting.IsImdn : waiting.IsText || waiting.IsImdn)
        && waiting.Round?.IsLeft(contact.Device) is not false;

    /// <summary>Nobody is registered: ask the network to tell when that changes. False when there is no network to ask.</summary>
    public bool Watch(string subscriber) => watcher.Watch(subscriber);

    internal ValueTask<SipOutcome> SendVolteAsync(Target target, ShortMessageRow row, Flight flight) =>
        endpoint.SendAsync(volte.Deliver(target, row, flight), target.NextHop);

    internal ValueTask<SipOutcome> SendOttAsync(Target target, ShortMessageRow row, string? text) =>
        endpoint.SendAsync(ott.Message(target, row, text), target.NextHop);

    /// <summary>
    /// RFC 3261 §21.5.4: who answers 503 with Retry-After is to be left alone for so long. A proxy passes on none but its own (§16.7), so it speaks for all
    /// behind it.
    /// </summary>
    internal void Heed(in SipOutcome outcome, Target target)
    {
        if (target.IsThroughProxy && outcome.Response is { StatusCode: 503 } response && response.Headers.TryGet(HeaderName.RetryAfter, out RetryAfter after))
            slots.Rest(target.Hop, after.Duration);
    }

    /// <summary>
    /// An RP-ACK or RP-ERROR to a handset that sent us something: to the contact it sent from, or by the way its request came. The latter also while
    /// the contacts cannot be read, when the report is most likely the RP-ERROR that says so.
    /// </summary>
    public async Task<SipOutcome> SendReportAsync(string identity, string? msisdn, SipFlow from, byte[] body, string inReplyTo)
    {
        var own = msisdn is null ? null : await RegisteredFromAsync(msisdn, from.ToString());
        var target = own is not null ? TargetOf(own)
            : new Target(new Device(ContactClass.Volte, identity), IsContact: false, identity, SipUri.Parse(identity), Proxy, Proxy is null ? SipTarget.At(from) : null);
        return await endpoint.SendAsync(volte.Report(target, body, inReplyTo), target.NextHop);
    }

    private ValueTask<KnownContact?> RegisteredFromAsync(string msisdn, string flow) =>
        mailboxes.Find(msisdn)?.ContactOn(flow) is { } known ? new(known) : new(RecordedFromAsync(msisdn, flow));

    private async Task<KnownContact?> RecordedFromAsync(string msisdn, string flow)
    {
        try
        {
            return (await ContactsAsync(msisdn, CancellationToken.None)).Find(contact => contact.Row.Flow == flow);
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }

    /// <summary>What it wants at once, or null.</summary>
    internal CarrierLimits? LimitsOf(string carrier) => carriers.Find(carrier)?.Limits;

    /// <summary>It has failed repeatedly, and another route is better at the moment.</summary>
    internal bool IsLeftAlone(string carrier) => carriers.Find(carrier)?.IsOpen == true;

    /// <summary>Hands a message to a carrier; when it has taken it, what to keep of the ids it gave.</summary>
    internal async Task<(Verdict Verdict, string? CarrierIds)> SendCarrierAsync(string name, ShortMessageRow row, string? text)
    {
        if (carriers.Find(name) is not { } carrier) return (new Verdict(Next.Fail, Verdict.Unreachable, $"carrier {name} is not set any more"), null);
        var outcome = await carrier.SendAsync(row, text, CancellationToken.None);
        var verdict = Verdict.OfCarrier(name, outcome);
        if (carrier.SenderOf(row) is var sender && sender != row.Originator) verdict = verdict with { Reason = $"{verdict.Reason}; sender {row.Originator} written as {sender}" };
        return (verdict, outcome is CarrierOutcome.Accepted accepted ? CarrierParts.Of(accepted.MessageIds) : null);
    }

    private string? Proxy { get; } = settings.OutboundProxy is null ? null : $"<{settings.OutboundProxy}>";

    private Target TargetOf(KnownContact contact)
    {
        if (Flows.IsConnection(contact.Row.Flow)) return NewTarget(contact); // as long as that is open
        return contact.Target ??= NewTarget(contact);
    }

    private Target NewTarget(KnownContact known)
    {
        var (device, contact) = (known.Device, known.Row);
        var identity = contact.PublicUserIdentity;
        // Kamailio and others rewrite to every contact of the identity whatever Accept-Contact says; the identity is all we may address.
        return contact.Source == ContactSource.Reginfo
            ? new Target(device, IsContact: false, identity, SipUri.Parse(identity), Proxy ?? contact.Path, null)
            : new Target(device, IsContact: true, identity, SipUri.Parse(contact.Uri), contact.Path, flows.WayTo(contact));
    }
}
