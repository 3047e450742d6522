using System.Globalization;
using System.Text;
using Gateway.Sip;
using Gateway.Sms;

namespace Gateway.Handset;

/// <summary>
/// An OTT client's texts, RFC 3428: one MESSAGE is one text, and the SIP answer is all there is to say about it. A Call-ID
/// that comes again is answered again and not shown again.
/// </summary>
internal sealed class OttMessages(
    HandsetOptions options, UserAgent userAgent, HandsetCounters counters, TimeProvider time, Action<ReceivedText> onText)
{
    public const string ContentType = "text/plain";

    private readonly Recent<string> _calls = new(256);

    public async Task OnMessageAsync(IncomingRequest incoming, MediaType type, Behaviour behaviour, CancellationToken stopping)
    {
        var request = incoming.Request;
        if (EncodingOf(type) is not { } encoding)
        {
            counters.CountBroken();
            await incoming.RespondAsync(415, "Unknown charset");
            return;
        }

        switch (behaviour)
        {
            case Behaviour.Refusing { Cause: var cause }:
                counters.CountRefused();
                await incoming.RespondAsync(cause == RpCause.MemoryCapacityExceeded ? 480 : 603);
                return;
            case Behaviour.Slowness { Delay: var delay }:
                await Task.Delay(delay, time, stopping);
                break;
        }

        // Shown before it is answered: the answer calls for the next one, and order is to be kept.
        if (_calls.Add(request.CallId)) Show(request, encoding);
        else counters.CountRepeat();
        await incoming.RespondAsync(200);
    }

    public async Task<SendResult> SendAsync(string to, string text, CancellationToken cancellation)
    {
        if (!TryFindTarget(to, out var target)) return new SendResult(SendVerdict.NotSent, $"'{to}' is neither a number nor a URI");
        var request = userAgent.CreateMessage(target);
        request.SetBody($"{ContentType};charset=utf-8", Encoding.UTF8.GetBytes(text));
        var outcome = await userAgent.SendAsync(request, cancellation);
        return new SendResult(VerdictOf(outcome), Words.Of(outcome)) { StatusCode = outcome.Response?.StatusCode };
    }

    private void Show(SipRequest request, Encoding encoding)
    {
        counters.CountText();
        var isDated = DateTimeOffset.TryParse(request.Headers.Get(HeaderName.Date), CultureInfo.InvariantCulture, out var date);
        onText(new ReceivedText(SenderOf(request), encoding.GetString(request.Body.Span), 1, time.GetUtcNow())
        {
            SentAt = isDated ? date : null,
            CallId = request.CallId,
        });
    }

    private static SendVerdict VerdictOf(SipOutcome outcome) => outcome switch
    {
        { Response.IsSuccess: true }      => SendVerdict.Accepted,
        { Response: not null }            => SendVerdict.RefusedBySip,
        { Kind: SipOutcomeKind.TimedOut } => SendVerdict.NoAnswer,
        _                                 => SendVerdict.NotSent,
    };

    private bool TryFindTarget(string to, out SipUri target)
    {
        if (SipUri.TryParse(to, out target) && (target.IsSip || target.IsTel)) return true;
        if (to.Contains('@', StringComparison.Ordinal)) return SipUri.TryParse($"sip:{to}", out target);
        if (!HandsetOptions.IsNumber(to)) return false;
        target = SipUri.Create(to, options.HomeDomain);
        return true;
    }

    /// <summary>A client believes what its network asserts, and shows From where nothing is asserted.</summary>
    private static string SenderOf(SipRequest request)
    {
        var uri = request.Headers.TryGet<NameAddr>(HeaderName.PAssertedIdentity, out var asserted) ? asserted.Uri : request.From.Uri;
        return uri.Number ?? uri.User ?? uri.ToString();
    }

    // RFC 3428 §11.3 leaves charset to MIME; what is not said is UTF-8 with every client.
    private static Encoding? EncodingOf(MediaType type) => type.Charset?.ToLowerInvariant() switch
    {
        null or "" or "utf-8" or "us-ascii" => Encoding.UTF8,
        "iso-8859-1"                        => Encoding.Latin1,
        _                                   => null,
    };
}
