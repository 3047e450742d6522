namespace Gateway.Sms;

/// <summary>TP-CT, TS 23.040 §9.2.3.19. E0 to FF are service centre specific, the rest is reserved.</summary>
public enum TpCommandType : byte
{
    Enquiry = 0, CancelStatusReportRequest = 1, DeletePreviouslySubmitted = 2, EnableStatusReportRequest = 3,
}

/// <summary>SMS-COMMAND, handset to service centre: TS 23.040 §9.2.2.4. TP-CDL counts octets.</summary>
public readonly record struct SmsCommand : ITpdu
{
    private const int MessageTypeIndicator = 2;
    private const int MaxCommandData = 156;

    /// <summary>TP-SRR.</summary>
    public bool StatusReportRequest { get; init; }
    /// <summary>TP-UDHI: the command data begin with a user data header.</summary>
    public bool HasHeader { get; init; }
    public byte MessageReference { get; init; }
    public TpProtocolIdentifier ProtocolIdentifier { get; init; }
    /// <summary>TP-CT.</summary>
    public TpCommandType CommandType { get; init; }
    /// <summary>TP-MN: the TP-MR of the SMS-SUBMIT that is meant.</summary>
    public byte MessageNumber { get; init; }
    public TpAddress DestinationAddress { get; init; }
    /// <summary>TP-CD, header included.</summary>
    public ReadOnlyMemory<byte> CommandData { get; init; }

    public UserDataHeader Header => HasHeader && UserDataHeader.TryDecodePrefix(CommandData, out var header, out _) ? header : default;

    public static bool TryDecode(ReadOnlyMemory<byte> tpdu, out SmsCommand command, out PduError error)
    {
        var reader = new PduReader(tpdu);
        var first = reader.Octet("TP-MTI");
        TpMessageTypes.Expect(ref reader, first, MessageTypeIndicator);
        command = new SmsCommand
        {
            StatusReportRequest = (first & 0x20) != 0,
            HasHeader = (first & 0x40) != 0,
            MessageReference = reader.Octet("TP-MR"),
            ProtocolIdentifier = new TpProtocolIdentifier(reader.Octet("TP-PID")),
            CommandType = (TpCommandType)reader.Octet("TP-CT"),
            MessageNumber = reader.Octet("TP-MN"),
            DestinationAddress = TpAddress.Read(ref reader, "TP-DA"),
        };
        var start = reader.Offset;
        var length = reader.Octet("TP-CDL");
        if (length > MaxCommandData) reader.Fail(PduFault.LengthOutOfRange, "TP-CDL", start);
        command = command with { CommandData = reader.Memory(length, "TP-CD") };
        if (command.HasHeader && !reader.Failed && !UserDataHeader.TryDecodePrefix(command.CommandData, out _, out var inner))
            reader.Fail(inner.Fault, inner.Field, start + 1 + inner.Offset);
        return reader.Finished(out error);
    }

    public int Encode(Span<byte> destination)
    {
        var writer = new PduWriter(destination);
        writer.Octet((byte)(MessageTypeIndicator | (StatusReportRequest ? 0x20 : 0) | (HasHeader ? 0x40 : 0)));
        writer.Octet(MessageReference);
        writer.Octet(ProtocolIdentifier.Value);
        writer.Octet((byte)CommandType);
        writer.Octet(MessageNumber);
        DestinationAddress.Write(ref writer);
        if (CommandData.Length > MaxCommandData) throw new InvalidOperationException($"{CommandData.Length} octets of TP-CD do not fit.");
        writer.Octet((byte)CommandData.Length);
        writer.Octets(CommandData.Span);
        return writer.Written;
    }

    public byte[] Encode() => Tpdu.ToArray(this);

    public bool Equals(SmsCommand other) =>
        (StatusReportRequest, HasHeader, MessageReference, ProtocolIdentifier) ==
        (other.StatusReportRequest, other.HasHeader, other.MessageReference, other.ProtocolIdentifier) &&
        (CommandType, MessageNumber, DestinationAddress) == (other.CommandType, other.MessageNumber, other.DestinationAddress) &&
        CommandData.Span.SequenceEqual(other.CommandData.Span);

    public override int GetHashCode() =>
        HashCode.Combine(MessageReference, ProtocolIdentifier, CommandType, MessageNumber, DestinationAddress);
}
