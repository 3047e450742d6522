namespace Gateway.Sip;

/// <summary>
/// RFC 3261 §20.44, RFC 7616 §3.3: what WWW-Authenticate and Proxy-Authenticate carry. Only Digest with an algorithm served here parses.
/// </summary>
public sealed record DigestChallenge(string Realm, string Nonce, DigestAlgorithm Algorithm) : IHeaderValue<DigestChallenge>
{
    public string? Opaque { get; init; }

    /// <summary>The nonce was too old, the password is not in question.</summary>
    public bool Stale { get; init; }

    /// <summary>qop=auth is offered; without any qop the older form of RFC 2617 applies.</summary>
    public bool OffersAuth { get; init; }

    public static bool TryParse(ReadOnlySpan<byte> value, out DigestChallenge result)
    {
        result = new DigestChallenge("", "", default);
        if (!AuthParameters.TryParse(value, out var parameters) || !parameters.IsDigest) return false;
        if (parameters["realm"] is not { } realm || parameters["nonce"] is not { } nonce) return false;
        if (DigestAlgorithms.Find(parameters["algorithm"]) is not { } algorithm) return false;

        var qop = parameters["qop"];
        var auth = qop is not null && qop.Split(',').Any(option => option.Trim().Equals("auth", StringComparison.OrdinalIgnoreCase));
        result = new DigestChallenge(realm, nonce, algorithm)
        {
            Opaque = parameters["opaque"],
            Stale = "true".Equals(parameters["stale"], StringComparison.OrdinalIgnoreCase),
            OffersAuth = auth,
        };
        // auth-int alone cannot be answered here.
        return qop is null || auth;
    }

    public override string ToString() => AuthParameters.Write(
    [
        new("realm", Realm, true),
        new("nonce", Nonce, true),
        new("opaque", Opaque, true),
        new("algorithm", DigestAlgorithms.NameOf(Algorithm)),
        new("stale", Stale ? "true" : null),
        new("qop", OffersAuth ? "auth" : null, true),
    ]);
}
