namespace Gateway.Sip.Events;

/// <summary>What to subscribe to, and as whom (RFC 6665 §4.1.2).</summary>
public sealed record SubscriptionRequest
{
    public required SipUri ResourceUri { get; init; }

    /// <summary>The subscriber; the tag is added.</summary>
    public required NameAddr From { get; init; }

    /// <summary>User part of our Contact; its address is where the endpoint listens, as seen from the notifier.</summary>
    public required string ContactUser { get; init; }

    public Event Event { get; init; } = new("reg", SipParameters.Empty);

    /// <summary>Content type of the notifications, for example application/reginfo+xml; null leaves the choice to the notifier.</summary>
    public string? Accept { get; init; }

    /// <summary>Asked for, in whole seconds; zero fetches the state once.</summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// By how much of its wait the first refresh may come earlier, by chance: 0 to 1. Subscriptions that begin together never meet again when
    /// it is near 1. Each further refresh comes up to a tenth earlier.
    /// </summary>
    public double FirstRefreshSpread { get; init; } = 0.1;

    /// <summary>RFC 3325; null sends none. An S-CSCF authorises by it (TS 24.229 §5.4.2.1.1).</summary>
    public string? PAssertedIdentity { get; init; }

    public IReadOnlyList<NameAddr> Route { get; init; } = [];

    /// <summary>Where to send the first SUBSCRIBE instead of where Route or resource lead.</summary>
    public SipTarget? Target { get; init; }

    /// <summary>To answer a challenge with; without it a challenge is a refusal.</summary>
    public DigestClient? Credentials { get; init; }
}

/// <summary>One NOTIFY that was accepted. It has been answered 200 already.</summary>
public sealed record Notification(SubscriptionState State, string? ContentType, ReadOnlyMemory<byte> Body, uint CSeq, SipFlow Flow);

public enum SubscriptionEndKind
{
    /// <summary>By the notifier, Subscription-State: terminated. What its reason asks of the subscriber is in RFC 6665 §4.1.3.</summary>
    Terminated,

    /// <summary>The first SUBSCRIBE was answered with a failure.</summary>
    Refused,

    /// <summary>The first SUBSCRIBE was not answered, or no server was found.</summary>
    Unreachable,

    /// <summary>No NOTIFY came within 64 * T1 (timer N).</summary>
    NotNotified,

    /// <summary>A refresh failed, and with it the dialog: a new subscription may do better.</summary>
    Lost,

    /// <summary>By <see cref="Subscription.TerminateAsync"/>.</summary>
    Unsubscribed,
}

/// <param name="Reason">Of the Subscription-State, or what failed.</param>
/// <param name="StatusCode">Of the response that ended it.</param>
/// <param name="RetryAfter">The earliest time for another try, where the notifier gave one.</param>
public sealed record SubscriptionEnd(SubscriptionEndKind Kind, string? Reason = null, int? StatusCode = null, TimeSpan? RetryAfter = null);
