namespace Gateway.Sip;

/// <summary>
/// RFC 6665 §8.2.3: <c>Subscription-State: active;expires=600</c>. State and reason in lower case; unknown ones are kept (§4.1.2.1 says
/// what they mean).
/// </summary>
public readonly record struct SubscriptionState(string State, SipParameters Parameters) : IHeaderValue<SubscriptionState>
{
    public const string Active = "active";
    public const string Pending = "pending";
    public const string Terminated = "terminated";

    public bool IsTerminated => State == Terminated;

    /// <summary>
    /// deactivated, probation, rejected, timeout, giveup, noresource, invariant or an extension; null when none is given.
    /// </summary>
    public string? Reason => Parameters["reason"]?.ToLowerInvariant();

    /// <summary>Seconds; null when absent or malformed.</summary>
    public uint? Expires => DeltaSeconds.Of(Parameters["expires"]);

    /// <summary>Seconds; null when absent or malformed.</summary>
    public uint? RetryAfter => DeltaSeconds.Of(Parameters["retry-after"]);

    public static bool TryParse(ReadOnlySpan<byte> value, out SubscriptionState result)
    {
        result = default;
        var reader = new HeaderReader(value);
        reader.SkipLws();
        if (!reader.Token(out var state) || !reader.Parameters(out var parameters)) return false;

        result = new SubscriptionState(HeaderReader.Text(state).ToLowerInvariant(), parameters);
        return true;
    }

    public override string ToString() => State + Parameters;
}
