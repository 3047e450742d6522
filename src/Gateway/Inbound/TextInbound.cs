using System.Text;
using Gateway.Acceptance;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Inbound;

/// <summary>A text from an OTT client (RFC 3428): 202 once it is stored, for the number in the Request-URI.</summary>
public sealed class TextInbound(Acceptor acceptor)
{
    private const string Accepted = "text/plain, application/vnd.3gpp.sms";
    private const string RetryAfterSeconds = "5";

    public async Task OnMessageAsync(IncomingRequest incoming, Sender sender, MediaType contentType)
    {
        var request = incoming.Request;
        await incoming.RespondAsync(await AnswerAsync(request, sender, contentType));
    }

    private async Task<SipResponse> AnswerAsync(SipRequest request, Sender sender, MediaType contentType)
    {
        // RFC 3994: who types is nobody's message.
        if (contentType.Is("application/im-iscomposing+xml")) return request.CreateResponse(200);
        if (!contentType.Is("text/plain") || EncodingOf(contentType) is not { } encoding)
        {
            var unsupported = request.CreateResponse(415);
            unsupported.Headers.Add(HeaderName.Accept, Accepted);
            return unsupported;
        }
        if (sender.Msisdn is not { } originator) return request.CreateResponse(403, "Sender has no number");
        if (request.RequestUri.Number is not { } destination) return request.CreateResponse(404, "Request-URI is no number");
        if (request.Body.IsEmpty) return request.CreateResponse(400, "Empty text");

        var result = await acceptor.AcceptAsync(new Submission
        {
            Source = MessageSource.Ott,
            Originator = originator,
            Destination = destination,
            Content = new TextContent(encoding.GetString(request.Body.Span)),
            ForeignId = $"sip:{request.CallId} {request.CSeq.Number}",
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
}
