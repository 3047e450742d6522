using System.Text;

namespace Gateway.Sip;

/// <summary>
/// RFC 3261 §20.10 and §25.1: <c>"Name" &lt;sip:uri&gt;;params</c> or <c>sip:uri;params</c>, as in From, To, Route, P-Asserted-Identity.
/// In the form without brackets all parameters are the header's, and the URI may hold neither '?' nor ','.
/// </summary>
public sealed record NameAddr(SipUri Uri, string? DisplayName = null) : IHeaderValue<NameAddr>
{
    private static readonly NameAddr Invalid = new(SipUri.Invalid);

    public SipParameters Parameters { get; init; } = SipParameters.Empty;

    public string? Tag => Parameters["tag"];

    public NameAddr WithTag(string tag) => this with { Parameters = Parameters.With("tag", tag) };

    public static bool TryParse(ReadOnlySpan<byte> value, out NameAddr result)
    {
        result = Invalid;
        var reader = new HeaderReader(value);
        if (!TryScan(ref reader, out var display, out var quoted, out var uri)) return false;
        if (!SipUri.TryParse(uri, out var parsed) || !reader.Parameters(out var parameters)) return false;

        var name = quoted ? HeaderReader.Unquote(display) : display.IsEmpty ? null : HeaderReader.Text(display);
        result = new NameAddr(parsed, name) { Parameters = parameters };
        return true;
    }

    /// <summary>The same for whom the URI is all that counts.</summary>
    public static bool TryParseUri(ReadOnlySpan<byte> value, out SipUri uri)
    {
        var reader = new HeaderReader(value);
        if (TryScan(ref reader, out _, out _, out var octets) && reader.OnlyParametersFollow()) return SipUri.TryParse(octets, out uri);

        uri = SipUri.Invalid;
        return false;
    }

    /// <summary>Checks without making anything of it.</summary>
    internal static bool IsValid(ReadOnlySpan<byte> value)
    {
        var reader = new HeaderReader(value);
        return TryScan(ref reader, out _, out _, out var uri) && UriSlices.TryScan(uri, out _) && reader.OnlyParametersFollow();
    }

    /// <summary>False when the value is malformed.</summary>
    internal static bool TryScanTag(ReadOnlySpan<byte> value, out bool hasTag)
    {
        hasTag = false;
        var reader = new HeaderReader(value);
        if (!TryScan(ref reader, out _, out _, out _)) return false;

        while (reader.Parameter(out var name, out _, out _)) hasTag |= Ascii.EqualsIgnoreCase(name, "tag"u8);
        return reader.AtEnd();
    }

    public override string ToString()
    {
        var text = new StringBuilder(96);
        if (DisplayName is not null) QuotedText.Append(text, DisplayName).Append(' ');
        return Parameters.WriteTo(text.Append('<').Append(Uri).Append('>')).ToString();
    }

    /// <summary>Leaves the reader at the header's parameters.</summary>
    internal static bool TryScan(ref HeaderReader reader, out ReadOnlySpan<byte> display, out bool quoted, out ReadOnlySpan<byte> uri)
    {
        display = default;
        uri = default;
        reader.SkipLws();
        quoted = reader.Next((byte)'"');
        if (quoted)
        {
            if (!reader.QuotedString(out display)) return false;

            reader.SkipLws();
        }

        var bracket = reader.Rest.IndexOf((byte)'<');
        if (bracket < 0 && !quoted) return TryScanBareUri(ref reader, out uri);
        if (bracket < 0 || (quoted && bracket > 0)) return false;

        if (!quoted)
        {
            reader.Take(bracket, out display);
            // An unquoted name should be tokens; handsets write any letters there, and only a quote would be ambiguous.
            display = display.TrimEnd(" \t\r\n"u8);
            if (display.IndexOfAny((byte)'"', (byte)';') >= 0) return false;
        }

        var end = reader.Rest.IndexOf((byte)'>');
        if (end < 0) return false;

        reader.Take(end + 1, out var bracketed);
        uri = bracketed[1..^1];
        return true;
    }

    private static bool TryScanBareUri(ref HeaderReader reader, out ReadOnlySpan<byte> uri)
    {
        var end = reader.Rest.IndexOfAny("; \t\r\n"u8);
        reader.Take(end < 0 ? reader.Rest.Length : end, out uri);
        return uri.IndexOfAny((byte)'?', (byte)',') < 0;
    }
}
