namespace Gateway.Sms;

/// <summary>Groups of TP-PID values: TS 23.040 §9.2.3.9.</summary>
public enum TpProtocolGroup : byte { SmeToSme, Telematic, ShortMessage, Reserved, ServiceCentreSpecific }

/// <summary>TP-PID, TS 23.040 §9.2.3.9. A reserved value is treated as 00 and kept.</summary>
public readonly record struct TpProtocolIdentifier(byte Value)
{
    public static readonly TpProtocolIdentifier Default = new(0x00);
    /// <summary>Acknowledged by the handset but neither stored nor shown.</summary>
    public static readonly TpProtocolIdentifier ShortMessageType0 = new(0x40);
    public static readonly TpProtocolIdentifier ReturnCall = new(0x5F);
    public static readonly TpProtocolIdentifier MeDataDownload = new(0x7D);
    public static readonly TpProtocolIdentifier MeDepersonalisation = new(0x7E);
    public static readonly TpProtocolIdentifier UsimDataDownload = new(0x7F);

    public TpProtocolGroup Group => (Value >> 6, Value & 0x20) switch
    {
        (0, 0) => TpProtocolGroup.SmeToSme,
        (0, _) => TpProtocolGroup.Telematic,
        (1, _) => TpProtocolGroup.ShortMessage,
        (2, _) => TpProtocolGroup.Reserved,
        _      => TpProtocolGroup.ServiceCentreSpecific,
    };

    /// <summary>1 to 7: the message replaces the stored one of the same type and originator; null if it replaces none.</summary>
    public int? ReplaceType => Value is >= 0x41 and <= 0x47 ? Value & 7 : null;

    /// <summary>
    /// Silent messages and downloads into equipment or card: what nobody but the operator should be able to send.
    /// </summary>
    public bool IsOperatorOnly => Value is 0x40 or 0x48 or 0x7C or 0x7D or 0x7E or 0x7F;

    public override string ToString() => $"{Value:X2}";
}
