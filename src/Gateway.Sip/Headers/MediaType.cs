using System.Text;

namespace Gateway.Sip;

/// <summary>RFC 3261 §20.15: <c>Content-Type: text/plain;charset=utf-8</c>, also an element of Accept. Type in lower case.</summary>
public readonly record struct MediaType(string Type, SipParameters Parameters) : IHeaderValue<MediaType>
{
    public string? Charset => Parameters["charset"];

    public bool Is(string type) => Type.Equals(type, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether an Accept element of this value lets <paramref name="type"/> (type/subtype) through.</summary>
    public bool Admits(string type) =>
        Type is "*/*" || Is(type)
            || (Type.EndsWith("/*", StringComparison.Ordinal) && type.StartsWith(Type[..^1], StringComparison.OrdinalIgnoreCase));

    public static bool TryParse(ReadOnlySpan<byte> value, out MediaType result)
    {
        result = default;
        var reader = new HeaderReader(value);
        reader.SkipLws();
        if (!reader.Token(out var type) || !reader.Separator((byte)'/') || !reader.Token(out var subtype)) return false;
        if (!reader.Parameters(out var parameters)) return false;

        result = new MediaType(NameOf(type, subtype), parameters);
        return true;
    }

    private static string NameOf(ReadOnlySpan<byte> type, ReadOnlySpan<byte> subtype)
    {
        ReadOnlySpan<string> common = ["application/vnd.3gpp.sms", "text/plain", "message/cpim"];
        foreach (var known in common)
        {
            if (known.Length == type.Length + 1 + subtype.Length && Ascii.EqualsIgnoreCase(type, known.AsSpan(0, type.Length))
                && known[type.Length] == '/' && Ascii.EqualsIgnoreCase(subtype, known.AsSpan(type.Length + 1)))
                return known;
        }

        return $"{HeaderReader.Text(type)}/{HeaderReader.Text(subtype)}".ToLowerInvariant();
    }

    public override string ToString() => Type + Parameters;
}
