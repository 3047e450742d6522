using System.Net;
using System.Text;

namespace Gateway.Sip;

/// <summary>
/// A SIP, SIPS (RFC 3261 §19.1) or tel URI (RFC 3966), or any other URI kept by its text. Immutable, and written back as it was read:
/// a contact's URI must reach the contact as the contact gave it. Equality is that of RFC 3261 §19.1.4 (which is not transitive:
/// parameters other than user, ttl, method and maddr are ignored where only one side has them) and of RFC 3966 §4 for tel.
/// </summary>
public sealed class SipUri : IEquatable<SipUri>
{
    // What was read. Most URIs are only passed on, so their parts become strings when somebody asks.
    private readonly string? _text;
    private readonly bool _isPlain;
    private readonly Range _userInfo, _host, _parameters, _headers;

    private SipUri(string scheme) => Scheme = scheme;

    private SipUri(string text, ReadOnlySpan<byte> octets, in UriSlices slices)
        : this(SchemeText(slices.Scheme))
    {
        _text = text;
        _userInfo = RangeOf(slices.UserInfo, octets);
        _host = RangeOf(slices.Host, octets);
        _parameters = RangeOf(slices.Parameters, octets);
        _headers = RangeOf(slices.Headers, octets);
        Port = slices.Port;
        Opaque = slices.Opaque.IsEmpty ? null : text[^slices.Opaque.Length..];
        _isPlain = slices.IsPlain && text.StartsWith(Scheme, StringComparison.Ordinal);
    }

    /// <summary>In lower case: sip, sips, tel or another.</summary>
    public string Scheme { get; }

    /// <summary>
    /// As on the wire, escapes and password included; for tel the number with its visual separators. Null when there is none.
    /// </summary>
    public string? UserInfo { get => field ??= Part(_userInfo); private init; }

    /// <summary>A name, an IPv4 address, or an IPv6 address in brackets; empty unless the scheme is sip or sips.</summary>
    public string Host { get => field ??= Part(_host) ?? ""; private init; }

    public int? Port { get; private init; }

    /// <summary>URI parameters, values as on the wire (escaped).</summary>
    public SipParameters Parameters { get => field ??= ReadParameters(Part(_parameters)); private init; }

    /// <summary>What follows the question mark, as on the wire.</summary>
    public string? Headers { get => field ??= Part(_headers); private init; }

    /// <summary>What follows the colon of a scheme that is neither sip, sips nor tel.</summary>
    public string? Opaque { get; private init; }

    public bool IsSip => Scheme is "sip" or "sips";

    public bool IsTel => Scheme == "tel";

    /// <summary>The user part decoded, without the password that a colon begins; for tel the number.</summary>
    public string? User => UserInfo is not { } info ? null : UriEscapes.Decode(info.IndexOf(':') is >= 0 and var colon ? info[..colon] : info);

    public string? Transport => Parameters["transport"];

    /// <summary>RFC 3261 §16.4: a loose router.</summary>
    public bool IsLooseRouter => Parameters.Contains("lr");

    /// <summary>Of a tel URI, or written into the user part of a SIP URI (RFC 3966 §3, RFC 3261 §19.1.6).</summary>
    public string? PhoneContext => TelephoneNumber.ContextOf(this);

    /// <summary>
    /// The number a tel URI or a numeric user part stands for: digits, with a leading + when it is global (E.164); null if it is none.
    /// </summary>
    public string? Number => TelephoneNumber.Of(this);

    public IPAddress? Address => IPAddress.TryParse(Host.AsSpan().Trim("[]"), out var address) ? address : null;

    /// <summary>Makes a SIP URI; <paramref name="user"/> is escaped, an IPv6 address gets its brackets.</summary>
    public static SipUri Create(string? user, string host, int? port = null, SipParameters? parameters = null, string scheme = "sip")
    {
        var uri = new SipUri(scheme)
        {
            UserInfo = string.IsNullOrEmpty(user) ? null : UriEscapes.Encode(user, SipGrammar.UserUnescaped),
            Host = host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host,
            Port = port,
            Parameters = parameters ?? SipParameters.Empty,
        };

        return Parse(uri.ToString());
    }

    public static SipUri Create(string? user, IPEndPoint host, SipParameters? parameters = null) =>
        Create(user, host.Address.ToString(), host.Port, parameters);

    /// <exception cref="FormatException">The text is no URI: for settings and constants; input from the network goes through
    /// TryParse.</exception>
    public static SipUri Parse(string text) => TryParse(text, out var uri) ? uri : throw new FormatException($"'{text}' is not a URI.");

    public static bool TryParse(string? text, out SipUri uri)
    {
        uri = Invalid;
        if (text is null) return false;

        var longest = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> octets = longest <= 512 ? stackalloc byte[longest] : new byte[longest];
        return TryParse(octets[..Encoding.UTF8.GetBytes(text, octets)], text, out uri);
    }

    public static bool TryParse(ReadOnlySpan<byte> text, out SipUri uri) => TryParse(text, null, out uri);

    // The grammar is ASCII alone, so octets and characters stand in the same places.
    private static bool TryParse(ReadOnlySpan<byte> octets, string? text, out SipUri uri)
    {
        uri = Invalid;
        if (!UriSlices.TryScan(octets, out var slices)) return false;

        uri = new SipUri(text ?? HeaderReader.Text(octets), octets, slices);
        return true;
    }

    public SipUri WithParameters(SipParameters parameters) => new(Scheme)
    {
        UserInfo = UserInfo, Host = Host, Port = Port, Parameters = parameters, Headers = Headers, Opaque = Opaque,
    };

    public SipUri WithParameter(string name, string? value = null) =>
        WithParameters(Parameters.With(name, value is null ? null : UriEscapes.Encode(value, SipGrammar.UriParameterUnescaped)));

    /// <summary>What a Request-URI, From or To may carry: no headers (RFC 3261 §19.1.1, table 1).</summary>
    public SipUri WithoutHeaders() =>
        Headers is null ? this : new(Scheme) { UserInfo = UserInfo, Host = Host, Port = Port, Parameters = Parameters };

    /// <summary>The address-of-record form: scheme, user and host alone (RFC 3261 §10.3 step 5); of a tel URI all of it.</summary>
    public SipUri AddressOfRecord() => IsSip
        ? new(Scheme) { UserInfo = UserInfo is null ? null : UriEscapes.Canonical(UserInfo), Host = Host.ToLowerInvariant(), Port = Port }
        : this;

    public bool Equals(SipUri? other) => other is not null && (ReferenceEquals(this, other) || UriEquality.AreEqual(this, other));

    public override bool Equals(object? obj) => Equals(obj as SipUri);

    public override int GetHashCode() => UriEquality.HashOf(this);

    public static bool operator ==(SipUri? left, SipUri? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(SipUri? left, SipUri? right) => !(left == right);

    public override string ToString()
    {
        if (_isPlain) return _text!;
        if (Parameters.Count == 0 && Headers is null)
        {
            return Opaque is not null || IsTel ? $"{Scheme}:{Opaque ?? UserInfo}"
                : Port is null ? (UserInfo is null ? $"{Scheme}:{Host}" : $"{Scheme}:{UserInfo}@{Host}")
                : UserInfo is null ? $"{Scheme}:{Host}:{Port}" : $"{Scheme}:{UserInfo}@{Host}:{Port}";
        }

        var text = new StringBuilder(96).Append(Scheme).Append(':').Append(Opaque).Append(UserInfo);
        if (UserInfo is not null && IsSip) text.Append('@');
        text.Append(Host);
        if (Port is not null) text.Append(':').Append(Port.Value);
        foreach (var (name, value, _) in Parameters)
        {
            text.Append(';').Append(name);
            if (value is not null) text.Append('=').Append(value);
        }

        if (Headers is not null) text.Append('?').Append(Headers);
        return text.ToString();
    }

    // What stands in for a URI that could not be read, so that out parameters need no null.
    internal static readonly SipUri Invalid = new("invalid") { Opaque = "" };

    internal static SipUri Unreadable(ReadOnlySpan<byte> text) => new("invalid") { Opaque = HeaderReader.Text(text) };

    internal static bool IsSipOrTel(ReadOnlySpan<byte> text) =>
        text.IndexOf((byte)':') is > 0 and var colon && SchemeText(text[..colon]) is "sip" or "sips" or "tel";

    private static string SchemeText(ReadOnlySpan<byte> scheme) =>
        Ascii.EqualsIgnoreCase(scheme, "sip"u8) ? "sip"
        : Ascii.EqualsIgnoreCase(scheme, "tel"u8) ? "tel"
        : Ascii.EqualsIgnoreCase(scheme, "sips"u8) ? "sips"
        : HeaderReader.Text(scheme).ToLowerInvariant();

    private static Range RangeOf(ReadOnlySpan<byte> part, ReadOnlySpan<byte> octets) =>
        !part.IsEmpty && octets.Overlaps(part, out var start) ? start..(start + part.Length) : default;

    // Of one that was made and not read, all that it has is set.
    private string? Part(Range range) => range.Equals(default) ? null : _text![range];

    private static SipParameters ReadParameters(string? parameters)
    {
        if (parameters is null) return SipParameters.Empty;

        var list = new List<SipParameter>();
        foreach (var range in parameters.AsSpan(1).Split(';'))
        {
            var parameter = parameters.AsSpan(1)[range];
            if (parameter.IsEmpty) continue;

            var equals = parameter.IndexOf('=');
            list.Add(equals < 0
                ? new SipParameter(parameter.ToString())
                : new SipParameter(parameter[..equals].ToString(), parameter[(equals + 1)..].ToString()));
        }

        return new SipParameters(list);
    }
}
