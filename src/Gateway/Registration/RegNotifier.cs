using System.Security.Cryptography;
using System.Text;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Sip.Events;
using Gateway.Store;

namespace Gateway.Registration;

/// <summary>
/// Tells others who is registered at the embedded registrar (Event: reg, RFC 3680): a trusted peer of anybody, a user of the registrar of himself.
/// What is known from the network's own reginfo is the network's to tell. A change made on another node is told with the next refresh.
/// </summary>
public sealed class RegNotifier
{
    private readonly SipSettings _settings;
    private readonly Router _router;
    private readonly Identities _identities;
    private readonly Contacts _contacts;
    private readonly TimeProvider _time;
    private readonly Notifier _notifier;
    private readonly string _contactUser;

    public RegNotifier(SipEndpoint endpoint, SipSettings settings, Router router, Identities identities, Contacts contacts, TimeProvider time,
        ILogger<Notifier> log)
    {
        (_settings, _router, _identities, _contacts, _time) = (settings, router, identities, contacts, time);
        _contactUser = SipUri.Parse(settings.ServiceCentreIdentity).User ?? "";
        _notifier = new Notifier(endpoint, NotifierOptions.Reg, SourceOf, log);
        contacts.RegisteredHere += _notifier.Changed;
    }

    /// <summary>What cannot be served, whoever asks; null when it can.</summary>
    public SipResponse? Refusal(SipRequest subscribe) =>
        _settings.Registrar.Enabled ? _notifier.Refusal(subscribe) : subscribe.CreateResponse(489);

    /// <param name="incoming">A SUBSCRIBE without a <see cref="Refusal"/>.</param>
    /// <param name="by">The subscriber who sent it, if that is one.</param>
    /// <param name="asserted">A trusted peer vouches for the sender: one of the network, which may know of everybody (TS 24.229 §5.4.2.1.1).</param>
    public Task OnSubscribeAsync(IncomingRequest incoming, string? by, bool asserted)
    {
        var request = incoming.Request;
        var isRefresh = request.To.Tag is not null;
        var subscriber = isRefresh ? _notifier.ResourceOf(request) : Identities.MsisdnOf(request.RequestUri);
        if (isRefresh && subscriber is null) return incoming.RespondAsync(481);
        if (!asserted && by != subscriber) return incoming.RespondAsync(403);
        return subscriber is null || !_router.IsSubscriber(subscriber)
            ? incoming.RespondAsync(404)
            : _notifier.SubscribeAsync(incoming, subscriber, _contactUser);
    }

    private NoticeSource SourceOf(string subscriber)
    {
        var changes = new ReginfoChanges();
        var expiries = new Dictionary<string, long>(StringComparer.Ordinal);
        return async full =>
        {
            var rows = (await _contacts.OfAsync(subscriber, CancellationToken.None)).FindAll(row => row.Source == ContactSource.Registrar);
            var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            var registration = new ReginfoRegistration($"r{subscriber}", SipUri.Parse(_identities.Of(subscriber)), RegistrationState.Active,
                [.. rows.Select(row => ContactOf(row, now))]);
            var document = changes.Next(registration, full,
                gone => expiries.GetValueOrDefault(gone.Id) <= now ? ContactEvent.Expired : ContactEvent.Unregistered);
            expiries.Clear();
            foreach (var row in rows) expiries[IdOf(row)] = row.ExpiresAt;
            return new Notice(document?.ToArray(), rows.Count == 0 ? null : TimeSpan.FromMilliseconds(rows.Min(row => row.ExpiresAt) - now));
        };
    }

    private static ReginfoContact ContactOf(ContactRow row, long now)
    {
        var header = Encoding.UTF8.GetBytes(row.FeatureTags.Length == 0 ? $"<{row.Uri}>" : $"<{row.Uri}>;{row.FeatureTags}");
        var contact = Contact.TryParse(header, out var parsed) ? parsed : new Contact(new NameAddr(SipUri.Parse(row.Uri)));
        return new ReginfoContact(IdOf(row), contact.Uri, RegistrationState.Active)
        {
            Expires = (uint)Math.Max(1, (row.ExpiresAt - now) / 1000),
            Q = row.Q / 1000.0,
            CallId = row.CallId,
            CSeq = (uint)row.CSeq,
            Parameters = contact.Parameters,
        };
    }

    // The same for as long as the contact is the same (RFC 3680 §5.2), on any node.
    private static string IdOf(ContactRow row) => $"c{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(row.Uri)).AsSpan(0, 8))}";
}
