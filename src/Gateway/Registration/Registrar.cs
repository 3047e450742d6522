using System.Globalization;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Registration;

/// <summary>
/// The embedded registrar (RFC 3261 §10.3): handsets and clients may register straight at the gateway. A user with a password proves it by digest;
/// another local number is registered only by a trusted peer, which vouches for it.
/// </summary>
public sealed partial class Registrar(SipSettings settings, RegistrarUsers users, Router router, Contacts contacts, TimeProvider time,
    ILogger<Registrar> log)
{
    private const int DefaultExpires = 3600, MinExpires = 10, MaxExpires = 86_400;
    private const int MaxContacts = 10;

    // Two clients of one user that register at once must both be in what is written last. Users share these gates by chance.
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    public async Task OnRegisterAsync(IncomingRequest incoming, bool trusted) =>
        await incoming.RespondAsync(await AnswerAsync(incoming.Request, incoming.Flow, trusted));

    private async Task<SipResponse> AnswerAsync(SipRequest request, SipFlow flow, bool trusted)
    {
        if (!settings.Registrar.Enabled) return request.CreateResponse(403, "No registrar here");
        if (Identities.MsisdnOf(request.To.Uri) is not { } subscriber || !router.IsSubscriber(subscriber))
            return request.CreateResponse(404, "Not a subscriber here");
        if (users.Has(subscriber))
        {
            if (users.Refusal(request, subscriber) is { } refusal) return refusal;
        }
        else if (!trusted)
        {
            return request.CreateResponse(403);
        }
        if (!request.Headers.TryGetAll(HeaderName.Contact, out IReadOnlyList<Contact> asked)) return request.CreateResponse(400, "Malformed Contact");
        var gate = _gates[(uint)subscriber.GetHashCode() % _gates.Length];
        await gate.WaitAsync();
        try
        {
            return await UpdateAsync(request, flow, subscriber, asked);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<SipResponse> UpdateAsync(SipRequest request, SipFlow flow, string subscriber, IReadOnlyList<Contact> asked)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var bound = (await contacts.OfAsync(subscriber, CancellationToken.None)).FindAll(contact => contact.Source == ContactSource.Registrar);
        uint? header = request.Headers.TryGet(HeaderName.Expires, out DeltaSeconds delta) ? delta.Seconds : null;
        if (asked.Any(contact => contact.IsWildcard))
        {
            if (asked.Count > 1 || header != 0) return request.CreateResponse(400, "Contact * stands alone with Expires 0");
            bound.Clear();
        }
        else
        {
            foreach (var contact in asked)
            {
                var expires = contact.Expires ?? header ?? DefaultExpires;
                if (expires is > 0 and < MinExpires)
                {
                    var brief = request.CreateResponse(423);
                    brief.Headers.Add(HeaderName.MinExpires, MinExpires.ToString(CultureInfo.InvariantCulture));
                    return brief;
                }
                var known = bound.Find(old => SipUri.TryParse(old.Uri, out var uri) && uri == contact.Uri);
                // §10.3 step 7: an older REGISTER of the same client that arrives late changes nothing.
                if (known is not null && known.CallId == request.CallId && request.CSeq.Number <= known.CSeq) return request.CreateResponse(500, "Old CSeq");
                if (known is not null) bound.Remove(known);
                if (expires > 0) bound.Add(Row(request, flow, subscriber, contact, now, Math.Min(expires, MaxExpires)));
            }
            if (bound.Count > MaxContacts) return request.CreateResponse(403, "Too many contacts");
        }
        if (asked.Count > 0)
        {
            await contacts.ReplaceAsync(subscriber, ContactSource.Registrar, bound, CancellationToken.None);
            LogRegistered(subscriber, bound.Count, flow);
        }
        return Bindings(request, bound, now);
    }

    private static ContactRow Row(SipRequest request, SipFlow flow, string subscriber, Contact contact, long now, long expires) => new()
    {
        Subscriber = subscriber,
        PublicUserIdentity = request.To.Uri.AddressOfRecord().ToString(),
        Source = ContactSource.Registrar,
        Uri = contact.Uri.ToString(),
        FeatureTags = contact.Parameters.Without("expires").Without("q").ToString().TrimStart(';'),
        SmsOverIp = contact.HasFeature(FeatureTags.SmsOverIp),
        Q = (short)Math.Round((contact.Q ?? 1) * 1000),
        RegisteredAt = now,
        ExpiresAt = now + expires * 1000,
        CallId = request.CallId,
        CSeq = request.CSeq.Number,
        Path = request.Headers.GetAll(HeaderName.Path) is { Count: > 0 } path ? string.Join(", ", path) : null,
        Flow = flow.ToString(),
    };

    private static SipResponse Bindings(SipRequest request, List<ContactRow> bound, long now)
    {
        var response = request.CreateResponse(200);
        foreach (var contact in bound)
        {
            var tags = contact.FeatureTags.Length == 0 ? "" : ";" + contact.FeatureTags;
            response.Headers.Add(HeaderName.Contact,
                string.Create(CultureInfo.InvariantCulture, $"<{contact.Uri}>;q={contact.Q / 1000.0:0.###};expires={Math.Max(1, (contact.ExpiresAt - now) / 1000)}{tags}"));
        }
        foreach (var path in request.Headers.GetAll(HeaderName.Path)) response.Headers.Add(HeaderName.Path, path);
        if (bound.Count > 0) response.Headers.Add(HeaderName.PAssociatedUri, $"<{bound[0].PublicUserIdentity}>");
        return response;
    }

    [LoggerMessage(2001, LogLevel.Information, "{Subscriber} has {Count} contacts here, told from {Flow}")]
    private partial void LogRegistered(string subscriber, int count, SipFlow flow);
}
