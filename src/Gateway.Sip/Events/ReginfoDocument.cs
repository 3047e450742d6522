namespace Gateway.Sip;

/// <summary>RFC 3680 §5: an application/reginfo+xml document.</summary>
public sealed record ReginfoDocument
{
    /// <summary>The largest document taken, in octets.</summary>
    public const int MaxOctets = 256 * 1024;

    public uint Version { get; init; }

    /// <summary>state="full": what is not in it is no more.</summary>
    public bool IsFull { get; init; }

    /// <summary>
    /// False when the document was not well-formed to its end: what is not in it may only be lost, so it is never taken for full.
    /// </summary>
    public bool IsWhole { get; init; } = true;

    public required IReadOnlyList<ReginfoRegistration> Registrations { get; init; }

    public const string ContentType = "application/reginfo+xml";

    /// <summary>
    /// Reads a document, and as much as can be made out of one that is not well-formed (some notifiers do not escape contact URIs).
    /// False, with the reason, when no registration can be made out.
    /// </summary>
    public static bool TryParse(ReadOnlyMemory<byte> octets, out ReginfoDocument document, out string? error) =>
        ReginfoReader.TryRead(octets, out document, out error);

    /// <summary>In UTF-8.</summary>
    public byte[] ToArray() => ReginfoWriter.ToArray(this);
}
