namespace Gateway.Sip;

/// <summary>RFC 3261 §7.2.</summary>
public sealed class SipResponse : SipMessage
{
    private readonly ReadOnlyMemory<byte> _rawReason;
    private string? _reason;

    /// <param name="statusCode">100 to 699.</param>
    /// <param name="reason">Null for the usual phrase; a control character in it becomes a space.</param>
    public SipResponse(int statusCode, string? reason = null)
        : this(statusCode, reason, new SipHeaders())
    {
    }

    internal SipResponse(int statusCode, string? reason, SipHeaders headers)
        : base(headers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, 100);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, 699);
        StatusCode = statusCode;
        _reason = PhraseOf(statusCode, reason);
    }

    internal SipResponse(int statusCode, ReadOnlyMemory<byte> rawReason, SipHeaders headers)
        : base(headers)
    {
        StatusCode = statusCode;
        _rawReason = rawReason;
    }

    public int StatusCode { get; }

    public string ReasonPhrase => _reason ??= HeaderReader.Text(_rawReason.Span);

    public bool IsProvisional => StatusCode < 200;

    public bool IsSuccess => StatusCode is >= 200 and < 300;

    internal ReadOnlyMemory<byte> RawReason => _reason is null ? _rawReason : default;

    internal static string PhraseOf(int statusCode, string? reason) =>
        reason is null ? ReasonPhrases.Of(statusCode)
        : reason.Any(char.IsControl) ? string.Concat(reason.Select(c => char.IsControl(c) ? ' ' : c))
        : reason;
}
