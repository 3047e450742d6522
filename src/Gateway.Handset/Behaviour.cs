using Gateway.Sms;

namespace Gateway.Handset;

/// <summary>
/// What a handset does with a message for it. A VoLTE handset answers the SIP request 200 in any case but
/// <see cref="Deaf"/> and speaks by RP-ACK or RP-ERROR; an OTT client has nothing but its SIP answer.
/// </summary>
public abstract record Behaviour
{
    private Behaviour()
    {
    }

    /// <summary>RP-ACK; OTT: 200.</summary>
    public static Behaviour Accept { get; } = new Accepting();

    /// <summary>RP-ERROR 22 until <see cref="Handset.MemoryAvailableAsync"/>; OTT: 480.</summary>
    public static Behaviour Full { get; } = new Refusing(RpCause.MemoryCapacityExceeded);

    /// <summary>Takes the message, and its RP report never comes; OTT: as <see cref="Deaf"/>.</summary>
    public static Behaviour Silent { get; } = new Silence();

    /// <summary>No SIP answer at all, as if nothing had come.</summary>
    public static Behaviour Deaf { get; } = new Deafness();

    /// <summary>RP-ERROR with this cause; OTT: 603.</summary>
    public static Behaviour Refuse(RpCause cause) => new Refusing(cause);

    /// <summary>As <see cref="Accept"/>, but the RP-ACK, or the 200 of an OTT client, comes so much later.</summary>
    public static Behaviour Slow(TimeSpan delay) => new Slowness(delay);

    internal sealed record Accepting : Behaviour;

    internal sealed record Refusing(RpCause Cause) : Behaviour;

    internal sealed record Slowness(TimeSpan Delay) : Behaviour;

    internal sealed record Silence : Behaviour;

    internal sealed record Deafness : Behaviour;
}
