namespace Gateway.Sip;

/// <summary>What a user agent client drops before it looks for a transaction.</summary>
public static class ResponseCheck
{
    /// <summary>
    /// RFC 3261 §18.1.2: the top Via must be one we sent; §8.1.3.3: and the only one, as this element forwards nothing.
    /// </summary>
    /// <param name="response">As parsed.</param>
    /// <param name="sentBy">The sent-by values of our transports, as <see cref="Via.SentBy"/> writes them.</param>
    public static bool IsOurs(SipResponse response, IReadOnlyCollection<string> sentBy)
    {
        var count = 0;
        foreach (var _ in response.Headers.Values(HeaderName.Via)) count++;
        return count == 1 && sentBy.Contains(response.TopVia.SentBy);
    }
}
