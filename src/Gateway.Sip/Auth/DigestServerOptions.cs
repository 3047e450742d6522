namespace Gateway.Sip;

public sealed record DigestServerOptions
{
    public required string Realm { get; init; }

    /// <summary>In the order they are offered: clients in the field often look at the first challenge only.</summary>
    public IReadOnlyList<DigestAlgorithm> Algorithms { get; init; } =
        [DigestAlgorithm.Sha512t256, DigestAlgorithm.Sha256, DigestAlgorithm.Md5];

    /// <summary>After this a nonce is stale, whatever its count.</summary>
    public TimeSpan NonceLifetime { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Nonces whose counts are remembered at a time, some 200 octets each; beyond, the oldest become stale early.</summary>
    public int MaxNonces { get; init; } = 100_000;
}
