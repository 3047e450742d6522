using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Events;

/// <summary>
/// Serves one event package to others, RFC 6665 §4.2: checks a SUBSCRIBE, keeps the dialogs, and has each told of its resource. Who may subscribe
/// to what is the caller's to decide beforehand. Subscriptions are of this process alone: after a restart a refresh is answered 481, upon which
/// subscribers make a new one.
/// </summary>
/// <param name="endpoint">Where the subscriptions come in.</param>
/// <param name="options">The package.</param>
/// <param name="sourceOf">What a new subscription to this resource is to be told; called once for each.</param>
/// <param name="logger">For the faults of sources.</param>
public sealed partial class Notifier(SipEndpoint endpoint, NotifierOptions options, Func<string, NoticeSource> sourceOf, ILogger<Notifier> logger)
{
    private const int RetryAfterFull = 60;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string CallId, string Tag), NotifierSubscription> _byDialog = [];
    private readonly Dictionary<string, List<NotifierSubscription>> _byResource = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_lock)
                return _byDialog.Count;
        }
    }

    /// <summary>Somebody is being told something.</summary>
    internal bool IsNotifying
    {
        get
        {
            lock (_lock)
                return _byDialog.Values.Any(subscription => subscription.IsNotifying);
        }
    }

    /// <summary>The resource of the subscription a SUBSCRIBE is to refresh; null when it has none here, whether it names one or not.</summary>
    public string? ResourceOf(SipRequest subscribe) => Find(subscribe)?.Resource;

    /// <summary>What cannot be served whoever asks: another package, another content type, a malformed request. Null when it can.</summary>
    public SipResponse? Refusal(SipRequest subscribe)
    {
        if (!subscribe.Headers.TryGet<Event>(HeaderName.Event, out var about) || about.Package != options.Package)
            return With(subscribe.CreateResponse(489), HeaderName.AllowEvents, options.Package);
        if (!subscribe.Headers.TryGetAll<MediaType>(HeaderName.Accept, out var accepted))
            return subscribe.CreateResponse(400, "Malformed Accept");
        if (accepted.Count > 0 && !accepted.Any(type => type.Admits(options.ContentType)))
            return With(subscribe.CreateResponse(406), HeaderName.Accept, options.ContentType);
        if (!subscribe.Headers.TryGet<Contact>(HeaderName.Contact, out var contact) || contact.IsWildcard || !contact.Uri.IsSip)
            return subscribe.CreateResponse(400, "No usable Contact");
        return subscribe.Headers.Contains(HeaderName.Expires) && !subscribe.Headers.TryGet<DeltaSeconds>(HeaderName.Expires, out _)
            ? subscribe.CreateResponse(400, "Malformed Expires") : null;
    }

    /// <summary>Answers a SUBSCRIBE that has no <see cref="Refusal"/> and is authorised for the resource, and has it notified at once.</summary>
    /// <param name="incoming">A SUBSCRIBE that makes a dialog, or within one.</param>
    /// <param name="resource">Ignored within a dialog, which has its own.</param>
    /// <param name="contactUser">User part of our Contact.</param>
    public async Task SubscribeAsync(IncomingRequest incoming, string resource, string contactUser)
    {
        var request = incoming.Request;
        var asked = request.Headers.TryGet<DeltaSeconds>(HeaderName.Expires, out var expires) ? expires.Duration : options.DefaultExpires;
        if (asked > TimeSpan.Zero && asked < options.MinExpires)
        {
            await incoming.RespondAsync(With(request.CreateResponse(423), HeaderName.MinExpires, Seconds(options.MinExpires)));
            return;
        }

        var granted = asked < options.MaxExpires ? asked : options.MaxExpires;
        if (request.To.Tag is not null)
            await RefreshAsync(incoming, granted, contactUser);
        else if (Add(incoming, resource, contactUser, out var refusal) is { } subscription)
            await GrantAsync(incoming, subscription, granted, contactUser);
        else
            await incoming.RespondAsync(refusal!);
    }

    /// <summary>Has everybody told who is subscribed to the resource; at once or, if he was told just now, a little later.</summary>
    public void Changed(string resource)
    {
        NotifierSubscription[] subscriptions;
        lock (_lock)
        {
            if (!_byResource.TryGetValue(resource, out var list))
                return;
            subscriptions = [.. list];
        }

        foreach (var subscription in subscriptions)
            subscription.Changed();
    }

    private async Task RefreshAsync(IncomingRequest incoming, TimeSpan granted, string contactUser)
    {
        var subscription = Find(incoming.Request);
        var status = subscription?.Take(incoming) ?? 481;
        if (status == 200)
            await GrantAsync(incoming, subscription!, granted, contactUser);
        else
            await incoming.RespondAsync(status);
    }

    private async Task GrantAsync(IncomingRequest incoming, NotifierSubscription subscription, TimeSpan granted, string contactUser)
    {
        var response = incoming.Request.CreateResponse(200, toTag: subscription.LocalTag);
        response.Headers.Add(HeaderName.Expires, Seconds(granted));
        response.Headers.Add(HeaderName.Contact, $"<{endpoint.ContactFor(incoming.Flow, contactUser)}>");
        await incoming.RespondAsync(response);
        subscription.Grant(granted);
    }

    private NotifierSubscription? Add(IncomingRequest incoming, string resource, string contactUser, out SipResponse? refusal)
    {
        var request = incoming.Request;
        refusal = null;
        request.Headers.TryGet<Event>(HeaderName.Event, out var about);
        lock (_lock)
        {
            if (_byDialog.Count >= options.MaxSubscriptions)
            {
                refusal = With(request.CreateResponse(503), HeaderName.RetryAfter, RetryAfterFull.ToString(CultureInfo.InvariantCulture));
                return null;
            }

            if (!_byResource.TryGetValue(resource, out var list))
                _byResource[resource] = list = [];
            if (list.Count >= options.MaxPerResource)
            {
                refusal = request.CreateResponse(403, "Too many subscriptions");
                return null;
            }

            var subscription = new NotifierSubscription(
                endpoint, options, incoming, about, resource, contactUser, sourceOf(resource), ReportFault, Remove);
            list.Add(subscription);
            _byDialog[(subscription.CallId, subscription.LocalTag)] = subscription;
            return subscription;
        }
    }

    private NotifierSubscription? Find(SipRequest request)
    {
        if (request.To.Tag is not { } tag || !request.Headers.TryGet<Event>(HeaderName.Event, out var about))
            return null;
        lock (_lock)
            return _byDialog.TryGetValue((request.CallId, tag), out var subscription) && subscription.Serves(request, about) ? subscription : null;
    }

    private void ReportFault(NotifierSubscription subscription, Exception fault) => LogFault(subscription.Resource, fault);

    private void Remove(NotifierSubscription subscription)
    {
        lock (_lock)
        {
            _byDialog.Remove((subscription.CallId, subscription.LocalTag));
            if (_byResource.TryGetValue(subscription.Resource, out var list) && list.Remove(subscription) && list.Count == 0)
                _byResource.Remove(subscription.Resource);
        }
    }

    private static SipResponse With(SipResponse response, HeaderName name, string value)
    {
        response.Headers.Add(name, value);
        return response;
    }

    private static string Seconds(TimeSpan time) => ((long)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(1411, LogLevel.Error, "The state of {Resource} cannot be made known now")]
    private partial void LogFault(string resource, Exception fault);
}
