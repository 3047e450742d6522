using Gateway.Sip;
using Microsoft.Extensions.Logging;

namespace Gateway.Handset;

/// <summary>How a registration stands.</summary>
/// <param name="IsRegistered">The registrar has granted it, until <paramref name="Until"/>.</param>
/// <param name="Words">For a person: to where, or why not.</param>
public sealed record RegistrationState(bool IsRegistered, string Words, DateTimeOffset? Until = null)
{
    /// <summary>The final answer to the last REGISTER, if there was one.</summary>
    public int? StatusCode { get; init; }

    /// <summary>When a failed one is tried again.</summary>
    public TimeSpan? RetryIn { get; init; }

    /// <summary>REGISTER has been sent and come to an end at least once.</summary>
    public bool IsTried { get; init; } = true;
}

/// <summary>
/// Keeps one contact registered (RFC 3261 §10.2). A granted registration is refreshed 600 s before it ends, or at half of its
/// time if it is no longer than 1200 s (TS 24.229 §5.1.1.4). A refused or unanswered one is tried again after a pause that doubles from
/// <see cref="HandsetOptions.FirstRetry"/> to <see cref="HandsetOptions.LongestRetry"/>, a fifth more or less so that a
/// network that comes back is not met by all at once; a longer Retry-After is obeyed, a 423 at once.
/// </summary>
internal sealed partial class Registration(
    HandsetOptions options, UserAgent userAgent, TimeProvider time, Action<RegistrationState> onChange, ILogger<Registration> logger)
{
    private static readonly TimeSpan LongRegistration = TimeSpan.FromSeconds(1_200);
    private static readonly TimeSpan RefreshMargin = TimeSpan.FromSeconds(600);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    private readonly string _callId = $"{Guid.NewGuid():N}";
    private readonly SemaphoreSlim _turn = new(1);
    private uint _sequence;
    private uint _expires = (uint)options.Expires.TotalSeconds;
    private CancellationTokenSource? _running;
    private Task _loop = Task.CompletedTask;
    private TaskCompletionSource _changed = NewChange();

    public RegistrationState State { get; private set; } = new(false, "not tried yet") { IsTried = false };

    public async Task StartAsync(Contact contact)
    {
        await _turn.WaitAsync();
        try
        {
            if (_running is not null) return;
            _running = new CancellationTokenSource();
            _loop = RunAsync(contact, _running.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the refreshing and takes the contact off the registrar.</summary>
    public async Task<SipOutcome> DeregisterAsync(Contact contact, CancellationToken cancellation)
    {
        await StopAsync();
        var outcome = await RegisterAsync(contact, 0, cancellation);
        userAgent.ServiceRoute = [];
        Change(new RegistrationState(false, $"left: {Words.Of(outcome)}") { StatusCode = outcome.Response?.StatusCode });
        return outcome;
    }

    /// <summary>Ends the refreshing without a word to the registrar.</summary>
    public async Task StopAsync()
    {
        await _turn.WaitAsync();
        try
        {
            if (_running is null) return;
            await _running.CancelAsync();
            await _loop;
            _running.Dispose();
            _running = null;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task<RegistrationState> WhenAsync(Func<RegistrationState, bool> condition, CancellationToken cancellation)
    {
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (State is var state && condition(state)) return state;
            await changed.WaitAsync(cancellation);
        }
    }

    private async Task RunAsync(Contact contact, CancellationToken cancellation)
    {
        var failures = 0;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var outcome = await RegisterAsync(contact, _expires, cancellation);
                if (outcome.Response is { StatusCode: 423 } tooBrief && Raise(tooBrief)) continue;
                var pause = outcome.Response is { IsSuccess: true } granted ? Granted(contact, granted) : Failed(outcome, failures);
                failures = outcome.Response is { IsSuccess: true } ? 0 : failures + 1;
                await Task.Delay(TimeSpan.FromTicks(Math.Clamp(pause.Ticks, ShortestPause.Ticks, LongestPause.Ticks)), time, cancellation);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<SipOutcome> RegisterAsync(Contact contact, uint expires, CancellationToken cancellation)
    {
        var request = userAgent.CreateRegister(_callId, _sequence + 1);
        request.Headers.Add(HeaderName.Contact, contact);
        request.Headers.Add(HeaderName.Expires, new DeltaSeconds(expires));
        request.Headers.Add(HeaderName.Supported, "path");   // a registrar refuses a Path it was not told of (RFC 3327 §5.3)
        try
        {
            return await userAgent.SendAsync(request, cancellation);
        }
        finally
        {
            _sequence = request.CSeq.Number;
        }
    }

    /// <summary>RFC 3261 §10.2.8: as long as the registrar wants at least.</summary>
    private bool Raise(SipResponse tooBrief)
    {
        if (!tooBrief.Headers.TryGet<DeltaSeconds>(HeaderName.MinExpires, out var minimum) || minimum.Seconds <= _expires) return false;
        _expires = minimum.Seconds;
        return true;
    }

    private TimeSpan Granted(Contact contact, SipResponse response)
    {
        var granted = TimeSpan.FromSeconds(GrantedSeconds(contact, response));
        userAgent.ServiceRoute = response.Headers.GetAll(HeaderName.ServiceRoute);
        Change(new RegistrationState(true, $"at {options.FirstHop}", time.GetUtcNow() + granted) { StatusCode = response.StatusCode });
        return granted > LongRegistration ? granted - RefreshMargin : granted / 2;
    }

    /// <summary>RFC 3261 §10.2.4: of our own contact among all; else of the Expires header; else as asked.</summary>
    private uint GrantedSeconds(Contact contact, SipResponse response)
    {
        if (response.Headers.TryGetAll<Contact>(HeaderName.Contact, out var contacts))
        {
            foreach (var one in contacts)
            {
                if (!one.IsWildcard && one.Uri == contact.Uri && one.Expires is { } seconds) return seconds;
            }
        }

        return response.Headers.TryGet<DeltaSeconds>(HeaderName.Expires, out var expires) ? expires.Seconds : _expires;
    }

    private TimeSpan Failed(SipOutcome outcome, int failures)
    {
        var doubled = options.FirstRetry * Math.Pow(2, Math.Min(failures, 30));
        var pause = (doubled < options.LongestRetry ? doubled : options.LongestRetry) * (0.8 + 0.4 * Random.Shared.NextDouble());
        var after = outcome.Response is { } response && response.Headers.TryGet<RetryAfter>(HeaderName.RetryAfter, out var told)
            ? told.Duration
            : TimeSpan.Zero;
        if (after > pause) pause = after;
        var why = outcome.Response is { StatusCode: 401 or 407 } challenge
            ? $"{Words.Of(challenge)}, {(options.Password is null ? "and no password is given" : "the password is not accepted")}"
            : Words.Of(outcome);
        LogFailed(options.PublicIdentity, why, pause);
        Change(new RegistrationState(false, why) { StatusCode = outcome.Response?.StatusCode, RetryIn = pause });
        return pause;
    }

    private void Change(RegistrationState state)
    {
        State = state;
        Interlocked.Exchange(ref _changed, NewChange()).SetResult();
        onChange(state);
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(7001, LogLevel.Warning, "{Identity} is not registered: {Reason}; next try in {Pause}")]
    private partial void LogFailed(SipUri identity, string reason, TimeSpan pause);
}
