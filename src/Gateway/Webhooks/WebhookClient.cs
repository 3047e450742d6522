using System.Globalization;
using System.Net;
using Gateway.Store;

namespace Gateway.Webhooks;

/// <summary>What came of one push.</summary>
/// <param name="Taken">200 to 205: the customer has it.</param>
/// <param name="Answered">The endpoint is alive, whatever it said; false after transport faults, time-outs, 429 and 5xx.</param>
/// <param name="Result">HTTP status or fault in words.</param>
internal readonly record struct PushResult(bool Taken, bool Answered, string Result);

/// <summary>Sends one webhook: 3 seconds to connect, then 15 for the answer, whose body nobody reads.</summary>
internal sealed class WebhookClient : IDisposable
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);
    private const int MaxResultCharacters = 200;

    /// <summary>Of a request: what ends its wait for the answer.</summary>
    private static readonly HttpRequestOptionsKey<CancellationTokenSource> AnswerClock = new("answer");

    private readonly TargetGuard _guard;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public WebhookClient(bool allowPrivateTargets, TimeProvider time)
    {
        (_guard, _time) = (new TargetGuard(allowPrivateTargets), time);
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            ConnectTimeout = ConnectTimeout,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            // No limit of connections: several accounts may name one server, and its WebhookEndpoints count. In line for a connection, the time
            // of a push would pass unused.
            MaxResponseHeadersLength = 16, // KiB
            MaxResponseDrainSize = 64 * 1024,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that a name's new address is found
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // the one below runs on our clock
        };
    }

    public async Task<PushResult> PushAsync(WebhookRow webhook, AccountSettings? account, CancellationToken stop)
    {
        if (account is null)
            return new PushResult(false, true, $"there is no account {webhook.Account}");
        using var request = WebhookRequest.For(webhook, account, _time.GetUtcNow());
        if (request is null)
            return new PushResult(false, true, "the URL is not an http or https URL");
        using var timeout = new CancellationTokenSource(AnswerTimeout, _time);
        request.Options.Set(AnswerClock, timeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var status = (int)response.StatusCode;
            var alive = status is not (429 or >= 500);
            return new PushResult(status is >= 200 and <= 205, alive, string.Create(CultureInfo.InvariantCulture, $"HTTP {status}"));
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // Whatever goes wrong on the way to a server we do not know is that server's fault and one more try.
            var result = timeout.IsCancellationRequested ? $"no answer within {AnswerTimeout.TotalSeconds} s" : e.GetBaseException().Message;
            return new PushResult(false, false, result.Length > MaxResultCharacters ? result[..MaxResultCharacters] : result);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The time for the answer begins when the connection stands.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var stream = await _guard.ConnectAsync(context, cancel);
        try
        {
            if (context.InitialRequestMessage.Options.TryGetValue(AnswerClock, out var clock))
                clock.CancelAfter(AnswerTimeout);
        }
        catch (ObjectDisposedException)
        {
            // The push that asked for this connection got another one; the next push uses it.
        }
        return stream;
    }
}
