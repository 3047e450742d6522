namespace Gateway.Sms;

/// <summary>RP-SMMA, TS 24.011 §7.3.2: a handset has memory available again. Answered by an RP-ACK with the same reference.</summary>
public readonly record struct RpSmma(byte MessageReference)
{
    private const byte MessageType = 6;

    public byte[] Encode() => [MessageType, MessageReference];
}
