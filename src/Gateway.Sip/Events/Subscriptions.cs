using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Events;

/// <summary>The subscriptions of an endpoint, to which NOTIFYs are offered.</summary>
public sealed partial class Subscriptions
{
    private readonly ConcurrentDictionary<string, Subscription> _byCallId = new();
    private readonly IReadOnlyList<string> _packages;
    private readonly ILogger _logger;

    internal Subscriptions(IReadOnlyList<string> packages, ILogger logger)
    {
        _packages = packages;
        _logger = logger;
    }

    public int Count => _byCallId.Count;

    /// <summary>
    /// Answers a NOTIFY, and then has its subscription's owner work on it; false for any other request. Of an unknown event package: 489;
    /// of no subscription of ours, a forked one included: 481 (RFC 6665 §4.1.3); out of order: 500 (RFC 3261 §12.2.2).
    /// </summary>
    public bool TryHandle(IncomingRequest incoming)
    {
        var request = incoming.Request;
        if (request.Method != SipMethod.Notify)
            return false;
        Subscription? subscription = null;
        var status = request.Headers.TryGet<Event>(HeaderName.Event, out var about) && _packages.Contains(about.Package)
            ? Take(incoming, about, out subscription)
            : 489;
        var response = request.CreateResponse(status);
        if (status == 489)
            response.Headers.Add(HeaderName.AllowEvents, string.Join(", ", _packages));
        if (status == 503)
            response.Headers.Add(HeaderName.RetryAfter, "1");   // without it the notifier would drop the subscription (RFC 6665 §4.2.2)
        _ = incoming.RespondAsync(response);
        if (status == 200)
            subscription!.Deliver();
        return true;
    }

    private int Take(IncomingRequest incoming, Event about, out Subscription? subscription) =>
        _byCallId.TryGetValue(incoming.Request.CallId, out subscription)
        && subscription.Event.Package == about.Package && subscription.Event.Id == about.Id
            ? subscription.Take(incoming)
            : 481;

    internal void Add(Subscription subscription) => _byCallId[subscription.CallId] = subscription;

    internal void Remove(Subscription subscription) => _byCallId.TryRemove(subscription.CallId, out _);

    internal void ReportFault(Exception fault) => LogFault(fault);

    [LoggerMessage(1401, LogLevel.Error, "The owner of a subscription failed at a notification")]
    private partial void LogFault(Exception fault);
}
