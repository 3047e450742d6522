namespace Gateway.Sip;

/// <summary>
/// RFC 3261 §25.1 delta-seconds, of Expires, Min-Expires and Flow-Timer: 0 to 2**32-1 seconds; a larger number counts as that largest one.
/// </summary>
public readonly record struct DeltaSeconds(uint Seconds) : IHeaderValue<DeltaSeconds>
{
    public TimeSpan Duration => TimeSpan.FromSeconds(Seconds);

    public static bool TryParse(ReadOnlySpan<byte> value, out DeltaSeconds result)
    {
        var reader = new HeaderReader(value);
        reader.SkipLws();
        var isNumber = reader.Number(out var seconds, out _) && reader.AtEnd();
        result = new DeltaSeconds(seconds);
        return isNumber;
    }

    /// <summary>Of a parameter's text; null when it is no number.</summary>
    internal static uint? Of(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.AsSpan().ContainsAnyExceptInRange('0', '9')) return null;

        return uint.TryParse(text, out var seconds) ? seconds : uint.MaxValue;
    }

    public override string ToString() => Seconds.ToString();
}
