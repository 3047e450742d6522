using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Gateway.Sip;

/// <summary>What a <see cref="SipEndpoint"/> is made with. Every limit has a unit; what is beyond it is refused, never queued.</summary>
public sealed record SipEndpointOptions
{
    public IReadOnlyList<SipListenAddress> Listen { get; init; } = [];

    /// <summary>Null: no TLS, neither listening nor connecting.</summary>
    public SipTlsOptions? Tls { get; init; }

    public SipTimers Timers { get; init; } = new();

    /// <summary>User-Agent of requests and Server of responses; null leaves both out.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Which requests reach the application.</summary>
    public RequestCheckOptions Check { get; init; } = RequestCheckOptions.Default;

    /// <summary>DNS servers to ask; none stands for those of the system.</summary>
    public IReadOnlyList<IPEndPoint> NameServers { get; init; } = [];

    /// <summary>How long a target that timed out, refused or answered 503 is tried only after the others.</summary>
    public TimeSpan FailedTargetHold { get; init; } = TimeSpan.FromSeconds(30);

    [Range(1, 64)] public int UdpReceiveThreads { get; init; } = 1;

    /// <summary>Requests the application is at work on; the next one is answered 503.</summary>
    [Range(1, 1_000_000)] public int MaxRequestsInProgress { get; init; } = 10_000;

    /// <summary>Server transactions, those that only absorb retransmissions included: under 1 KiB each for 64 * T1.</summary>
    [Range(1, 10_000_000)] public int MaxServerTransactions { get; init; } = 500_000;

    [Range(1, 10_000_000)] public int MaxClientTransactions { get; init; } = 500_000;

    /// <summary>The Retry-After of the 503 that tells of overload.</summary>
    public TimeSpan OverloadRetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Requests taken from one remote address in a second; more are answered 503. Null: no limit.</summary>
    [Range(1, 10_000_000)] public int? MaxRequestsPerSecondPerPeer { get; init; }

    /// <summary>One message on a stream, header and body.</summary>
    [Range(1_024, 1_048_576)] public int MaxMessageOctets { get; init; } = 65_536;

    [Range(1, 1_000_000)] public int MaxConnections { get; init; } = 10_000;

    [Range(1, 1_000_000)] public int MaxConnectionsPerPeer { get; init; } = 256;

    /// <summary>What may wait to be written on one connection, in octets, before sends on it fail.</summary>
    [Range(65_536, 1 << 30)] public int MaxQueuedOctetsPerConnection { get; init; } = 1 << 20;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>A peer that takes nothing for so long loses its connection.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A message once begun must be complete within this time.</summary>
    public TimeSpan PartialMessageTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection without a message, or a keep-alive of its peer's, for so long is closed.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>At most so much passes between keep-alives on a connection made by us (RFC 5626 §4.4.1); null: none are sent.</summary>
    public TimeSpan? PingInterval { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>A peer that has answered keep-alives and now takes longer than this loses its connection.</summary>
    public TimeSpan PongTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
