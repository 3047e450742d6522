namespace Gateway.Sip;

public enum SipFault : byte
{
    None,
    StartLine,              // not Method SP Request-URI SP SIP-Version, nor a Status-Line
    Version,                // another version than SIP/2.0
    HeaderSyntax,           // a header line or value against its grammar
    MissingHeader,
    RepeatedHeader,         // a header that may stand once only
    MethodMismatch,         // CSeq names another method
    BodyTruncated,          // Content-Length beyond the datagram
    HeadersUnfinished,      // no empty line
    TooManyHeaders,
    TooLarge,
}

/// <summary>What is wrong with a received message and where: the header or part, and the octet at which it begins.</summary>
public readonly record struct SipError(SipFault Fault, string Field, int Offset)
{
    /// <summary>The one place that gives a parse fault its status.</summary>
    public int StatusCode => Fault switch
    {
        SipFault.Version => 505,
        SipFault.TooLarge or SipFault.TooManyHeaders => 513,
        _ => 400,
    };

    /// <summary>RFC 3261 §21.4.1: the phrase names the problem.</summary>
    public string ReasonPhrase => Fault switch
    {
        SipFault.StartLine => "Malformed Request-Line",
        SipFault.Version => ReasonPhrases.Of(505),
        SipFault.HeaderSyntax => $"Malformed {Field} header field",
        SipFault.MissingHeader => $"Missing {Field} header field",
        SipFault.RepeatedHeader => $"Repeated {Field} header field",
        SipFault.MethodMismatch => "CSeq method differs from the Request-Line",
        SipFault.BodyTruncated => "Content-Length exceeds the body",
        SipFault.HeadersUnfinished => "Header fields without end",
        SipFault.TooManyHeaders => "Too many header fields",
        SipFault.TooLarge => ReasonPhrases.Of(513),
        _ => ReasonPhrases.Of(400),
    };
}
