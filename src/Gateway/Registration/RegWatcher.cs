using System.Collections.Concurrent;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Sip.Events;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Registration;

/// <summary>
/// Learns from the network who is registered with what (RFC 3680, TS 24.341 §5.3.3.2). Policy:
/// <list type="bullet">
/// <item>A third-party REGISTER, or the first message for a subscriber nobody knows, starts a subscription.</item>
/// <item>Every further third-party REGISTER starts a new one in a new dialog, because S-CSCFs in the field send no NOTIFY for a re-registration or a
/// second contact, and none for a refresh within the dialog. The old one is forgotten: its notifier hears 481 and drops it.</item>
/// <item>The REGISTER may come before the binding is stored, so the SUBSCRIBE waits a little, and looks again when it sees nobody.</item>
/// <item>What was learnt stays until a document says otherwise or it expires; a lost subscription forgets nothing.</item>
/// <item>After a restart every watched identity gets a new subscription, spread over a minute.</item>
/// <item>One node watches an identity: the one that heard of its registration last. What a dead node watched, others take over (<see cref="WatchOwners"/>).</item>
/// </list>
/// </summary>
public sealed partial class RegWatcher(SipEndpoint endpoint, SipSettings settings, Identities identities, Contacts contacts, GatewayStore store,
    WatchOwners owners, TimeProvider time, ILogger<RegWatcher> log) : BackgroundService
{
    private const int MaxWatches = 1_000_000;
    private const int Looks = 4;
    private static readonly TimeSpan FirstLookAgain = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan GapInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RestartSpread = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RestartStep = TimeSpan.FromMilliseconds(20);
    /// <summary>Those begun together, after a restart of ours or of the core, are spread over the whole of their time at the first refresh.</summary>
    private const double FirstRefreshSpread = 0.9;

    private readonly ConcurrentDictionary<string, Watch> _watches = new(StringComparer.Ordinal);
    // SUBSCRIBEs under way at once: a core that restarts re-registers everybody.
    private readonly SemaphoreSlim _subscribing = new(200);
    private CancellationToken _stopping = CancellationToken.None;

    private bool Enabled => settings.Watch.Enabled && endpoint.Bound.Count > 0;

    /// <summary>Makes sure that the network tells of this subscriber. False when there is no network to ask.</summary>
    public bool Watch(string subscriber)
    {
        if (!Enabled || settings.OutboundProxy is null && !_watches.ContainsKey(subscriber)) return false;
        if (WatchOf(subscriber, identities.Of(subscriber)) is not { } watch) return false;
        bool idle;
        lock (watch.Lock) idle = watch is { Current: null, Pending: 0 };
        if (idle) Begin(watch, TimeSpan.Zero);
        return true;
    }

    /// <summary>Answers at once: a core may deregister the user when its application server is slow (TS 24.229 §5.4.1.7).</summary>
    public async Task OnThirdPartyRegisterAsync(IncomingRequest incoming)
    {
        var request = incoming.Request;
        var expires = request.Headers.TryGet(HeaderName.Expires, out DeltaSeconds delta) ? delta.Seconds : 3600;
        var response = request.CreateResponse(200);
        if (request.Headers.Get(HeaderName.Contact) is { } contact) response.Headers.Add(HeaderName.Contact, contact);
        response.Headers.Add(HeaderName.Expires, expires.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await incoming.RespondAsync(response);

        var identity = request.To.Uri;
        if (!Enabled || Identities.MsisdnOf(identity) is not { } subscriber || WatchOf(subscriber, identity.ToString()) is not { } watch) return;
        lock (watch.Lock)
        {
            watch.Identity = identity.ToString();
            // The S-CSCF's own URI; behind a configured proxy it need not be reachable or even resolvable from here.
            if (request.Headers.TryGet(HeaderName.Contact, out Contact scscf) && !scscf.IsWildcard) watch.Scscf = $"<{scscf.Uri.WithParameter("lr")}>";
            watch.LooksLeft = expires > 0 ? Looks : 0;
            watch.Owned = true;
        }
        // In the place of what was to come: an earlier one might not see this binding yet, a later one (a retry after failures) would be late.
        Begin(watch, TimeSpan.FromMilliseconds(settings.Watch.SettleMilliseconds), insteadOfPending: true);
        await RememberAsync(watch, expires);
    }

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        if (!settings.Watch.Enabled) return;
        await BeginAllAsync(await RememberedAsync(stopping));
        await owners.TakeOverAsync(BeginAllAsync, stopping);
    }

    /// <summary>What this node watched before; read however long the store is away.</summary>
    private async Task<List<WatchRow>> RememberedAsync(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                await store.Writer.WriteAsync(new StoreChange { Other = db => db.Watches.Where(row => row.ExpiresAt <= now).ExecuteDelete() }, stopping);
                return await store.ReadAsync(db => new ValueTask<List<WatchRow>>(
                    db.Watches.AsNoTracking().Where(row => row.Node == store.Nodes.Own).ToListAsync(stopping)));
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogNotRemembered(e);
            }
            await Task.Delay(FirstRetry, time, stopping);
        }
    }

    private async Task BeginAllAsync(List<WatchRow> rows)
    {
        var atOnce = Math.Max(1, (int)Math.Ceiling(rows.Count * (RestartStep / RestartSpread)));
        for (var i = 0; i < rows.Count; i++)
        {
            if (i > 0 && i % atOnce == 0) await Task.Delay(RestartStep, time, _stopping);
            if (WatchOf(rows[i].Subscriber, rows[i].PublicUserIdentity) is not { } watch) return;
            lock (watch.Lock) (watch.Scscf, watch.Owned) = (rows[i].Scscf, true);
            // Behind those under way: where the network answers slowly the rest waits here, as rows, and not each by itself.
            await _subscribing.WaitAsync(_stopping);
            _subscribing.Release();
            Begin(watch, TimeSpan.Zero);
        }
    }

    private Watch? WatchOf(string subscriber, string identity)
    {
        if (_watches.TryGetValue(subscriber, out var known)) return known;
        if (_watches.Count < MaxWatches) return _watches.GetOrAdd(subscriber, _ => new Watch(subscriber, identity));
        LogFull(MaxWatches);
        return null;
    }

    private void Begin(Watch watch, TimeSpan after, bool insteadOfPending = false)
    {
        long turn;
        lock (watch.Lock)
        {
            if (watch.Pending != 0 && !insteadOfPending) return;
            _watches.TryAdd(watch.Subscriber, watch); // it may have been forgotten since it was looked up
            turn = watch.Pending = ++watch.Turns;
        }
        _ = BeginAsync(watch, after, turn);
    }

    private async Task BeginAsync(Watch watch, TimeSpan after, long turn)
    {
        try
        {
            if (after > TimeSpan.Zero) await Task.Delay(after, time, _stopping);
            await _subscribing.WaitAsync(_stopping);
            try
            {
                if (!watch.Owned && !await owners.ClaimAsync(watch, settings.Watch.Expires, _stopping)) Forget(watch, turn);
                else if (Replace(watch, turn) is { } subscription) await subscription.StartAsync();
            }
            finally
            {
                _subscribing.Release();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            LogFailed(watch.Identity, e);
            lock (watch.Lock)
            {
                if (watch.Turns == turn) (watch.Pending, watch.Current) = (0, null);
            }
        }
    }

    /// <summary>
    /// Another node watches. Our subscription, if there is one, is dropped: its notifier hears 481. Not when another turn was given than the one that
    /// found this out: a REGISTER has come here meanwhile, and the watch is ours again.
    /// </summary>
    private void Forget(Watch watch, long turn)
    {
        lock (watch.Lock)
        {
            if (watch.Turns != turn) return;
            watch.Current?.Dispose();
            (watch.Current, watch.Pending, watch.Owned) = (null, 0, false);
            _watches.TryRemove(KeyValuePair.Create(watch.Subscriber, watch));
        }
    }

    /// <summary>Null when another turn has taken the place of this one.</summary>
    private Subscription? Replace(Watch watch, long turn)
    {
        lock (watch.Lock)
        {
            if (watch.Pending != turn) return null;
            watch.Current?.Dispose();
            Subscription subscription = null!;
            subscription = new Subscription(endpoint, RequestFor(watch),
                notification => OnNotifyAsync(watch, subscription, notification), end => OnEnded(watch, subscription, end));
            watch.Current = subscription;
            watch.State.BeginDialog();
            watch.Pending = 0;
            return subscription;
        }
    }

    private SubscriptionRequest RequestFor(Watch watch)
    {
        var service = SipUri.Parse(settings.ServiceCentreIdentity);
        var route = settings.OutboundProxy is { } proxy ? $"<{proxy}>" : watch.Scscf;
        return new SubscriptionRequest
        {
            ResourceUri = SipUri.Parse(watch.Identity),
            From = new NameAddr(service),
            ContactUser = service.User ?? "",
            Accept = "application/reginfo+xml",
            Expires = TimeSpan.FromSeconds(settings.Watch.Expires),
            FirstRefreshSpread = FirstRefreshSpread,
            PAssertedIdentity = $"<{(settings.Watch.AssertedIdentity == "User" ? watch.Identity : settings.ServiceCentreIdentity)}>",
            Route = route is not null && NameAddr.TryParse(System.Text.Encoding.UTF8.GetBytes(route), out var hop) ? [hop] : [],
        };
    }

    private async Task OnNotifyAsync(Watch watch, Subscription from, Notification notification)
    {
        ReginfoOutcome? outcome = null;
        if (!notification.Body.IsEmpty)
        {
            if (!ReginfoDocument.TryParse(notification.Body, out var document, out var error))
            {
                LogUnreadable(watch.Identity, error);
                return;
            }
            lock (watch.Lock)
            {
                if (watch.Current != from) return; // of a dialog that another has replaced
                outcome = watch.State.Apply(document, notification.CSeq);
            }
        }
        if (outcome is null or ReginfoOutcome.Discarded) return;
        bool anybody, look, gap;
        long turn;
        IReadOnlyList<ReginfoRegistration> registrations;
        lock (watch.Lock)
        {
            turn = watch.Turns;
            registrations = watch.State.Registrations;
            anybody = watch.State.Contacts.Any();
            if (!notification.State.IsTerminated) watch.Failures = 0; // a notifier that ends each one at once is not asked without pause
            look = !anybody && watch.LooksLeft > 0;
            if (look) watch.LooksLeft--;
            else watch.LooksLeft = 0;
            gap = outcome == ReginfoOutcome.AppliedWithGap && time.GetUtcNow() - watch.GapSeenAt > GapInterval;
            if (gap) watch.GapSeenAt = time.GetUtcNow();
        }
        try
        {
            await StoreAsync(watch, turn, registrations, notification.State);
        }
        catch (StoreUnavailableException e)
        {
            LogFailed(watch.Identity, e);
            Begin(watch, FirstRetry); // the full document of a new subscription tells again what could not be written down
            return;
        }
        if (look) Begin(watch, FirstLookAgain * (1 << (Looks - 1 - watch.LooksLeft)));
        else if (gap) Begin(watch, TimeSpan.Zero); // RFC 3680 §5.1: something was missed; only a full document tells
    }

    /// <summary>The contacts of each registration, under the number of its address-of-record (an implicit set may hold several).</summary>
    private async Task StoreAsync(Watch watch, long turn, IReadOnlyList<ReginfoRegistration> registrations, SubscriptionState state)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var bySubscriber = new Dictionary<string, List<ContactRow>> { [watch.Subscriber] = [] };
        // The same contacts stand under the sip: and the tel: identity of a number; not every S-CSCF finds a tel: Request-URI.
        foreach (var registration in registrations.OrderBy(registration => registration.AddressOfRecord.IsTel))
        {
            var subscriber = Identities.MsisdnOf(registration.AddressOfRecord) ?? watch.Subscriber;
            if (!bySubscriber.TryGetValue(subscriber, out var rows)) bySubscriber[subscriber] = rows = [];
            foreach (var contact in registration.Contacts.Where(contact => contact.IsActive))
                if (!rows.Exists(row => row.Uri == contact.Uri.ToString())) rows.Add(Row(watch, subscriber, registration, contact, now));
        }
        // A full document that leaves a registration out has ended it, with all its contacts (RFC 3680 §5.1).
        foreach (var left in watch.Told) bySubscriber.TryAdd(left, []);
        watch.Told = bySubscriber.Keys;
        foreach (var (subscriber, rows) in bySubscriber)
        {
            if (await contacts.ReplaceAsync(subscriber, ContactSource.Reginfo, rows, _stopping, owners.MayTell(watch.Subscriber))) continue;
            Forget(watch, turn); // the node that watches now knows what this one was not told of
            return;
        }
        LogLearnt(watch.Identity, bySubscriber.Values.Sum(rows => rows.Count), state);
    }

    private ContactRow Row(Watch watch, string subscriber, ReginfoRegistration registration, ReginfoContact contact, long now) => new()
    {
        Subscriber = subscriber,
        PublicUserIdentity = registration.AddressOfRecord.ToString(),
        Source = ContactSource.Reginfo,
        Uri = contact.Uri.ToString(),
        Binding = contact.Uri.ToString(),
        FeatureTags = contact.Parameters.ToString().TrimStart(';'),
        SmsOverIp = contact.HasFeature(FeatureTags.SmsOverIp),
        Q = (short)Math.Round((contact.Q ?? 1) * 1000),
        RegisteredAt = now,
        ExpiresAt = now + (contact.Expires ?? (uint)settings.Watch.Expires) * 1000L,
        CallId = contact.Id,
        CSeq = contact.CSeq ?? 0,
        Path = watch.Scscf,
    };

    private void OnEnded(Watch watch, Subscription ended, SubscriptionEnd end)
    {
        TimeSpan? retry;
        lock (watch.Lock)
        {
            if (watch.Current != ended) return;
            watch.Current = null;
            retry = RetryOf(end, watch.Failures);
            watch.Failures++;
            // Whoever is rejected for good takes no room: the next REGISTER or message makes a new watch.
            if (retry is null && watch.Pending == 0) _watches.TryRemove(KeyValuePair.Create(watch.Subscriber, watch));
        }
        LogEnded(watch.Identity, end, retry);
        // 403, 404: nobody by that name is registered there (TS 24.229 §5.4.2.1.1).
        if (end is { Kind: SubscriptionEndKind.Refused, StatusCode: 403 or 404 }) _ = ForgetContactsAsync(watch);
        if (retry is { } after) Begin(watch, after);
    }

    /// <summary>RFC 6665 §4.1.3 and §4.1.2.1: which end asks for a new subscription, and when; null: the next REGISTER or message will.</summary>
    internal static TimeSpan? RetryOf(SubscriptionEnd end, int failures) => end switch
    {
        { Kind: SubscriptionEndKind.Terminated, Reason: "rejected" or "noresource" or "invariant" } => null,
        { Kind: SubscriptionEndKind.Terminated, Reason: "deactivated" or "timeout" } when failures == 0 => TimeSpan.Zero,
        { Kind: SubscriptionEndKind.Refused, StatusCode: 403 or 404 or 489 or 405 or 501 } => null,
        { Kind: SubscriptionEndKind.Unsubscribed } => null,
        { RetryAfter: { } asked } => asked,
        _ => Min(FirstRetry * Math.Pow(2, Math.Min(failures, 10)), LongestRetry) * (0.9 + Random.Shared.NextDouble() / 5),
    };

    private async Task ForgetContactsAsync(Watch watch)
    {
        try
        {
            foreach (var subscriber in watch.Told.Append(watch.Subscriber).Distinct())
                await contacts.ReplaceAsync(subscriber, ContactSource.Reginfo, [], _stopping, owners.MayTell(watch.Subscriber));
        }
        catch (Exception e)
        {
            LogFailed(watch.Identity, e);
        }
    }

    private async Task RememberAsync(Watch watch, uint expires)
    {
        var node = store.Nodes.Own;
        var until = time.GetUtcNow().AddSeconds(expires).ToUnixTimeMilliseconds();
        await store.WriteByReadingAsync(new StoreChange
        {
            Other = db =>
            {
                var row = db.Watches.Find(watch.Subscriber);
                if (expires == 0)
                {
                    if (row is not null) db.Watches.Remove(row);
                    return;
                }
                if (row is null) db.Watches.Add(row = new WatchRow { Subscriber = watch.Subscriber });
                (row.PublicUserIdentity, row.Scscf, row.ExpiresAt, row.Node) = (watch.Identity, watch.Scscf, until, node);
            },
        }, _stopping);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(2011, LogLevel.Information, "{Identity} has {Count} contacts in the network ({State})")]
    private partial void LogLearnt(string identity, int count, SubscriptionState state);

    [LoggerMessage(2012, LogLevel.Information, "The subscription to {Identity} ended: {End}; next try after {Retry}")]
    private partial void LogEnded(string identity, SubscriptionEnd end, TimeSpan? retry);

    [LoggerMessage(2013, LogLevel.Warning, "The reginfo document of {Identity} cannot be read: {Error}; what was known stays")]
    private partial void LogUnreadable(string identity, string? error);

    [LoggerMessage(2014, LogLevel.Error, "Watching {Identity} met a fault")]
    private partial void LogFailed(string identity, Exception e);

    [LoggerMessage(2016, LogLevel.Error, "What was watched before cannot be read; tried again in a few seconds")]
    private partial void LogNotRemembered(Exception e);

    [LoggerMessage(2015, LogLevel.Warning, "{Limit} identities are watched; no more are taken")]
    private partial void LogFull(int limit);
}
