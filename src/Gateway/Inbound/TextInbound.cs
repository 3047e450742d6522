using System.Text;
using Gateway.Acceptance;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Inbound;

/// <summary>
/// A text from an OTT client (RFC 3428), plain or in a message/cpim (RFC 3862): 202 once it is stored, for the number in the Request-URI.
/// </summary>
public sealed partial class TextInbound(Acceptor acceptor, ILogger<TextInbound> log)
{
    private const string Accepted = $"text/plain, {CpimMessage.ContentType}, application/vnd.3gpp.sms";
    private const string IsComposing = "application/im-iscomposing+xml";
    public const string RetryAfterSeconds = "5";
    private const ImdnRequest Told = ImdnRequest.PositiveDelivery | ImdnRequest.NegativeDelivery;
    // What comes back in a notification is stored until then.
    private const int MaxMessageId = 256, MaxAddress = 512;

    public async Task OnMessageAsync(IncomingRequest incoming, Sender sender, MediaType contentType)
    {
        var request = incoming.Request;
        await incoming.RespondAsync(contentType.Is(CpimMessage.ContentType)
            ? await AnswerCpimAsync(request, sender)
            : await AnswerAsync(request, sender, contentType, request.Body, cpim: null));
    }

    private async Task<SipResponse> AnswerCpimAsync(SipRequest request, Sender sender)
    {
        if (!CpimMessage.TryParse(request.Body, out var cpim, out _)) return request.CreateResponse(400, "Broken message/cpim");
        // RFC 3862 §3.4.7: what is required and not known here must not be passed over.
        if (cpim.Find(CpimHeader.Core, "Require") is { } require && require.Value.Split(',').Any(name => !name.Trim().StartsWith("imdn.", StringComparison.Ordinal)))
            return request.CreateResponse(488, "Required CPIM header not known");
        if (!cpim.PartType.Is(ImdnDocument.ContentType)) return await AnswerAsync(request, sender, cpim.PartType, cpim.Content, cpim);

        // What we send is concluded by its SIP answer and asks for no notification: one that comes all the same changes nothing.
        if (!ImdnDocument.TryParse(cpim.Content, out var imdn, out _)) return request.CreateResponse(400, "Broken message/imdn+xml");
        LogNotification(sender.Identity, imdn!.MessageId, imdn.Notification, imdn.Status);
        return request.CreateResponse(200);
    }

    private async Task<SipResponse> AnswerAsync(SipRequest request, Sender sender, MediaType contentType, ReadOnlyMemory<byte> content, CpimMessage? cpim)
    {
        // RFC 3994: who types is nobody's message.
        if (contentType.Is(IsComposing)) return request.CreateResponse(200);
        if (!contentType.Is("text/plain") || EncodingOf(contentType) is not { } encoding)
        {
            var unsupported = request.CreateResponse(415);
            unsupported.Headers.Add(HeaderName.Accept, Accepted);
            return unsupported;
        }
        if (sender.Msisdn is not { } originator) return request.CreateResponse(403, "Sender has no number");
        if (request.RequestUri.Number is not { } destination) return request.CreateResponse(404, "Request-URI is no number");
        if (content.IsEmpty) return request.CreateResponse(400, "Empty text");

        var text = encoding.GetString(content.Span);
        // No alphabet has U+0000, and PostgreSQL cannot store it.
        if (text.Contains('\0')) return request.CreateResponse(400, "Text has U+0000");

        var told = cpim?.MessageId is { Length: <= MaxMessageId } id && !id.Contains('\0') ? cpim.Requested & Told : ImdnRequest.None;
        var result = await acceptor.AcceptAsync(new Submission
        {
            Source = MessageSource.Ott,
            Originator = originator,
            Destination = destination,
            Content = new TextContent(text),
            ForeignId = $"sip:{request.CallId} {request.CSeq.Number}",
            ReceiptRequested = told != ImdnRequest.None,
            ImdnMessageId = told != ImdnRequest.None ? cpim!.MessageId : null,
            SubmitReference = (byte)told,
            SubmitDestination = told != ImdnRequest.None && cpim!.To is { Length: <= MaxAddress } to ? Encoding.UTF8.GetBytes(to) : null,
        }, CancellationToken.None);
        return result.Accepted ? request.CreateResponse(202) : Refused(request, result);
    }

    /// <summary>The one place that turns a refusal into a SIP status.</summary>
    private static SipResponse Refused(SipRequest request, AcceptanceResult result)
    {
        var response = request.CreateResponse(result.Refusal switch
        {
            Refusal.InvalidDestination or Refusal.Unroutable => 404,
            Refusal.TooLong => 413,
            _ => 503,
        });
        if (response.StatusCode == 503) response.Headers.Add(HeaderName.RetryAfter, RetryAfterSeconds);
        return response;
    }

    // A missing charset is read as UTF-8 (RFC 3428 §11.3 and what clients do).
    private static Encoding? EncodingOf(MediaType type) => type.Charset?.ToLowerInvariant() switch
    {
        null or "" or "utf-8" or "utf8" or "us-ascii" => Encoding.UTF8,
        "iso-8859-1" or "latin1" => Encoding.Latin1,
        _ => null,
    };

    [LoggerMessage(4031, LogLevel.Debug, "{Identity} notifies of {MessageId}: {Notification} {Status}")]
    private partial void LogNotification(string identity, string messageId, ImdnNotification notification, ImdnStatus status);
}
