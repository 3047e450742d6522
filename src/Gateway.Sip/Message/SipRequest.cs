using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.Sip;

/// <summary>RFC 3261 §7.1.</summary>
public sealed class SipRequest : SipMessage
{
    private const int TagOctets = 8;
    private const int TagParameterLength = 5 + 2 * TagOctets; // ";tag=" and hex digits

    private readonly ReadOnlyMemory<byte> _rawUri;
    private SipUri? _uri;

    /// <exception cref="ArgumentException">The method is no token.</exception>
    public SipRequest(string method, SipUri uri)
        : this(new SipHeaders(), method, uri)
    {
    }

    /// <summary>
    /// Begins with header fields that many requests have in common, as they are now: their octets are those of <paramref name="common"/>.
    /// </summary>
    /// <inheritdoc cref="SipRequest(string, SipUri)"/>
    public SipRequest(string method, SipUri uri, SipHeaders common)
        : this(new SipHeaders(common), method, uri)
    {
    }

    private SipRequest(SipHeaders headers, string method, SipUri uri)
        : base(headers)
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

    /// <summary>The same as of <see cref="RequestUri"/>, which need not be read for it.</summary>
    internal bool IsForSipOrTel => _uri is { } uri ? uri.IsSip || uri.IsTel : SipUri.IsSipOrTel(_rawUri.Span);

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
        foreach (var name in AnsweredWith(statusCode)) headers.CopyFrom(Headers, name);
        if (LacksToTag(statusCode))
            headers.AppendTo(HeaderName.To, toTag is null ? TagParameter(RandomToken.UInt64(), stackalloc byte[TagParameterLength]) : Encoding.ASCII.GetBytes(";tag=" + toTag));
        return response;
    }

    /// <summary>64 random bits, as RFC 3261 §19.3 wants of a tag (32 or more).</summary>
    public static string NewTag() => RandomToken.Hex(TagOctets);

    /// <summary>The headers of such a response, written without making one: most answers say nothing more.</summary>
    internal void WriteAnswerHeaders(in PlainAnswer answer, IBufferWriter<byte> output)
    {
        var toTag = LacksToTag(answer.StatusCode) ? TagParameter(answer.ToTag, stackalloc byte[TagParameterLength]) : default;
        foreach (var name in AnsweredWith(answer.StatusCode)) Headers.WriteTo(output, name, name == HeaderName.To ? toTag : default);
    }

    private ReadOnlySpan<HeaderName> AnsweredWith(int statusCode) =>
        statusCode == 100 ? [HeaderName.Via, HeaderName.From, HeaderName.To, HeaderName.CallId, HeaderName.CSeq, HeaderName.Timestamp]
        : statusCode < 300 && Method == SipMethod.Subscribe
            ? [HeaderName.Via, HeaderName.From, HeaderName.To, HeaderName.CallId, HeaderName.CSeq, HeaderName.RecordRoute]
            : [HeaderName.Via, HeaderName.From, HeaderName.To, HeaderName.CallId, HeaderName.CSeq];

    private static ReadOnlySpan<byte> TagParameter(ulong tag, Span<byte> parameter)
    {
        ";tag="u8.CopyTo(parameter);
        tag.TryFormat(parameter[";tag=".Length..], out _, "x16", CultureInfo.InvariantCulture);
        return parameter;
    }

    private bool LacksToTag(int statusCode) =>
        statusCode > 100 && Headers.TryGetRaw(HeaderName.To, out var to) && NameAddr.TryScanTag(to, out var hasTag) && !hasTag;
}
