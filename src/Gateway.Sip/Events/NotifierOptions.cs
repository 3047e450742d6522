namespace Gateway.Sip.Events;

/// <summary>An event package as a <see cref="Notifier"/> serves it.</summary>
public sealed record NotifierOptions
{
    /// <summary>Of RFC 3680.</summary>
    public static readonly NotifierOptions Reg = new() { Package = "reg", ContentType = ReginfoDocument.ContentType };

    public required string Package { get; init; }

    /// <summary>Of the body of each NOTIFY, and the default of Accept.</summary>
    public required string ContentType { get; init; }

    /// <summary>Granted when none is asked for; RFC 3680 §4.4.</summary>
    public TimeSpan DefaultExpires { get; init; } = TimeSpan.FromSeconds(3_761);

    /// <summary>Less is answered 423, but for the zero that ends or fetches.</summary>
    public TimeSpan MinExpires { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Granted at most.</summary>
    public TimeSpan MaxExpires { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Between two NOTIFYs of one subscription that only tell of changes; RFC 3680 §4.10.</summary>
    public TimeSpan MinInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>More are answered 503.</summary>
    public int MaxSubscriptions { get; init; } = 10_000;

    /// <summary>To one resource; more are answered 403.</summary>
    public int MaxPerResource { get; init; } = 32;
}

/// <param name="Body">Null: there is nothing new to tell.</param>
/// <param name="ChangesIn">When the state changes next by itself; null: not that anybody knows.</param>
public readonly record struct Notice(byte[]? Body, TimeSpan? ChangesIn = null);

/// <summary>Makes what one subscription is told next: all there is, or what has changed since the last call. Never called twice at once.</summary>
public delegate Task<Notice> NoticeSource(bool full);
