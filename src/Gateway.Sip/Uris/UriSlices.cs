using System.Buffers;
using System.Text;

namespace Gateway.Sip;

/// <summary>
/// The parts of one URI as they stand in the octets (RFC 3261 §25.1 SIP-URI, RFC 3966 §3 telephone-uri, RFC 3986 for the rest), checked but
/// not decoded.
/// </summary>
internal readonly ref struct UriSlices
{
    private UriSlices(ReadOnlySpan<byte> scheme) => Scheme = scheme;

    public ReadOnlySpan<byte> Scheme { get; }

    /// <summary>sip: userinfo without the '@'. tel: the number.</summary>
    public ReadOnlySpan<byte> UserInfo { get; private init; }

    public bool HasUserInfo { get; private init; }

    public ReadOnlySpan<byte> Host { get; private init; }

    public ushort? Port { get; private init; }

    /// <summary>With the leading semicolon, or empty.</summary>
    public ReadOnlySpan<byte> Parameters { get; private init; }

    /// <summary>Without the question mark, or empty.</summary>
    public ReadOnlySpan<byte> Headers { get; private init; }

    /// <summary>What follows the colon of a scheme that is neither sip, sips nor tel.</summary>
    public ReadOnlySpan<byte> Opaque { get; private init; }

    /// <summary>Written from its parts it would be the same again: no empty parameter, no zero before the port.</summary>
    public bool IsPlain { get; private init; }

    public static bool TryScan(ReadOnlySpan<byte> uri, out UriSlices slices)
    {
        slices = default;
        var colon = uri.IndexOf((byte)':');
        if (colon <= 0 || !IsScheme(uri[..colon])) return false;

        var scheme = uri[..colon];
        var rest = uri[(colon + 1)..];
        var isSip = Ascii.EqualsIgnoreCase(scheme, "sip"u8) || Ascii.EqualsIgnoreCase(scheme, "sips"u8);
        if (isSip) return TryScanSip(scheme, rest, out slices);
        if (Ascii.EqualsIgnoreCase(scheme, "tel"u8)) return TryScanTel(scheme, rest, out slices);
        if (rest.IsEmpty || rest.ContainsAnyExcept(SipGrammar.OpaqueUri)) return false;

        slices = new UriSlices(scheme) { Opaque = rest, IsPlain = true };
        return true;
    }

    private static bool TryScanSip(ReadOnlySpan<byte> scheme, ReadOnlySpan<byte> rest, out UriSlices slices)
    {
        slices = default;
        var at = rest.IndexOf((byte)'@');
        var userInfo = at < 0 ? default : rest[..at];
        if (at == 0 || userInfo.ContainsAnyExcept(SipGrammar.UserInfo) || !EscapesAreWhole(userInfo)) return false;

        var reader = new HeaderReader(rest[(at + 1)..]);
        if (!reader.Host(out var host)) return false;

        var tail = reader.Rest;
        ushort? port = null;
        var isPlain = true;
        if (!tail.IsEmpty && tail[0] == ':')
        {
            var digits = tail[1..];
            var length = digits.IndexOfAnyExcept(SipGrammar.Digits);
            if (length < 0) length = digits.Length;
            if (!ushort.TryParse(digits[..length], out var number)) return false;

            port = number;
            isPlain = digits[0] != '0' || length == 1;
            tail = digits[length..];
        }

        if (!TrySplitTail(tail, out var parameters, out var headers)) return false;

        slices = new UriSlices(scheme)
        {
            UserInfo = userInfo, HasUserInfo = at > 0, Host = host, Port = port, Parameters = parameters, Headers = headers,
            IsPlain = isPlain && !HasEmpty(parameters),
        };
        return true;
    }

    private static bool TryScanTel(ReadOnlySpan<byte> scheme, ReadOnlySpan<byte> rest, out UriSlices slices)
    {
        slices = default;
        var semicolon = rest.IndexOf((byte)';');
        var number = semicolon < 0 ? rest : rest[..semicolon];
        var tail = semicolon < 0 ? default : rest[semicolon..];
        if (rest.IndexOf((byte)'?') >= 0 || number.IsEmpty || number.ContainsAnyExcept(SipGrammar.UserInfo)) return false;
        if (!EscapesAreWhole(number) || !TrySplitTail(tail, out var parameters, out _)) return false;

        slices = new UriSlices(scheme) { UserInfo = number, HasUserInfo = true, Parameters = parameters, IsPlain = !HasEmpty(parameters) };
        return true;
    }

    private static bool TrySplitTail(ReadOnlySpan<byte> tail, out ReadOnlySpan<byte> parameters, out ReadOnlySpan<byte> headers)
    {
        var question = tail.IndexOf((byte)'?');
        parameters = question < 0 ? tail : tail[..question];
        headers = question < 0 ? default : tail[(question + 1)..];
        if (!parameters.IsEmpty && (parameters[0] != ';' || !AreParameters(parameters))) return false;

        return question < 0 || AreHeaders(headers);
    }

    // An empty parameter (";;" or a ';' at the end) is against the rule, but contacts that a registrar cut short have one: they stay
    // usable.
    private static bool AreParameters(ReadOnlySpan<byte> parameters)
    {
        if (!EscapesAreWhole(parameters)) return false;

        foreach (var range in parameters[1..].Split((byte)';'))
        {
            var parameter = parameters[1..][range];
            if (parameter.IsEmpty) continue;

            var equals = parameter.IndexOf((byte)'=');
            var name = equals < 0 ? parameter : parameter[..equals];
            if (name.IsEmpty || name.ContainsAnyExcept(SipGrammar.UriParameter)) return false;
            if (equals >= 0 && parameter[(equals + 1)..].ContainsAnyExcept(SipGrammar.UriParameter)) return false;
        }

        return true;
    }

    private static bool HasEmpty(ReadOnlySpan<byte> parameters) =>
        !parameters.IsEmpty && (parameters[^1] == ';' || parameters.IndexOf(";;"u8) >= 0);

    private static bool AreHeaders(ReadOnlySpan<byte> headers)
    {
        if (headers.IsEmpty || !EscapesAreWhole(headers)) return false;

        foreach (var range in headers.Split((byte)'&'))
        {
            var header = headers[range];
            var equals = header.IndexOf((byte)'=');
            if (equals <= 0 || header[..equals].ContainsAnyExcept(SipGrammar.UriHeader)) return false;
            if (header[(equals + 1)..].ContainsAnyExcept(SipGrammar.UriHeader)) return false;
        }

        return true;
    }

    private static bool EscapesAreWhole(ReadOnlySpan<byte> text)
    {
        for (var percent = text.IndexOf((byte)'%'); percent >= 0; percent = text.IndexOf((byte)'%'))
        {
            text = text[(percent + 1)..];
            if (text.Length < 2 || !char.IsAsciiHexDigit((char)text[0]) || !char.IsAsciiHexDigit((char)text[1])) return false;
        }

        return true;
    }

    private static bool IsScheme(ReadOnlySpan<byte> scheme)
    {
        if (!char.IsAsciiLetter((char)scheme[0])) return false;

        foreach (var octet in scheme)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'+' or (byte)'-' or (byte)'.')) return false;
        }

        return true;
    }
}
