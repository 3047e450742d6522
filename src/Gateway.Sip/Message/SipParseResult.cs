namespace Gateway.Sip;

public enum SipParseKind : byte
{
    /// <summary>A whole message.</summary>
    Message,

    /// <summary>A request against the grammar that can be answered.</summary>
    Rejected,

    /// <summary>Not answerable: a bad response, a bad ACK, something that is not SIP.</summary>
    Discarded,

    /// <summary>A datagram of CRLF or NUL octets alone, which keeps an address binding alive.</summary>
    KeepAlive,
}

/// <summary>What <see cref="SipParser"/> made of the octets.</summary>
public readonly struct SipParseResult
{
    internal SipParseResult(SipParseKind kind, SipMessage? message, SipError error)
    {
        Kind = kind;
        Message = message;
        Error = error;
    }

    public SipParseKind Kind { get; }

    /// <summary>
    /// The message; when <see cref="SipParseKind.Rejected"/>, as much of the request as could be read (its mandatory headers may be
    /// missing); else null.
    /// </summary>
    public SipMessage? Message { get; }

    /// <summary>Set when Rejected or Discarded.</summary>
    public SipError Error { get; }

    public bool Succeeded => Kind == SipParseKind.Message;

    /// <summary>The 400, 505 or 513 that says what is wrong; null unless Rejected.</summary>
    public SipResponse? CreateAnswer() =>
        Kind == SipParseKind.Rejected ? ((SipRequest)Message!).CreateResponse(Error.StatusCode, Error.ReasonPhrase) : null;
}
