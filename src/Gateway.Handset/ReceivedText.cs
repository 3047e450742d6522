namespace Gateway.Handset;

/// <summary>A text as its user sees it, joined if it came in parts.</summary>
/// <param name="From">TP-OA as a person writes it; of an OTT message the number or the URI of its sender.</param>
/// <param name="Text">"" when the message is data.</param>
/// <param name="Parts">How many there were; fewer than announced if the rest did not come in time.</param>
/// <param name="At">When the last part came.</param>
public sealed record ReceivedText(string From, string Text, int Parts, DateTimeOffset At)
{
    /// <summary>The RP-DATA of each part as it came, in hexadecimal digits; none over OTT.</summary>
    public IReadOnlyList<string> RpData { get; init; } = [];

    /// <summary>TP-SCTS of the part that came first, or the Date of an OTT message; null if it is no time.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>Class 0: to be shown at once and not kept.</summary>
    public bool IsFlash { get; init; }

    /// <summary>Parts are missing.</summary>
    public bool IsIncomplete { get; init; }

    /// <summary>User data that is no text (TP-DCS 8-bit), without its header.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Call-ID of the MESSAGE that completed it.</summary>
    public string CallId { get; init; } = "";
}
