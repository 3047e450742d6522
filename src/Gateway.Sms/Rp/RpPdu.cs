namespace Gateway.Sms;

/// <summary>The four RP messages of TS 24.011 §7.3.</summary>
public enum RpKind : byte { Data, Ack, Error, Smma }

/// <summary>Told by the lowest bit of the message type: TS 24.011 §8.2.2.</summary>
public enum RpDirection : byte
{
    /// <summary>MS to network, mobile originated.</summary>
    FromHandset = 0,
    /// <summary>Network to MS, mobile terminated.</summary>
    ToHandset = 1,
}

/// <summary>
/// What a body of <c>application/vnd.3gpp.sms</c> holds: one of the four RP messages, TS 24.011 §7.3. Ask <see cref="Kind"/>, then for the
/// message of that kind. The spare bits of the message type, elements that are not known and octets after the last element are ignored.
/// </summary>
public readonly record struct RpPdu
{
    /// <summary>Octets of the longest RP message (TS 24.011 §7.3.1.1).</summary>
    public const int MaxLength = 248;

    private readonly RpData _data;
    private readonly RpError _error;

    private RpPdu(RpKind kind, RpDirection direction, byte messageReference, RpData data, RpError error)
    {
        Kind = kind;
        Direction = direction;
        MessageReference = messageReference;
        _data = data;
        _error = error;
    }

    public RpKind Kind { get; }
    public RpDirection Direction { get; }
    public byte MessageReference { get; }

    /// <exception cref="InvalidOperationException">It is another kind.</exception>
    public RpData Data => Expect(RpKind.Data, _data);
    /// <exception cref="InvalidOperationException">It is another kind.</exception>
    public RpAck Ack => Expect(RpKind.Ack, new RpAck(Direction, MessageReference, _error.UserData));
    /// <exception cref="InvalidOperationException">It is another kind.</exception>
    public RpError Error => Expect(RpKind.Error, _error);
    /// <exception cref="InvalidOperationException">It is another kind.</exception>
    public RpSmma Smma => Expect(RpKind.Smma, new RpSmma(MessageReference));

    /// <summary>The TPDU inside; empty if there is none.</summary>
    public ReadOnlyMemory<byte> UserData => Kind == RpKind.Data ? _data.UserData : _error.UserData;

    /// <summary>
    /// Kind, direction and reference alone: what is needed to answer a message whose rest is broken. False if there are not two octets, or
    /// the type is reserved.
    /// </summary>
    public static bool TryDecodeHeader(ReadOnlySpan<byte> body, out RpKind kind, out RpDirection direction, out byte messageReference)
    {
        (kind, direction, messageReference) = (default, default, default);
        if (body.Length < 2 || (body[0] & 7) == 7) return false;
        var type = body[0] & 7;
        (kind, messageReference) = ((RpKind)(type >> 1), body[1]);
        direction = kind == RpKind.Smma ? RpDirection.FromHandset : (RpDirection)(type & 1);
        return true;
    }

    public static bool TryDecode(ReadOnlyMemory<byte> body, out RpPdu pdu, out PduError error)
    {
        var reader = new PduReader(body);
        var type = reader.Octet("RP-MTI") & 7;
        if (type == 7) reader.Fail(PduFault.WrongMessageType, "RP-MTI", 0);
        var (kind, direction) = ((RpKind)(type >> 1), (RpDirection)(type & 1));
        var reference = reader.Octet("RP-Message Reference");
        var data = default(RpData);
        var failure = default(RpError);
        switch (kind)
        {
            case RpKind.Data:
                data = RpData.Read(ref reader, direction, reference);
                break;
            case RpKind.Ack:
                failure = new RpError(direction, reference, default, null, RpUserData.ReadOptional(ref reader));
                break;
            case RpKind.Error:
                failure = RpError.Read(ref reader, direction, reference);
                break;
        }
        pdu = new RpPdu(kind, direction, reference, data, failure);
        return reader.Finished(out error);
    }

    private T Expect<T>(RpKind kind, T message) =>
        Kind == kind ? message : throw new InvalidOperationException($"The RP message is {Kind}, not {kind}.");
}
