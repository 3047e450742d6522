using Gateway.Sip.Dialogs;
using Gateway.Sip.Transactions;

namespace Gateway.Sip.Events;

/// <summary>
/// The subscriber's side of one subscription, RFC 6665 §4.1.
/// <code>
///   StartAsync                 2xx and NOTIFY, in any order           TerminateAsync
///  ───────────► NotifyWait ──────────────────────────────► Active ──────────────────► Ending
///                   │                                      │    ▲ │                      │
///     failure,      │                    before expiry:    │    │ │ 481, time-out,       │ NOTIFY terminated,
///     timer N,      │                    SUBSCRIBE         └────┘ │ terminated           │ timer N
///     terminated    ▼                                             ▼                      ▼
///                 Ended ◄─────────────────────────────────────────┴──────────────────────┘
/// </code>
/// It refreshes 600 s before it expires if it was granted more than 1,200 s, else at half the time (TS 24.229), somewhat earlier by
/// chance, so that many begun at once do not stay together. A refresh that fails for a passing reason is tried again while the
/// subscription lasts; one that shows the dialog to be gone ends it. A refresh which brings no NOTIFY is no failure, although §4.1.2.4
/// says so: Kamailio's S-CSCF sends none. A subscription ends once and is told so once; the owner makes a new one if it wants to.
/// </summary>
public sealed class Subscription : IDisposable
{
    private enum State : byte { Idle, NotifyWait, Active, Ending, Ended }

    /// <summary>Challenges and intervals too brief answered in one go before it is a failure.</summary>
    private const int MaxAttempts = 4;

    private static readonly TimeSpan LongGrant = TimeSpan.FromSeconds(1_200);
    private static readonly TimeSpan RefreshMargin = TimeSpan.FromSeconds(600);
    private const double Spread = 0.1;

    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(30);

    private readonly SipEndpoint _endpoint;
    private readonly SubscriptionRequest _request;
    private readonly NotificationQueue _notifications;
    private readonly Alarm _alarm;
    private readonly Lock _lock = new();
    private readonly Dialog _dialog;
    private TimeSpan _expires;
    private double _spread;
    private long _sentAt;
    private long _grantedAt;
    private TimeSpan _granted;
    private TimeSpan? _told;
    private bool _accepted;
    private bool _notified;
    private bool _subscribing;
    private State _state;

    /// <param name="onNotify">Called for one NOTIFY after the other, in their order.</param>
    /// <param name="onEnded">Called once.</param>
    public Subscription(
        SipEndpoint endpoint, SubscriptionRequest request, Func<Notification, Task> onNotify, Action<SubscriptionEnd> onEnded)
    {
        _endpoint = endpoint;
        _request = request;
        _notifications = new NotificationQueue(onNotify, onEnded, endpoint.Subscriptions);
        _alarm = new Alarm(this);
        _expires = request.Expires;
        _spread = request.FirstRefreshSpread;
        _dialog = new Dialog(request.From, new NameAddr(request.ResourceUri), request.Route);
    }

    public string CallId => _dialog.CallId;

    public bool HasEnded
    {
        get
        {
            lock (_lock)
                return _state == State.Ended;
        }
    }

    /// <summary>Stands, and no SUBSCRIBE is under way.</summary>
    internal bool IsActive
    {
        get
        {
            lock (_lock)
                return _state == State.Active && !_subscribing;
        }
    }

    internal Event Event => _request.Event;

    /// <summary>Sends the first SUBSCRIBE. What comes of it is told by the callbacks, if not before this task ends then after.</summary>
    public Task StartAsync()
    {
        lock (_lock)
        {
            if (_state != State.Idle)
                throw new InvalidOperationException("A subscription is started once.");
            _state = State.NotifyWait;
            _subscribing = true;
        }

        _endpoint.Subscriptions.Add(this);
        return SubscribeAsync();
    }

    /// <summary>Unsubscribes. The last NOTIFY is still accepted until 64 * T1 later.</summary>
    public Task TerminateAsync()
    {
        lock (_lock)
        {
            if (_state is State.Idle or State.Ending or State.Ended)
                return Task.CompletedTask;
            _state = State.Ending;
            _expires = TimeSpan.Zero;
            SetAlarm(_endpoint.Options.Timers.TimerN);
            if (_subscribing)
                return Task.CompletedTask;   // whoever is at it will see that it is to end
            _subscribing = true;
        }

        return SubscribeAsync();
    }

    /// <summary>Forgets the subscription without a word to the notifier, whose next NOTIFY will be answered 481.</summary>
    public void Dispose()
    {
        lock (_lock)
            _state = State.Ended;
        _endpoint.Wheel.Cancel(_alarm);
        _endpoint.Subscriptions.Remove(this);
    }

    /// <summary>The status to answer a NOTIFY with; when 200, it is queued for the owner.</summary>
    internal int Take(IncomingRequest incoming)
    {
        var request = incoming.Request;
        lock (_lock)
        {
            if (_state is State.Idle or State.Ended || !_dialog.Owns(request))
                return 481;
            if (!request.Headers.TryGet<SubscriptionState>(HeaderName.SubscriptionState, out var state))
                return 400;
            if (!_notifications.HasRoom)
                return 503;
            switch (_dialog.Update(request))
            {
                case RequestOrder.Late:
                    return 500;
                case RequestOrder.Repeated:
                    return 200;
            }

            _notifications.Add(new Notification(
                state, request.Headers.Get(HeaderName.ContentType), request.Body, request.CSeq.Number, incoming.Flow));
            _notified = true;
            if (state.IsTerminated)
            {
                TimeSpan? retryAfter = state.RetryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
                var kind = _state == State.Ending ? SubscriptionEndKind.Unsubscribed : SubscriptionEndKind.Terminated;
                End(kind, state.Reason, null, retryAfter);
            }
            else if (_state is State.NotifyWait or State.Active)
            {
                Shorten(state.Expires);
            }
        }

        return 200;
    }

    /// <summary>To be called when the NOTIFY has been answered.</summary>
    internal void Deliver() => _notifications.Deliver();

    private async Task SubscribeAsync()
    {
        SipRequest? challenged = null;
        var expires = TimeSpan.Zero;
        for (var attempt = 1; ; attempt++)
        {
            SipRequest request;
            SipTarget? target;
            lock (_lock)
            {
                if (_state == State.Ended)
                    return;
                expires = _expires;
                request = challenged ?? CreateSubscribe();
                if (challenged is not null)
                    request.Headers.Set(HeaderName.CSeq, new CSeq(_dialog.NextCSeq(), SipMethod.Subscribe).ToString());
                target = _dialog.IsEstablished ? null : _request.Target;
                _sentAt = _endpoint.Time.GetTimestamp();
            }

            var outcome = await _endpoint.SendAsync(request, target, _dialog.MadeWith, CancellationToken.None);
            challenged = null;
            if (attempt < MaxAttempts && outcome.Response is { } response)
            {
                if (response.StatusCode is 401 or 407 && _request.Credentials?.TryAuthorize(request, response) == true)
                {
                    challenged = request;
                    continue;
                }

                if (response.StatusCode == 423 && TryLengthen(response, expires))
                    continue;
            }

            if (!Conclude(outcome, expires))
                return;
            attempt = 0;   // it was asked to end meanwhile: that SUBSCRIBE is still to be sent
        }
    }

    private SipRequest CreateSubscribe()
    {
        var request = _dialog.CreateRequest(SipMethod.Subscribe, _request.ContactUser);
        request.Headers.Add(HeaderName.Event, _request.Event);
        request.Headers.Add(HeaderName.Expires, ((long)_expires.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (_request.Accept is { } accept)
            request.Headers.Add(HeaderName.Accept, accept);
        if (_request.PAssertedIdentity is { } identity)
            request.Headers.Add(HeaderName.PAssertedIdentity, identity);
        _request.Credentials?.Authorize(request);
        return request;
    }

    /// <summary>423 Interval Too Brief (RFC 6665 §4.1.2.1): asks again for what the notifier wants at least.</summary>
    private bool TryLengthen(SipResponse response, TimeSpan asked)
    {
        if (!response.Headers.TryGet<DeltaSeconds>(HeaderName.MinExpires, out var least) || least.Duration <= asked)
            return false;
        lock (_lock)
        {
            if (_state == State.Ending)
                return false;
            _expires = least.Duration;
        }

        return true;
    }

    /// <summary>True when another SUBSCRIBE is to be sent at once.</summary>
    private bool Conclude(in SipOutcome outcome, TimeSpan asked)
    {
        lock (_lock)
        {
            var success = outcome.Response is { IsSuccess: true } ? outcome.Response : null;
            if (success is not null)
            {
                _dialog.Update(success);
                _dialog.MadeWith = outcome.Flow ?? _dialog.MadeWith;
            }

            switch (_state)
            {
                case State.Ending when asked > TimeSpan.Zero && (success is not null || _notified):
                    return true;
                case State.Ending when success is not null:
                    break;   // the last NOTIFY is awaited until the alarm
                case State.Ending:
                    End(SubscriptionEndKind.Unsubscribed, outcome.Reason, outcome.Response?.StatusCode, null);
                    break;
                case State.NotifyWait or State.Active when success is not null:
                    Grant(success.Headers.TryGet<DeltaSeconds>(HeaderName.Expires, out var granted) ? granted.Duration : asked);
                    break;
                case State.NotifyWait when _notified && outcome.Response is null:
                    Grant(asked);   // the NOTIFY says that the lost 2xx was one
                    break;
                case State.NotifyWait:
                    Fail(outcome.Response is null ? SubscriptionEndKind.Unreachable : SubscriptionEndKind.Refused, outcome);
                    break;
                case State.Active:
                    FailRefresh(outcome);
                    break;
            }

            _subscribing = false;
        }

        _notifications.Deliver();
        return false;
    }

    private void FailRefresh(in SipOutcome outcome)
    {
        // §4.1.2.2: these end the subscription; after any other failure it lasts until it expires.
        var isGone = outcome.Response?.StatusCode is null or 404 or 405 or 410 or 416 or (>= 480 and <= 485) or 489 or 501 or 604;
        var left = _granted - _endpoint.Time.GetElapsedTime(_grantedAt);
        var wait = RetryAfterOf(outcome.Response) ?? left / 2;
        if (wait < ShortestRetry)
            wait = ShortestRetry;
        if (isGone || wait >= left)
            Fail(SubscriptionEndKind.Lost, outcome);
        else
            SetAlarm(wait);
    }

    private void Grant(TimeSpan granted)
    {
        _granted = !_accepted && _told < granted ? _told.Value : granted;
        _accepted = true;
        _grantedAt = _endpoint.Time.GetTimestamp();
        if (_notified)
            Activate(_granted);
        else
            SetAlarm(_endpoint.Options.Timers.TimerN - _endpoint.Time.GetElapsedTime(_sentAt));
    }

    /// <summary>RFC 6665 §4.1.3: a NOTIFY may shorten the subscription, never lengthen it.</summary>
    private void Shorten(uint? expires)
    {
        TimeSpan? told = expires is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        if (!_accepted)
        {
            _told = told;   // counts when the 2xx comes, or is lost
            return;
        }

        var left = _granted - _endpoint.Time.GetElapsedTime(_grantedAt);
        var isShorter = told < left;
        if (isShorter)
        {
            _granted = left = told!.Value;
            _grantedAt = _endpoint.Time.GetTimestamp();
        }

        if (isShorter || _state == State.NotifyWait)
            Activate(left);
    }

    private void Activate(TimeSpan left)
    {
        // A fetch is over with its one NOTIFY, and waits only for the word that it is.
        _state = left > TimeSpan.Zero ? State.Active : State.Ending;
        var wait = left > LongGrant ? left - RefreshMargin : left / 2;
        SetAlarm(_state == State.Active ? wait - wait * _spread * Random.Shared.NextDouble() : _endpoint.Options.Timers.TimerN);
    }

    private void SetAlarm(TimeSpan wait) => _endpoint.Wheel.Schedule(_alarm, wait);

    private void OnAlarm()
    {
        var refresh = false;
        lock (_lock)
        {
            if (!_endpoint.Wheel.IsDue(_alarm))
                return;
            switch (_state)
            {
                case State.NotifyWait:
                    End(SubscriptionEndKind.NotNotified, "no NOTIFY", null, null);
                    break;
                case State.Ending:
                    End(SubscriptionEndKind.Unsubscribed, null, null, null);
                    break;
                case State.Active when !_subscribing:
                    _subscribing = refresh = true;
                    _spread = Spread;
                    break;
            }
        }

        if (refresh)
            _ = SubscribeAsync();
        _notifications.Deliver();
    }

    private void Fail(SubscriptionEndKind kind, in SipOutcome outcome) => End(
        kind, outcome.Response?.ReasonPhrase ?? outcome.Reason, outcome.Response?.StatusCode, RetryAfterOf(outcome.Response));

    private void End(SubscriptionEndKind kind, string? reason, int? statusCode, TimeSpan? retryAfter)
    {
        _state = State.Ended;
        _endpoint.Wheel.Cancel(_alarm);
        _endpoint.Subscriptions.Remove(this);
        _notifications.Add(new SubscriptionEnd(kind, reason, statusCode, retryAfter));
    }

    private static TimeSpan? RetryAfterOf(SipResponse? response) =>
        response is not null && response.Headers.TryGet<RetryAfter>(HeaderName.RetryAfter, out var after) ? after.Duration : null;

    private sealed class Alarm(Subscription subscription) : WheelTimer
    {
        internal override void OnTimer() => subscription.OnAlarm();
    }
}
