namespace Gateway.Sms;

/// <summary>How the octets of a TP-UD are to be read (TS 23.038 §4).</summary>
public enum TpAlphabet : byte { Gsm7 = 0, EightBit = 1, Ucs2 = 2 }

/// <summary>Which waiting message an indication is about (TS 23.038 §4, bits 1 and 0).</summary>
public enum MessageWaitingKind : byte { Voicemail = 0, Fax = 1, Email = 2, Other = 3 }

/// <summary>A message waiting indication: groups 1100 (discard the text), 1101 and 1110 (store it).</summary>
public readonly record struct MessageWaiting(bool Active, bool Store, MessageWaitingKind Kind);

/// <summary>
/// TP-DCS, TS 23.038 §4. Reserved groups and the reserved alphabet read as the GSM 7-bit default alphabet without class, as the clause
/// tells a receiver; only a service centre may refuse them.
/// </summary>
public readonly record struct TpDataCodingScheme(byte Value)
{
    private int Group => Value >> 4;
    private bool IsGeneral => Group < 8;

    public TpAlphabet Alphabet => Group switch
    {
        < 8 => (Value >> 2 & 3) switch { 1 => TpAlphabet.EightBit, 2 => TpAlphabet.Ucs2, _ => TpAlphabet.Gsm7 },
        14  => TpAlphabet.Ucs2,
        15  => (Value & 4) != 0 ? TpAlphabet.EightBit : TpAlphabet.Gsm7,
        _   => TpAlphabet.Gsm7,
    };

    /// <summary>0 immediate display, 1 ME, 2 (U)SIM, 3 TE; null if the scheme gives none.</summary>
    public int? MessageClass => (IsGeneral && (Value & 0x10) != 0) || Group == 15 ? Value & 3 : null;

    /// <summary>TS 23.042 compression: the user data cannot be read as text.</summary>
    public bool IsCompressed => IsGeneral && (Value & 0x20) != 0;

    /// <summary>The recipient may delete the message once it is read (group 01xx).</summary>
    public bool IsAutomaticDeletion => Group is >= 4 and < 8;

    public MessageWaiting? MessageWaiting =>
        Group is 12 or 13 or 14 ? new MessageWaiting((Value & 8) != 0, Group != 12, (MessageWaitingKind)(Value & 3)) : null;

    public bool IsReservedGroup => Group is >= 8 and < 12;
    public bool IsReservedAlphabet => IsGeneral && (Value & 0x0C) == 0x0C;

    /// <summary>Whether user data coded so is text.</summary>
    public bool IsText => !IsCompressed && Alphabet != TpAlphabet.EightBit;

    /// <summary>General group, uncompressed.</summary>
    /// <param name="alphabet">The alphabet.</param>
    /// <param name="messageClass">0 to 3, or null for none.</param>
    public static TpDataCodingScheme Of(TpAlphabet alphabet, int? messageClass = null)
    {
        if (messageClass is not (null or >= 0 and <= 3)) throw new ArgumentOutOfRangeException(nameof(messageClass));
        return new((byte)((int)alphabet << 2 | (messageClass is int value ? 0x10 | value : 0)));
    }

    public override string ToString() => $"{Value:X2}";
}
