using System.Globalization;
using System.Net;
using Gateway.Rest;
using Gateway.Store;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Gateway.Carriers;

/// <summary>
/// The way out to one carrier, made from its settings and replaced with them: its own connections, time-outs, retries and circuit. What differs by
/// kind is how a request is written and its answer read.
/// </summary>
public abstract class Carrier
{
    /// <summary>A route that is not set up right (wrong path, wrong key) is for people to mend.</summary>
    protected static readonly TimeSpan Misconfigured = TimeSpan.FromMinutes(5);

    private readonly SenderRewrite _senders;
    private readonly HttpClient _client;
    private readonly Lock _lock = new();
    private int _underWay;
    private bool _retired;
    private long _openUntil;

    private protected Carrier(CarrierSettings settings, TimeProvider time)
    {
        (Settings, Time) = (settings, time);
        _senders = new SenderRewrite(settings.SenderRewrite);
        Limits = new CarrierLimits(settings, time);
        Gate = new CarrierGate(settings);
        var pipeline = CarrierResilience.Pipeline(this, time);
        _client = CarrierResilience.Client(new ResilienceHandler(pipeline) { InnerHandler = CarrierResilience.Handler() });
    }

    public CarrierSettings Settings { get; }
    public CarrierLimits Limits { get; }
    internal CarrierGate Gate { get; }
    protected TimeProvider Time { get; }

    /// <summary>It failed repeatedly and is left alone for a while: whoever has another route takes that.</summary>
    public bool IsOpen => Interlocked.Read(ref _openUntil) > Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The sender as it is written to this carrier.</summary>
    public string SenderOf(ShortMessageRow message) => SenderOf(message.Originator, message.Recipient);

    public string SenderOf(string originator, string recipient) => _senders.Apply(originator, recipient);

    /// <param name="message">The message; for several that were joined, the first.</param>
    /// <param name="text">Its text, put together from parts if need be, or null for binary content.</param>
    /// <param name="cancel">Gives up waiting for the answer.</param>
    public async Task<CarrierOutcome> SendAsync(ShortMessageRow message, string? text, CancellationToken cancel)
    {
        if (!Enter()) return new CarrierOutcome.Temporary(0, "its settings have just changed", TimeSpan.FromMilliseconds(100));
        try
        {
            var content = CarrierContent.Of(message, text, Time.GetUtcNow());
            if (Unsuitable(content) is { } reason) return new CarrierOutcome.Rejected(0, 0, reason, 10);
            using var request = Request(message, SenderOf(message), content);
            request.Headers.TryAddWithoutValidation(SmsHeaders.Via, MessageId.Format(message.Id));
            return await ExchangeAsync(request, message, cancel);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Other settings have taken its place: what is under way ends as it would have, and then the connections go.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            if (_retired) return;
            _retired = true;
            if (_underWay == 0) _client.Dispose();
        }
    }

    /// <summary>Why this carrier cannot take such content, or null.</summary>
    private protected virtual string? Unsuitable(CarrierContent content) => null;

    private protected abstract HttpRequestMessage Request(ShortMessageRow message, string sender, CarrierContent content);

    /// <summary>What an answer means; never throws, whatever comes.</summary>
    private protected abstract CarrierOutcome Read(int status, byte[] body, TimeSpan? retryAfter, ShortMessageRow message);

    /// <summary>Of an answer with HTTP 2xx: not taken, and a moment later it may be.</summary>
    internal abstract bool SaysTryAgain(byte[] body);

    internal void Opened(TimeSpan duration) => Interlocked.Exchange(ref _openUntil, (Time.GetUtcNow() + duration).ToUnixTimeMilliseconds());

    internal void Closed() => Interlocked.Exchange(ref _openUntil, 0);

    private async Task<CarrierOutcome> ExchangeAsync(HttpRequestMessage request, ShortMessageRow message, CancellationToken cancel)
    {
        try
        {
            using var response = await _client.SendAsync(request, cancel);
            return Read((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancel), RetryAfter(response), message);
        }
        catch (BrokenCircuitException e)
        {
            return new CarrierOutcome.Temporary(0, "it failed repeatedly and is left alone for a while", e.RetryAfter ?? CarrierResilience.BreakDuration);
        }
        catch (Exception e) when (e is TimeoutRejectedException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return new CarrierOutcome.Temporary(0, "no answer in time", RetryAfter: null, MayHaveBeenTaken: true);
        }
        catch (HttpRequestException e)
        {
            return new CarrierOutcome.Temporary(0, e.GetBaseException().Message, RetryAfter: null, MayHaveBeenTaken: !CarrierResilience.NeverConnected(e));
        }
    }

    /// <summary>An answer that is neither a yes nor a no of the carrier's own.</summary>
    private protected static CarrierOutcome Unavailable(int status, TimeSpan? retryAfter) =>
        // Only a gateway between us tells by 504 that the carrier did not answer in time.
        new CarrierOutcome.Temporary(status, $"HTTP {status}", status is 429 or >= 500 ? retryAfter : Misconfigured,
            MayHaveBeenTaken: status == (int)HttpStatusCode.GatewayTimeout);

    /// <summary>Where this carrier's receipts are to come, without the fields.</summary>
    private protected string? ReceiptUrl => Settings.CallbackUrl is { Length: > 0 } url
        ? $"{url.TrimEnd('/')}/webhooks/{Settings.Name}{(string.IsNullOrEmpty(Settings.WebhookSecret) ? "" : $"/{Uri.EscapeDataString(Settings.WebhookSecret)}")}/delivery-receipt"
        : null;

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? header?.Date - Time.GetUtcNow();
        return wait > TimeSpan.Zero && wait < TimeSpan.FromDays(1) ? wait : null;
    }

    private bool Enter()
    {
        lock (_lock)
        {
            if (!_retired) _underWay++;
            return !_retired;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_underWay == 0 && _retired) _client.Dispose();
        }
    }

    private protected static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
