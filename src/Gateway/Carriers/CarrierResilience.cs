using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Gateway.Carriers;

/// <summary>
/// The pipeline before each carrier: 5 seconds an attempt, 15 in all; a circuit of its own that opens when half of its requests fail. Only what
/// the carrier certainly did not take is tried again here, because a message sent twice is worse than one a minute late; everything else goes
/// back to the mailbox and its schedule.
/// </summary>
internal static class CarrierResilience
{
    public static readonly TimeSpan BreakDuration = TimeSpan.FromSeconds(15);
    private const int MaxReplyOctets = 64 * 1024;

    public static ResiliencePipeline<HttpResponseMessage> Pipeline(Carrier carrier, TimeProvider time) =>
        new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }
            .AddTimeout(TimeSpan.FromSeconds(15))
            .AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = 2,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(250),
                UseJitter = true,
                ShouldRetryAfterHeader = false, // a wait that it asks for is the mailbox's to keep
                ShouldHandle = args => WasNotTakenAsync(carrier, args.Outcome, args.Context.CancellationToken),
                OnRetry = _ =>
                {
                    carrier.Limits.Count(otp: true); // it is a message more for the carrier's count, if for nobody's share of it
                    return default;
                },
            })
            .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
            {
                SamplingDuration = TimeSpan.FromSeconds(30),
                MinimumThroughput = 10,
                FailureRatio = 0.5,
                BreakDuration = BreakDuration,
                OnOpened = args =>
                {
                    carrier.Opened(args.BreakDuration);
                    return default;
                },
                OnClosed = _ =>
                {
                    carrier.Closed();
                    return default;
                },
            })
            .AddTimeout(TimeSpan.FromSeconds(5))
            .Build();

    /// <summary>Its time-out comes after the pipeline's, except for a body that trickles behind an error.</summary>
    public static HttpClient Client(HttpMessageHandler pipeline) =>
        new(pipeline) { Timeout = TimeSpan.FromSeconds(20), MaxResponseContentBufferSize = MaxReplyOctets };

    /// <summary>Redirects would carry key and secret to wherever they point.</summary>
    public static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(3), PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    public static bool NeverConnected(HttpRequestException e) => e.HttpRequestError is
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;

    private static async ValueTask<bool> WasNotTakenAsync(Carrier carrier, Outcome<HttpResponseMessage> outcome, CancellationToken cancel)
    {
        if (outcome.Exception is { } exception)
            return exception is HttpRequestException fault && NeverConnected(fault);
        var response = outcome.Result!;
        if (response.StatusCode == HttpStatusCode.TooManyRequests || response.StatusCode >= HttpStatusCode.InternalServerError)
            return response.Headers.RetryAfter is null && response.StatusCode != HttpStatusCode.GatewayTimeout;
        if (!response.IsSuccessStatusCode)
            return false;
        await response.Content.LoadIntoBufferAsync(MaxReplyOctets, cancel); // what fails here fails the request, as it would a moment later
        return carrier.SaysTryAgain(await response.Content.ReadAsByteArrayAsync(cancel));
    }
}
