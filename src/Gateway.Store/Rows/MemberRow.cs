namespace Gateway.Store;

/// <summary>One silo of the cluster, one life of it. What Orleans' membership protocol keeps; times are Unix milliseconds.</summary>
public sealed class MemberRow
{
    public const byte Active = 3, Dead = 6;
    /// <summary>Numbers that nodes can have: 0 to 63 (<see cref="MessageId"/> has six bits for them).</summary>
    public const int MaxNodes = 64;

    /// <summary>Orleans' SiloAddress in its parsable form: address, port and generation.</summary>
    public string Silo { get; set; } = "";
    /// <summary>No other member that is not dead has the same.</summary>
    public short Node { get; set; }
    /// <summary>Orleans' SiloStatus.</summary>
    public byte Status { get; set; }
    public int ProxyPort { get; set; }
    public string HostName { get; set; } = "";
    public string SiloName { get; set; } = "";
    /// <summary>Votes for its death: <c>silo time</c>, comma separated.</summary>
    public string Suspicions { get; set; } = "";
    public long StartedAt { get; set; }
    public long AliveAt { get; set; }
}

/// <summary>The one row that every change of the membership raises, and so orders.</summary>
public sealed class MembershipVersionRow
{
    public int Id { get; set; }
    public int Version { get; set; }
}
