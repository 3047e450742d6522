using System.Globalization;
using System.Net;
using Gateway.Sms;
using Gateway.Store;
using Polly;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Timeout;

namespace Gateway.Carriers;

/// <summary>
/// Hands messages over to a carrier that speaks Nexmo's SMS API: a form by POST to <c>{BaseUrl}/sms/json</c> with key and secret. Our id goes along
/// as <c>client-ref</c>, by which its receipts find the message again.
/// </summary>
public sealed class NexmoCarrier
{
    private const long MinTtl = 20_000, MaxTtl = 604_800_000; // milliseconds
    /// <summary>A route that is not set up right (wrong path, wrong key) is for people to mend.</summary>
    private static readonly TimeSpan Misconfigured = TimeSpan.FromMinutes(5);

    private readonly CarrierSettings _settings;
    private readonly IHttpClientFactory _clients;
    private readonly TimeProvider _time;
    private readonly Uri _url;

    internal NexmoCarrier(CarrierSettings settings, IHttpClientFactory clients, TimeProvider time)
    {
        (_settings, _clients, _time) = (settings, clients, time);
        _url = new Uri($"{settings.BaseUrl.TrimEnd('/')}/sms/json");
    }

    /// <param name="message">The message; for several that were joined, the first.</param>
    /// <param name="text">Its text, put together from parts if need be, or null for binary content.</param>
    /// <param name="cancel">Gives up waiting for the answer.</param>
    public async Task<CarrierOutcome> SendAsync(ShortMessageRow message, string? text, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new FormUrlEncodedContent(Fields(message, text)) };
        CarrierResilience.Mark(request, _settings.Name);
        try
        {
            using var response = await _clients.CreateClient(CarrierResilience.Client).SendAsync(request, cancel);
            return await ReadAsync(response, cancel);
        }
        catch (BrokenCircuitException e)
        {
            return new CarrierOutcome.Temporary(0, "it failed repeatedly and is left alone for a while", e.RetryAfter ?? CarrierResilience.BreakDuration);
        }
        catch (RateLimiterRejectedException)
        {
            return new CarrierOutcome.Temporary(0, "too many requests under way to it", TimeSpan.FromSeconds(1));
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

    private IEnumerable<KeyValuePair<string, string>> Fields(ShortMessageRow message, string? text)
    {
        var coding = new TpDataCodingScheme(message.DataCodingScheme);
        yield return Field("api_key", _settings.ApiKey ?? "");
        yield return Field("api_secret", _settings.ApiSecret ?? "");
        yield return Field("from", message.Originator);
        yield return Field("to", message.Recipient);
        if (text is not null)
        {
            var unicode = message.Content == ContentKind.Text ? coding.Alphabet == TpAlphabet.Ucs2 : !Gsm7.CanEncode(text);
            yield return Field("type", unicode ? "unicode" : "text");
            yield return Field("text", text);
        }
        else
        {
            var octets = message.UserData ?? [];
            var header = message.HasUserDataHeader && octets.Length > 0 ? Math.Min(1 + octets[0], octets.Length) : 0;
            yield return Field("type", "binary");
            yield return Field("body", Convert.ToHexString(octets, header, octets.Length - header));
            if (header > 0)
                yield return Field("udh", Convert.ToHexString(octets, 0, header));
            if (message.ProtocolIdentifier != 0)
                yield return Field("protocol-id", message.ProtocolIdentifier.ToString(CultureInfo.InvariantCulture));
        }
        if (coding.MessageClass is { } messageClass)
            yield return Field("message-class", messageClass.ToString(CultureInfo.InvariantCulture));
        var ttl = Math.Clamp(message.ExpiresAt - _time.GetUtcNow().ToUnixTimeMilliseconds(), MinTtl, MaxTtl);
        yield return Field("ttl", ttl.ToString(CultureInfo.InvariantCulture));
        yield return Field("client-ref", MessageId.Format(message.Id));
        yield return Field("status-report-req", "1");
    }

    private static KeyValuePair<string, string> Field(string name, string value) => KeyValuePair.Create(name, value);

    private async Task<CarrierOutcome> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var status = (int)response.StatusCode;
        if (status is >= 200 and < 300)
            return NexmoReply.Read(status, await response.Content.ReadAsByteArrayAsync(cancel));
        TimeSpan? retryAfter = status is 429 or >= 500 ? RetryAfter(response) : Misconfigured;
        // Only a gateway between us tells in this way that the carrier did not answer in time.
        return new CarrierOutcome.Temporary(status, $"HTTP {status}", retryAfter, MayHaveBeenTaken: response.StatusCode == HttpStatusCode.GatewayTimeout);
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? header?.Date - _time.GetUtcNow();
        return wait > TimeSpan.Zero && wait < TimeSpan.FromDays(1) ? wait : null;
    }
}
