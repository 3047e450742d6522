using System.Globalization;
using System.Text;
using Gateway.Sip;
using Gateway.Sms;
using Microsoft.Extensions.Logging;

namespace Gateway.Handset;

/// <summary>
/// An OTT client's texts, RFC 3428: one MESSAGE is one text, and the SIP answer is all there is to say about it. A Call-ID
/// that comes again is answered again and not shown again. In a message/cpim (RFC 3862) its sender may ask to be notified of the delivery
/// (RFC 5438 §7): that is done once, when the text has been shown.
/// </summary>
internal sealed partial class OttMessages(
    HandsetOptions options, UserAgent userAgent, HandsetCounters counters, TimeProvider time, Action<ReceivedText> onText,
    ILogger<OttMessages> logger)
{
    public const string IsComposing = "application/im-iscomposing+xml";
    public const string Accepted = $"{PlainText}, {CpimMessage.ContentType}";

    private const string PlainText = "text/plain";

    private readonly Recent<string> _calls = new(256);
    private readonly Recent<string> _notifiedAs = new(256);

    /// <summary>Called for each notification that comes.</summary>
    public required Action<DispositionNotification> OnNotification { private get; init; }

    public static bool Takes(MediaType type) => type.Is(PlainText) || type.Is(CpimMessage.ContentType);

    public async Task OnMessageAsync(IncomingRequest incoming, MediaType type, Behaviour behaviour, CancellationToken stopping)
    {
        var request = incoming.Request;
        CpimMessage? cpim = null;
        if (type.Is(CpimMessage.ContentType))
        {
            if (!CpimMessage.TryParse(request.Body, out cpim, out _))
            {
                counters.CountBroken();
                await incoming.RespondAsync(400, "Broken message/cpim");
                return;
            }

            if (cpim.PartType.Is(IsComposing))
            {
                await incoming.RespondAsync(200);
                return;
            }

            if (cpim.PartType.Is(ImdnDocument.ContentType))
            {
                await TakeNotificationAsync(incoming, cpim);
                return;
            }
        }

        var content = cpim?.PartType ?? type;
        if (!content.Is(PlainText) || EncodingOf(content) is not { } encoding)
        {
            counters.CountBroken();
            await incoming.RespondAsync(415, content.Is(PlainText) ? "Unknown charset" : "Unknown content");
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
        var isNew = _calls.Add(request.CallId);
        if (isNew) Show(request, encoding.GetString((cpim?.Content ?? request.Body).Span));
        else counters.CountRepeat();
        await incoming.RespondAsync(200);
        if (isNew && cpim is { MessageId: { } messageId } && cpim.Requested.HasFlag(ImdnRequest.PositiveDelivery))
            await NotifyAsync(request, cpim, messageId, stopping);
    }

    public async Task<SendResult> SendAsync(string to, string text, SendOptions how, CancellationToken cancellation)
    {
        if (!TryFindTarget(to, out var target)) return new SendResult(SendVerdict.NotSent, $"'{to}' is neither a number nor a URI");
        var request = userAgent.CreateMessage(target);
        string? messageId = null;
        if (how.DeliveryNotification)
        {
            messageId = Guid.NewGuid().ToString("N");
            _notifiedAs.Add(messageId);
            request.SetBody(CpimMessage.ContentType, (Cpim(target, messageId, asks: true) with
            {
                PartType = new MediaType(PlainText, SipParameters.Empty.With("charset", "utf-8")),
                Content = Encoding.UTF8.GetBytes(text),
            }).ToArray());
        }
        else
        {
            request.SetBody($"{PlainText};charset=utf-8", Encoding.UTF8.GetBytes(text));
        }

        var outcome = await userAgent.SendAsync(request, cancellation);
        return new SendResult(VerdictOf(outcome), Words.Of(outcome)) { StatusCode = outcome.Response?.StatusCode, NotifiedAs = messageId };
    }

    private async Task TakeNotificationAsync(IncomingRequest incoming, CpimMessage cpim)
    {
        if (!ImdnDocument.TryParse(cpim.Content, out var imdn, out _))
        {
            counters.CountBroken();
            await incoming.RespondAsync(400, "Broken message/imdn+xml");
            return;
        }

        // Told before it is answered, as texts are shown.
        if (_calls.Add(incoming.Request.CallId))
        {
            counters.CountNotification();
            OnNotification(new DispositionNotification(
                SenderOf(incoming.Request), imdn!.MessageId, imdn.Notification, imdn.Status, _notifiedAs.Contains(imdn.MessageId)));
        }

        await incoming.RespondAsync(200);
    }

    /// <summary>RFC 5438 §7.2.1: to whom the message came from, by way of the network; nobody is notified of a notification.</summary>
    private async Task NotifyAsync(SipRequest request, CpimMessage cpim, string messageId, CancellationToken stopping)
    {
        var asserted = request.Headers.TryGet<NameAddr>(HeaderName.PAssertedIdentity, out var identity) ? identity.Uri : request.From.Uri;
        var target = asserted.WithoutHeaders();
        var imdn = new ImdnDocument(messageId, cpim.DateTime ?? time.GetUtcNow(), ImdnNotification.Delivery, ImdnStatus.Delivered)
        {
            RecipientUri = options.PublicIdentity.ToString(), OriginalRecipientUri = cpim.To,
        };
        var notification = userAgent.CreateMessage(target);
        notification.SetBody(CpimMessage.ContentType, (Cpim(target, Guid.NewGuid().ToString("N"), asks: false) with
        {
            PartType = new MediaType(ImdnDocument.ContentType, SipParameters.Empty),
            PartDisposition = "notification",
            Content = imdn.ToArray(),
        }).ToArray());
        var outcome = await userAgent.SendAsync(notification, stopping);
        if (outcome.Response is { IsSuccess: true }) counters.CountNotified();
        else LogNotNotified(target, Words.Of(outcome));
    }

    private CpimMessage Cpim(SipUri target, string messageId, bool asks)
    {
        List<CpimHeader> headers =
        [
            new(CpimHeader.Core, "From", $"<{options.PublicIdentity}>"),
            new(CpimHeader.Core, "To", $"<{target}>"),
            new(CpimHeader.Core, "DateTime", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            new(CpimHeader.Imdn, "Message-ID", messageId),
        ];
        if (asks) headers.Add(new(CpimHeader.Imdn, "Disposition-Notification", "positive-delivery, negative-delivery"));
        return new CpimMessage { Headers = headers };
    }

    private void Show(SipRequest request, string text)
    {
        counters.CountText();
        var isDated = DateTimeOffset.TryParse(request.Headers.Get(HeaderName.Date), CultureInfo.InvariantCulture, out var date);
        onText(new ReceivedText(SenderOf(request), text, 1, time.GetUtcNow())
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

    [LoggerMessage(7041, LogLevel.Warning, "{Target} could not be notified of a delivery: {Reason}")]
    private partial void LogNotNotified(SipUri target, string reason);
}
