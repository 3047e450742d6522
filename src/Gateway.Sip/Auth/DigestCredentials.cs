using System.Globalization;

namespace Gateway.Sip;

/// <summary>RFC 3261 §20.7, RFC 7616 §3.4: what Authorization and Proxy-Authorization carry.</summary>
public sealed record DigestCredentials(string Username, string Realm, string Nonce, string Uri) : IHeaderValue<DigestCredentials>
{
    /// <summary>As written; null means MD5.</summary>
    public string? Algorithm { get; init; }

    /// <summary>Hex digits.</summary>
    public string Response { get; init; } = "";

    public string? Opaque { get; init; }

    public string? Cnonce { get; init; }

    /// <summary>Null in the older form, which has neither cnonce nor nonce count.</summary>
    public string? Qop { get; init; }

    public uint NonceCount { get; init; }

    public static bool TryParse(ReadOnlySpan<byte> value, out DigestCredentials result)
    {
        result = new DigestCredentials("", "", "", "");
        if (!AuthParameters.TryParse(value, out var parameters) || !parameters.IsDigest) return false;
        if (parameters["username"] is not { } username || parameters["realm"] is not { } realm) return false;
        if (parameters["nonce"] is not { } nonce || parameters["uri"] is not { } uri) return false;
        if (parameters["response"] is not { } response) return false;

        // RFC 7616 §3.4: nc is eight hex digits; with qop both nc and cnonce are a must.
        var qop = parameters["qop"];
        var count = 0u;
        var nc = parameters["nc"];
        if (nc is { Length: not 8 }) return false;
        if (nc is not null && !uint.TryParse(nc, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out count)) return false;
        if (qop is not null && (nc is null || parameters["cnonce"] is null)) return false;

        result = new DigestCredentials(username, realm, nonce, uri)
        {
            Algorithm = parameters["algorithm"],
            Response = response,
            Opaque = parameters["opaque"],
            Cnonce = parameters["cnonce"],
            Qop = qop,
            NonceCount = count,
        };
        return true;
    }

    public override string ToString() => AuthParameters.Write(
    [
        new("username", Username, true),
        new("realm", Realm, true),
        new("nonce", Nonce, true),
        new("uri", Uri, true),
        new("response", Response, true),
        new("algorithm", Algorithm),
        new("cnonce", Cnonce, true),
        new("opaque", Opaque, true),
        new("qop", Qop),
        new("nc", Qop is null ? null : NonceCount.ToString("x8", CultureInfo.InvariantCulture)),
    ]);
}
