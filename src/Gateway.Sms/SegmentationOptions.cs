namespace Gateway.Sms;

/// <summary>What becomes of a text with characters that neither the default alphabet nor an allowed national table holds.</summary>
public enum UnencodableText : byte
{
    /// <summary>The whole text is sent as UCS2.</summary>
    Upgrade = 0,
    /// <summary>Each such character becomes a question mark.</summary>
    Replace = 1,
}

/// <summary>How a text or data become user data.</summary>
public sealed record SegmentationOptions
{
    public static SegmentationOptions Default { get; } = new();

    /// <summary>Reference of the concatenation; only the low octet is used with 8 bits.</summary>
    public ushort Reference { get; init; }
    /// <summary>A 16-bit reference (IEI 08) makes collisions rarer; old handsets know only 8 bits (IEI 00).</summary>
    public bool WideReference { get; init; }
    /// <summary>0 immediate display, 1 ME, 2 (U)SIM, 3 TE, or null for none.</summary>
    public int? MessageClass { get; init; }
    /// <summary>UCS2 even for a text that the 7-bit alphabet holds.</summary>
    public bool ForceUcs2 { get; init; }
    public UnencodableText Unencodable { get; init; }
    /// <summary>National language identifiers whose locking shift tables the recipient is known to decode; none by default.</summary>
    public IReadOnlyList<byte> LockingShifts { get; init; } = [];
    /// <summary>National language identifiers whose single shift tables the recipient is known to decode; none by default.</summary>
    public IReadOnlyList<byte> SingleShifts { get; init; } = [];
}

/// <summary>One part of a message.</summary>
/// <param name="Sequence">From 1 to <paramref name="Total"/>.</param>
/// <param name="Total">Parts of the whole message.</param>
/// <param name="UserData">TP-UD with TP-UDL and TP-DCS, ready for SMS-DELIVER or SMS-SUBMIT.</param>
public readonly record struct Segment(byte Sequence, byte Total, TpUserData UserData)
{
    public TpDataCodingScheme DataCodingScheme => UserData.DataCodingScheme;
    /// <summary>This part of the text; "" for data.</summary>
    public string Text => UserData.Text;
}

/// <summary>What a text will become.</summary>
/// <param name="DataCodingScheme">The same for all parts.</param>
/// <param name="LockingShift">National language identifier of the locking shift table, or 0.</param>
/// <param name="SingleShift">National language identifier of the single shift table, or 0.</param>
/// <param name="Segments">May be more than <see cref="Segmenter.MaxSegments"/>.</param>
public readonly record struct SegmentationPlan(TpDataCodingScheme DataCodingScheme, byte LockingShift, byte SingleShift, int Segments);

/// <summary>What a text or data became.</summary>
/// <param name="Alphabet">The same for all parts.</param>
/// <param name="LockingShift">National language identifier of the locking shift table, or 0.</param>
/// <param name="SingleShift">National language identifier of the single shift table, or 0.</param>
/// <param name="Segments">1 to 255 parts in their order.</param>
public sealed record Segmentation(TpAlphabet Alphabet, byte LockingShift, byte SingleShift, IReadOnlyList<Segment> Segments);
