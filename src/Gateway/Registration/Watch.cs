using Gateway.Sip;
using Gateway.Sip.Events;

namespace Gateway.Registration;

/// <summary>What the watcher holds of one subscriber: the subscription that counts, and the state it has told of. Guarded by its own lock.</summary>
internal sealed class Watch(string subscriber, string identity)
{
    public Lock Lock { get; } = new();
    public string Subscriber => subscriber;
    /// <summary>The public user identity subscribed to.</summary>
    public string Identity { get; set; } = identity;
    /// <summary>Route to the S-CSCF that announced itself by a third-party REGISTER, or null.</summary>
    public string? Scscf { get; set; }
    public ReginfoState State { get; set; } = new();
    /// <summary>Whose contacts the last document held: the numbers of an implicit set.</summary>
    public IReadOnlyCollection<string> Told { get; set; } = [];
    public Subscription? Current { get; set; }
    /// <summary>This node is the one that watches, as far as it knows.</summary>
    public bool Owned { get; set; }
    /// <summary>Failures in a row; they space the tries.</summary>
    public int Failures { get; set; }
    /// <summary>A third-party REGISTER said that the user is registered, and no contact has been seen since: tries left to look again.</summary>
    public int LooksLeft { get; set; }
    /// <summary>When the last subscription was made only because a partial document left a gap.</summary>
    public DateTimeOffset GapSeenAt { get; set; }
    /// <summary>The turn in which a subscription is being made, or is to be made after a while; 0: none.</summary>
    public long Pending { get; set; }
    /// <summary>Turns given so far.</summary>
    public long Turns { get; set; }
}
