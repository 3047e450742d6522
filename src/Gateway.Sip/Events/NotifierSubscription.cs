using System.Globalization;
using Gateway.Sip.Dialogs;
using Gateway.Sip.Transactions;

namespace Gateway.Sip.Events;

/// <summary>
/// The notifier's side of one subscription, RFC 6665 §4.2. One NOTIFY is under way at a time. All of the state is told at once when the
/// subscription is made or refreshed and when it ends; what has changed is told no sooner than
/// <see cref="NotifierOptions.MinInterval"/> after the NOTIFY before, and then all of it together. A NOTIFY that fails ends the
/// subscription, unless its answer gives a time to try again (§4.2.2): then, and when the state cannot be had at the moment, the whole of
/// it is told later.
/// </summary>
internal sealed class NotifierSubscription
{
    /// <summary>What is still to be told; the greater includes the lesser.</summary>
    private enum Due : byte { Nothing, Changes, All, End }

    private readonly SipEndpoint _endpoint;
    private readonly NotifierOptions _options;
    private readonly Event _event;
    private readonly Dialog _dialog;
    private readonly string _contactUser;
    private readonly NoticeSource _source;
    private readonly Action<NotifierSubscription, Exception> _onFault;
    private readonly Action<NotifierSubscription> _onEnded;
    private readonly Alarm _alarm;
    private readonly Lock _lock = new();
    private TimeSpan _granted;
    private long _grantedAt;
    private TimeSpan? _changesIn;
    private long _notifiedAt;
    private TimeSpan _pause;
    private bool _notifying;
    private bool _ended;
    private Due _due;

    /// <param name="subscribe">The request that makes it, which is to be answered with <see cref="LocalTag"/>.</param>
    /// <param name="onFault">The source failed.</param>
    /// <param name="onEnded">Called once.</param>
    public NotifierSubscription(SipEndpoint endpoint, NotifierOptions options, IncomingRequest subscribe, Event @event, string resource,
        string contactUser, NoticeSource source, Action<NotifierSubscription, Exception> onFault, Action<NotifierSubscription> onEnded)
    {
        (_endpoint, _options, _event, _contactUser, _source) = (endpoint, options, @event, contactUser, source);
        (_onFault, _onEnded) = (onFault, onEnded);
        _dialog = Dialog.Accept(subscribe.Request);
        _dialog.MadeWith = subscribe.Flow;
        _alarm = new Alarm(this);
        Resource = resource;
    }

    public string Resource { get; }

    public string CallId => _dialog.CallId;

    public string LocalTag => _dialog.LocalTag;

    public bool IsNotifying
    {
        get
        {
            lock (_lock)
                return _notifying;
        }
    }

    public bool Serves(SipRequest request, Event @event) => _dialog.Owns(request) && @event.Package == _event.Package && @event.Id == _event.Id;

    /// <summary>A refresh within the dialog: 200, or 481 when it is over, or 500 out of order (RFC 3261 §12.2.2).</summary>
    public int Take(IncomingRequest refresh)
    {
        lock (_lock)
        {
            if (_ended || _due == Due.End)
                return 481;
            if (_dialog.Update(refresh.Request) == RequestOrder.Late)
                return 500;
            _dialog.MadeWith = refresh.Flow;
            return 200;
        }
    }

    /// <summary>After the 200 that grants it: zero ends it (or was a fetch).</summary>
    public void Grant(TimeSpan expires)
    {
        lock (_lock)
        {
            _granted = expires;
            _grantedAt = _endpoint.Time.GetTimestamp();
            _pause = TimeSpan.Zero;
            _due = expires > TimeSpan.Zero ? Due.All : Due.End;
        }

        Proceed();
    }

    /// <summary>The resource has changed.</summary>
    public void Changed()
    {
        lock (_lock)
            _due = Max(_due, Due.Changes);
        Proceed();
    }

    private TimeSpan Left => _granted - _endpoint.Time.GetElapsedTime(_grantedAt);

    /// <summary>Sends what is due and may be sent, or sees to it that this is called again.</summary>
    private void Proceed()
    {
        lock (_lock)
        {
            if (_ended || _notifying)
                return;
            var (left, since) = (Left, _endpoint.Time.GetElapsedTime(_notifiedAt));
            if (left <= TimeSpan.Zero)
                _due = Due.End;
            else if (_changesIn <= since)
                _due = Max(_due, Due.Changes);
            var wait = _due switch
            {
                Due.Nothing => Min(left, _changesIn - since ?? left),
                Due.Changes => Min(left, _options.MinInterval - since),
                Due.All     => Min(left, _pause - since),
                _           => TimeSpan.Zero,
            };
            if (_due == Due.Nothing || wait > TimeSpan.Zero)
            {
                _endpoint.Wheel.Schedule(_alarm, wait);
                return;
            }

            _notifying = true;
        }

        // Not on the caller's thread: that may be the one that drives all timers, and the source may read a database.
        _ = Task.Run(NotifyAsync);
    }

    private async Task NotifyAsync()
    {
        Due telling;
        lock (_lock)
        {
            (telling, _due) = (_due, _due == Due.End ? Due.End : Due.Nothing);
            _notifiedAt = _endpoint.Time.GetTimestamp();
        }

        TimeSpan? pause = null;
        try
        {
            var notice = await _source(full: telling != Due.Changes);
            lock (_lock)
                _changesIn = notice.ChangesIn;
            var lives = notice.Body is not { } body || IsTaken(await SendAsync(telling, body), out pause);
            if (!lives || telling == Due.End)
            {
                End();
                return;
            }
        }
        catch (Exception fault)
        {
            _onFault(this, fault);
            pause = _options.MinInterval;
        }

        lock (_lock)
        {
            _notifying = false;
            _pause = pause ?? TimeSpan.Zero;
            if (pause is not null)
                _due = Max(_due, Due.All);
        }

        Proceed();
    }

    private async Task<SipOutcome> SendAsync(Due telling, byte[] body)
    {
        SipRequest request;
        lock (_lock)
        {
            request = _dialog.CreateRequest(SipMethod.Notify, _contactUser);
            request.Headers.Add(HeaderName.Event, _event);
            request.Headers.Add(HeaderName.SubscriptionState, telling == Due.End
                ? $"{SubscriptionState.Terminated};reason=timeout"
                : string.Create(CultureInfo.InvariantCulture, $"{SubscriptionState.Active};expires={Math.Max(1, (long)Left.TotalSeconds)}"));
        }

        request.SetBody(_options.ContentType, body);
        // A subscriber that came by a connection, with no proxy between, is told on it: its Contact may be behind a NAT (RFC 5923).
        if (_dialog is { HasRoutes: false, MadeWith: { Kind: not SipTransportKind.Udp } flow })
        {
            var onConnection = await _endpoint.SendAsync(request, SipTarget.At(flow), CancellationToken.None);
            if (onConnection.Kind != SipOutcomeKind.TransportError)
                return onConnection;
        }

        return await _endpoint.SendAsync(request, null, _dialog.MadeWith, CancellationToken.None);
    }

    /// <summary>RFC 6665 §4.2.2: false when the subscription has failed with its NOTIFY.</summary>
    private bool IsTaken(in SipOutcome outcome, out TimeSpan? pause)
    {
        pause = outcome switch
        {
            { Kind: SipOutcomeKind.Overloaded } => _options.MinInterval,   // our own, which is no fault of the subscriber
            { Response: { StatusCode: not 481 } response }
                when response.Headers.TryGet<RetryAfter>(HeaderName.RetryAfter, out var after) => after.Duration,
            _ => null,
        };
        return pause is not null || outcome.Response is { IsSuccess: true };
    }

    private void End()
    {
        lock (_lock)
        {
            _ended = true;
            _endpoint.Wheel.Cancel(_alarm);
        }

        _onEnded(this);
    }

    private static Due Max(Due a, Due b) => a > b ? a : b;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private sealed class Alarm(NotifierSubscription subscription) : WheelTimer
    {
        internal override void OnTimer() => subscription.Proceed();
    }
}
