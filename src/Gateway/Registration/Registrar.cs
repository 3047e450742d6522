using System.Globalization;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Registration;

/// <summary>
/// The embedded registrar (RFC 3261 §10.3): handsets and clients may register straight at the gateway. A user with a password proves it by digest;
/// another local number is registered only by a trusted peer, which vouches for it.
/// </summary>
public sealed partial class Registrar(SipSettings settings, RegistrarUsers users, Router router, Contacts contacts, Flows flows,
    KeepAlive keepAlive, TimeProvider time, ILogger<Registrar> log)
{
    private const int DefaultExpires = 3600, MinExpires = 10, MaxExpires = 86_400;
    private const int MaxContacts = 10;

    // Of two clients of one user that register at once, the second must see the first. Users share these gates by chance. (On two nodes each
    // writes its own bindings alone.)
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    public async Task OnRegisterAsync(IncomingRequest incoming, bool trusted) =>
        await incoming.RespondAsync(await AnswerAsync(incoming.Request, incoming.Flow, trusted));

    /// <summary>A connection has ended, and with it the contacts that nothing else leads to: what is for them waits until they are back.</summary>
    public async Task OnConnectionClosedAsync(SipFlow flow)
    {
        foreach (var subscriber in flows.End(flow)) await DropAsync(subscriber, gone: null);
    }

    /// <summary>A contact does not answer any more, unless it has registered since.</summary>
    public Task DropAsync(ContactRow gone) => DropAsync(gone.Subscriber, gone);

    private async Task DropAsync(string subscriber, ContactRow? gone)
    {
        try
        {
            var left = await InTurnAsync(subscriber, async () =>
            {
                var recorded = (await contacts.RecordedAsync(subscriber, CancellationToken.None)).FindAll(contact => contact.Source == ContactSource.Registrar);
                var bound = recorded.FindAll(contact => flows.IsReachable(contact) && !IsSame(contact, gone));
                if (bound.Count == recorded.Count) return (int?)null;
                await StoreAsync(subscriber, bound, recorded.Except(bound).Select(contact => contact.Binding).ToHashSet());
                return bound.Count;
            });
            if (left is { } count) LogDropped(subscriber, count);
        }
        catch (StoreUnavailableException e)
        {
            LogNotDropped(subscriber, e); // nobody is sent anything over a flow that has gone; the row ends with its time
        }
    }

    private static bool IsSame(ContactRow contact, ContactRow? gone) => contact.Binding == gone?.Binding && contact.RegisteredAt == gone.RegisteredAt;

    private async Task<SipResponse> AnswerAsync(SipRequest request, SipFlow flow, bool trusted)
    {
        if (!settings.Registrar.Enabled) return request.CreateResponse(403, "No registrar here");
        if (Identities.MsisdnOf(request.To.Uri) is not { } subscriber || !router.IsSubscriber(subscriber))
            return request.CreateResponse(404, "Not a subscriber here");
        if (users.Has(subscriber))
        {
            if (users.Refusal(request, flow, subscriber) is { } refusal) return refusal;
        }
        else if (!trusted)
        {
            return request.CreateResponse(403);
        }
        // RFC 3327 §5.3 trusts who stands in a Path with all that is for the user.
        if (!trusted && request.Headers.Contains(HeaderName.Path)) return request.CreateResponse(403, "Path of a peer that is not trusted");
        if (!request.Headers.TryGetAll(HeaderName.Contact, out IReadOnlyList<Contact> asked)) return request.CreateResponse(400, "Malformed Contact");
        if (asked.Any(Outbound.IsAsked) && Outbound.LacksFirstHop(request, flow)) return request.CreateResponse(439);
        return await InTurnAsync(subscriber, () => UpdateAsync(request, flow, subscriber, asked));
    }

    private async Task<T> InTurnAsync<T>(string subscriber, Func<Task<T>> act)
    {
        var gate = _gates[(uint)subscriber.GetHashCode() % _gates.Length];
        await gate.WaitAsync();
        try
        {
            return await act();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <param name="touched">The bindings that have changed or gone.</param>
    private async Task StoreAsync(string subscriber, List<ContactRow> bound, HashSet<string> touched)
    {
        var changed = bound.FindAll(contact => touched.Contains(contact.Binding));
        await contacts.ReplaceAsync(subscriber, ContactSource.Registrar, changed, CancellationToken.None, bindings: touched);
        keepAlive.Keep(subscriber, bound);
    }

    private async Task<SipResponse> UpdateAsync(SipRequest request, SipFlow flow, string subscriber, IReadOnlyList<Contact> asked)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var recorded = (await contacts.RecordedAsync(subscriber, CancellationToken.None)).FindAll(contact => contact.Source == ContactSource.Registrar);
        var bound = recorded.FindAll(flows.IsReachable);
        var touched = recorded.Except(bound).Select(contact => contact.Binding).ToHashSet(); // went with its connection
        var outbound = Outbound.IsOffered(request, flow);
        uint? header = request.Headers.TryGet(HeaderName.Expires, out DeltaSeconds delta) ? delta.Seconds : null;
        if (asked.Any(contact => contact.IsWildcard))
        {
            if (asked.Count > 1 || header != 0) return request.CreateResponse(400, "Contact * stands alone with Expires 0");
            if (bound.Exists(old => IsOlder(request, old))) return request.CreateResponse(500, "Old CSeq"); // §10.3 step 6
            touched.UnionWith(bound.Select(contact => contact.Binding));
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
                var binding = Outbound.BindingOf(contact, outbound);
                var known = bound.Find(old => IsBinding(old, binding, contact));
                // §10.3 step 7: an older REGISTER of the same client that arrives late changes nothing.
                if (known is not null && IsOlder(request, known)) return request.CreateResponse(500, "Old CSeq");
                touched.Add(binding);
                if (known is not null && bound.Remove(known)) touched.Add(known.Binding);
                if (expires > 0) bound.Add(Row(request, flow, subscriber, contact, binding, now, Math.Min(expires, MaxExpires)));
            }
            if (bound.Count > MaxContacts) return request.CreateResponse(403, "Too many contacts");
        }
        if (asked.Count > 0)
        {
            // Before the mailbox hears of them and asks for the way.
            if (bound.Count > 0 && !request.Headers.Contains(HeaderName.Path)) flows.Carry(flow, subscriber);
            await StoreAsync(subscriber, bound, touched);
            LogRegistered(subscriber, bound.Count, flow);
        }
        var response = Bindings(request, bound, now);
        response.Headers.Add(HeaderName.Supported, $"path, {Outbound.OptionTag}");
        if (outbound && asked.Any(Outbound.IsAsked) && Outbound.IsSupportedBy(request))
        {
            response.Headers.Add(HeaderName.Require, Outbound.OptionTag);
            if (Outbound.IsFirstHop(request)) response.Headers.Add(HeaderName.FlowTimer, Outbound.FlowTimer.ToString(CultureInfo.InvariantCulture));
        }
        return response;
    }

    /// <summary>Of a request that was sent before the one that made the binding.</summary>
    private static bool IsOlder(SipRequest request, ContactRow known) => known.CallId == request.CallId && request.CSeq.Number <= known.CSeq;

    /// <summary>A flow of its own is known by its binding alone, others by the URI, whose comparison knows more than its text.</summary>
    private static bool IsBinding(ContactRow old, string binding, Contact contact) =>
        old.Binding == binding || old.Binding == old.Uri && binding == contact.Uri.ToString() && SipUri.TryParse(old.Uri, out var uri) && uri == contact.Uri;

    private static ContactRow Row(SipRequest request, SipFlow flow, string subscriber, Contact contact, string binding, long now, long expires) => new()
    {
        Subscriber = subscriber,
        PublicUserIdentity = request.To.Uri.AddressOfRecord().ToString(),
        Source = ContactSource.Registrar,
        Uri = contact.Uri.ToString(),
        Binding = binding,
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

    [LoggerMessage(2003, LogLevel.Information, "{Subscriber} has {Count} contacts here, another having gone")]
    private partial void LogDropped(string subscriber, int count);

    [LoggerMessage(2002, LogLevel.Warning, "The contacts of {Subscriber} that have gone could not be removed")]
    private partial void LogNotDropped(string subscriber, Exception e);

    [LoggerMessage(2001, LogLevel.Information, "{Subscriber} has {Count} contacts here, told from {Flow}")]
    private partial void LogRegistered(string subscriber, int count, SipFlow flow);
}
