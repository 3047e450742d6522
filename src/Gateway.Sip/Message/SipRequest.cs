namespace Gateway.Sip;

/// <summary>RFC 3261 §7.1.</summary>
public sealed class SipRequest : SipMessage
{
    private const int TagOctets = 8;

    private readonly ReadOnlyMemory<byte> _rawUri;
    private SipUri? _uri;

    /// <exception cref="ArgumentException">The method is no token.</exception>
    public SipRequest(string method, SipUri uri)
        : base(new SipHeaders())
    {
        if (!SipGrammar.IsToken(method)) throw new ArgumentException($"'{method}' is not a method.", nameof(method));

        Method = method;
        _uri = uri;
    }

    internal SipRequest(string method, ReadOnlyMemory<byte> rawUri, SipHeaders headers)
        : base(headers)
    {
        Method = method;
        _rawUri = rawUri;
    }

    public string Method { get; }

    public SipUri RequestUri
    {
        get => _uri ??= SipUri.TryParse(_rawUri.Span, out var uri) ? uri : SipUri.Unreadable(_rawUri.Span);
        set => _uri = value;
    }

    /// <summary>
    /// Of a request that makes or keeps a dialog: the user part of our Contact ("" for none), whose address is put in for the way the request
    /// takes. Null: no Contact is put in.
    /// </summary>
    internal string? ContactUser { get; init; }

    /// <summary>As received; empty once it is set anew or was made here.</summary>
    internal ReadOnlyMemory<byte> RawUri => _uri is null ? _rawUri : default;

    /// <summary>
    /// RFC 3261 §8.2.6: Via, From, To, Call-ID and CSeq of this request; Timestamp in a 100; Record-Route where a SUBSCRIBE makes a dialog
    /// (§12.1.1).
    /// A To without tag gets <paramref name="toTag"/>, or a random one, except in a 100. Works on a request that was refused at the door
    /// too, as far as its headers could be read.
    /// </summary>
    /// <param name="statusCode">100 to 699.</param>
    /// <param name="reason">Null for the usual phrase.</param>
    /// <param name="toTag">The tag of this end of the dialog, or of this transaction.</param>
    public SipResponse CreateResponse(int statusCode, string? reason = null, string? toTag = null)
    {
        var response = new SipResponse(statusCode, reason, Headers.CreateSibling());
        var headers = response.Headers;
        headers.CopyFrom(Headers, HeaderName.Via);
        headers.CopyFrom(Headers, HeaderName.From);
        headers.CopyFrom(Headers, HeaderName.To);
        headers.CopyFrom(Headers, HeaderName.CallId);
        headers.CopyFrom(Headers, HeaderName.CSeq);
        if (statusCode == 100) headers.CopyFrom(Headers, HeaderName.Timestamp);
        if (statusCode is > 100 and < 300 && Method is SipMethod.Subscribe) headers.CopyFrom(Headers, HeaderName.RecordRoute);
        if (statusCode > 100) AddToTag(headers, toTag);
        return response;
    }

    /// <summary>64 random bits, as RFC 3261 §19.3 wants of a tag (32 or more).</summary>
    public static string NewTag() => RandomToken.Hex(TagOctets);

    private static void AddToTag(SipHeaders headers, string? toTag)
    {
        if (!headers.TryGetRaw(HeaderName.To, out var to) || !NameAddr.TryScanTag(to, out var hasTag) || hasTag) return;

        Span<byte> random = stackalloc byte[";tag=".Length + 2 * TagOctets];
        ";tag="u8.CopyTo(random);
        if (toTag is null) RandomToken.WriteHex(random[";tag=".Length..]);
        headers.AppendTo(HeaderName.To, toTag is null ? random : System.Text.Encoding.ASCII.GetBytes(";tag=" + toTag));
    }
}
