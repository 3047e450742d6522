namespace Gateway.Sip;

/// <summary>RFC 6665 §8.2.1: <c>Event: reg;id=1</c>. The package name is compared with case.</summary>
public readonly record struct Event(string Package, SipParameters Parameters) : IHeaderValue<Event>
{
    public string? Id => Parameters["id"];

    public static bool TryParse(ReadOnlySpan<byte> value, out Event result)
    {
        result = default;
        var reader = new HeaderReader(value);
        reader.SkipLws();
        if (!reader.Token(out var package) || !reader.Parameters(out var parameters)) return false;

        result = new Event(HeaderReader.Text(package), parameters);
        return true;
    }

    public override string ToString() => Package + Parameters;
}
