namespace Gateway.Sip;

/// <summary>
/// RFC 3261 §20.33: <c>Retry-After: 120 (in a meeting);duration=600</c>; seconds, saturated at 2**32-1. The comment is passed over.
/// </summary>
public readonly record struct RetryAfter(uint Seconds) : IHeaderValue<RetryAfter>
{
    public TimeSpan Duration => TimeSpan.FromSeconds(Seconds);

    public static bool TryParse(ReadOnlySpan<byte> value, out RetryAfter result)
    {
        result = default;
        var reader = new HeaderReader(value);
        reader.SkipLws();
        if (!reader.Number(out var seconds, out _)) return false;

        reader.SkipLws();
        if (reader.Next((byte)'(') && !TrySkipComment(ref reader)) return false;

        result = new RetryAfter(seconds);
        return reader.OnlyParametersFollow();
    }

    public override string ToString() => Seconds.ToString();

    // Comments nest and have quoted pairs.
    private static bool TrySkipComment(ref HeaderReader reader)
    {
        var rest = reader.Rest;
        var depth = 0;
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '\\') i++;
            else if (rest[i] == '(') depth++;
            else if (rest[i] == ')' && --depth == 0)
            {
                reader.Take(i + 1, out _);
                return true;
            }
        }

        return false;
    }
}
