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
    /// <summary>The name of the HTTP client to all carriers.</summary>
    public const string Client = "carrier";
    private static readonly HttpRequestOptionsKey<string> Carrier = new("carrier");
    private const int MaxReplyOctets = 64 * 1024;

    public static void Configure(HttpStandardResilienceOptions options)
    {
        options.TotalRequestTimeout.Timeout = TimeSpan.FromSeconds(15);
        options.AttemptTimeout.Timeout = TimeSpan.FromSeconds(5);
        options.Retry.MaxRetryAttempts = 2;
        options.Retry.BackoffType = DelayBackoffType.Exponential;
        options.Retry.Delay = TimeSpan.FromMilliseconds(250);
        options.Retry.UseJitter = true;
        options.Retry.ShouldRetryAfterHeader = false; // a wait that it asks for is the mailbox's to keep
        options.Retry.ShouldHandle = args => WasNotTakenAsync(args.Outcome, args.Context.CancellationToken);
        options.CircuitBreaker.SamplingDuration = TimeSpan.FromSeconds(30);
        options.CircuitBreaker.MinimumThroughput = 10;
        options.CircuitBreaker.FailureRatio = 0.5;
        options.CircuitBreaker.BreakDuration = BreakDuration;
    }

    public static void Configure(HttpClient client)
    {
        client.Timeout = TimeSpan.FromSeconds(20); // the pipeline's time-outs come first, except for a body that trickles behind an error
        client.MaxResponseContentBufferSize = MaxReplyOctets;
    }

    /// <summary>Redirects would carry key and secret to wherever they point.</summary>
    public static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(3), PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    /// <summary>Says whose request it is, and so which circuit it goes through.</summary>
    public static void Mark(HttpRequestMessage request, string carrier) => request.Options.Set(Carrier, carrier);

    public static string CarrierOf(HttpRequestMessage request) => request.Options.TryGetValue(Carrier, out var carrier) ? carrier : "";

    public static bool NeverConnected(HttpRequestException e) => e.HttpRequestError is
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;

    private static async ValueTask<bool> WasNotTakenAsync(Outcome<HttpResponseMessage> outcome, CancellationToken cancel)
    {
        if (outcome.Exception is { } exception)
            return exception is HttpRequestException fault && NeverConnected(fault);
        var response = outcome.Result!;
        if (response.StatusCode == HttpStatusCode.TooManyRequests || response.StatusCode >= HttpStatusCode.InternalServerError)
            return response.Headers.RetryAfter is null && response.StatusCode != HttpStatusCode.GatewayTimeout;
        if (!response.IsSuccessStatusCode)
            return false;
        await response.Content.LoadIntoBufferAsync(MaxReplyOctets, cancel); // what fails here fails the request, as it would a moment later
        return NexmoReply.SaysTryAgain(await response.Content.ReadAsByteArrayAsync(cancel));
    }
}
