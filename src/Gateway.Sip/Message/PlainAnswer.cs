namespace Gateway.Sip;

/// <summary>
/// A response that says no more than its status: all else in it is the request's. So it can be written again for a repetition, octet for octet.
/// </summary>
/// <param name="Reason">Null for the usual phrase.</param>
internal readonly record struct PlainAnswer(int StatusCode, string? Reason)
{
    /// <summary>The To tag, if the request has none: 64 random bits, as RFC 3261 §19.3 wants of a tag (32 or more).</summary>
    public ulong ToTag { get; } = RandomToken.UInt64();
}
