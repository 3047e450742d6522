namespace Gateway.Sip;

/// <summary>What this user agent server understands, for <see cref="RequestCheck"/>.</summary>
public sealed record RequestCheckOptions
{
    public static readonly RequestCheckOptions Default = new();

    /// <summary>Option tags a Require may name.</summary>
    public IReadOnlyList<string> Supported { get; init; } = ["path", "outbound"];

    /// <summary>Bodies a MESSAGE may have, as in an Accept header.</summary>
    public IReadOnlyList<string> Accept { get; init; } =
        ["application/vnd.3gpp.sms", "text/plain", "message/cpim", "application/im-iscomposing+xml", "multipart/mixed"];

    public IReadOnlyList<string> AllowEvents { get; init; } = ["reg"];
}

/// <summary>
/// RFC 3261 §8.2: what is answered before an application sees the request. Holds no state, so a refused INVITE leaves none.
/// </summary>
public static class RequestCheck
{
    /// <summary>
    /// True when the request is for the application. False when it is dealt with: by <paramref name="answer"/>, or by silence where that is
    /// null
    /// (an ACK has no answer).
    /// </summary>
    public static bool TryPass(SipRequest request, RequestCheckOptions options, out SipResponse? answer)
    {
        answer = request.Method switch
        {
            SipMethod.Ack => null,
            // Neither a dialog nor a pending INVITE ever exists here.
            SipMethod.Bye or SipMethod.Cancel => request.CreateResponse(481),
            SipMethod.Message or SipMethod.Subscribe or SipMethod.Notify or SipMethod.Register or SipMethod.Options =>
                Refusal(request, options),
            _ => With(request.CreateResponse(405), HeaderName.Allow, SipMethod.Allowed),
        };
        if (answer is null && request.Method == SipMethod.Options) answer = Capabilities(request, options);
        return answer is null && request.Method != SipMethod.Ack;
    }

    private static SipResponse? Refusal(SipRequest request, RequestCheckOptions options)
    {
        // §8.2.2.1
        if (!request.IsForSipOrTel) return request.CreateResponse(416);

        // §8.2.2.3
        var unknown = Unsupported(request, options);
        if (unknown is not null) return With(request.CreateResponse(420), HeaderName.Unsupported, unknown);

        // §8.2.3
        if (request.Body.IsEmpty) return null;
        if (request.Headers.Contains(HeaderName.ContentEncoding) && !request.Headers.GetAll(HeaderName.ContentEncoding).All(IsIdentity))
        {
            return With(request.CreateResponse(415), HeaderName.AcceptEncoding, "identity");
        }

        if (!request.Headers.TryGetRaw(HeaderName.ContentType, out var octets)) return null;
        foreach (var accepted in options.Accept)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(octets, accepted)) return null;   // nearly always: without parameters
        }

        if (!request.Headers.TryGet<MediaType>(HeaderName.ContentType, out var type))
        {
            var error = new SipError(SipFault.HeaderSyntax, HeaderNames.Text(HeaderName.ContentType), 0);
            return request.CreateResponse(error.StatusCode, error.ReasonPhrase);
        }

        var refused = request.Method == SipMethod.Message && !options.Accept.Any(type.Is);
        return refused ? With(request.CreateResponse(415), HeaderName.Accept, string.Join(", ", options.Accept)) : null;
    }

    /// <summary>RFC 3261 §11.2.</summary>
    private static SipResponse Capabilities(SipRequest request, RequestCheckOptions options)
    {
        var answer = With(request.CreateResponse(200), HeaderName.Allow, SipMethod.Allowed);
        answer.Headers.Add(HeaderName.Accept, string.Join(", ", options.Accept));
        answer.Headers.Add(HeaderName.AcceptEncoding, "identity");
        answer.Headers.Add(HeaderName.Supported, string.Join(", ", options.Supported));
        answer.Headers.Add(HeaderName.AllowEvents, string.Join(", ", options.AllowEvents));
        return answer;
    }

    private static string? Unsupported(SipRequest request, RequestCheckOptions options) =>
        request.Headers.Contains(HeaderName.Require) ? Unsupported(request.Headers.GetAll(HeaderName.Require), options.Supported) : null;

    private static string? Unsupported(IReadOnlyList<string> required, IReadOnlyList<string> supported)
    {
        var list = string.Join(", ", required.Where(tag => !supported.Contains(tag, StringComparer.OrdinalIgnoreCase)));
        return list.Length == 0 ? null : list;
    }

    private static bool IsIdentity(string coding) => coding.Equals("identity", StringComparison.OrdinalIgnoreCase);

    private static SipResponse With(SipResponse response, HeaderName name, string value)
    {
        response.Headers.Add(name, value);
        return response;
    }
}
