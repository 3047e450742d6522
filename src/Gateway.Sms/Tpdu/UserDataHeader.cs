using System.Buffers.Binary;

namespace Gateway.Sms;

/// <summary>
/// Concatenation, IEI 00 and 08: TS 23.040 §9.2.3.24.1 and 9.2.3.24.8. Equal references of 8 and 16 bits are different messages.
/// </summary>
/// <param name="Reference">0 to 255 or 65535.</param>
/// <param name="ReferenceBits">8 or 16.</param>
/// <param name="Total">Parts, 1 to 255.</param>
/// <param name="Sequence">This part, from 1 to Total.</param>
public readonly record struct Concatenation(ushort Reference, byte ReferenceBits, byte Total, byte Sequence);

/// <summary>Application ports, IEI 04 and 05: TS 23.040 §9.2.3.24.3 and 9.2.3.24.4.</summary>
public readonly record struct ApplicationPorts(byte Bits, ushort Destination, ushort Source);

/// <summary>Special SMS message indication, IEI 01: TS 23.040 §9.2.3.24.2.</summary>
/// <param name="Store">Bit 7 of the first octet.</param>
/// <param name="Profile">Bits 6 and 5: multiple subscriber profile.</param>
/// <param name="Type">Bits 4 to 0: 0 voice, 1 fax, 2 e-mail, 3 other, 7 video.</param>
/// <param name="Count">Messages waiting.</param>
public readonly record struct SpecialSmsIndication(bool Store, byte Profile, byte Type, byte Count);

/// <summary>
/// TP-UDH, TS 23.040 §9.2.3.24. All elements stay in their order; the typed properties read them. A repeated element counts in its last
/// form, an element whose content its clause rules out (a part 0, a part beyond the total, a length that is not its own) is ignored.
/// </summary>
public readonly record struct UserDataHeader
{
    /// <summary>Octets after UDHL that fit beside nothing else in 140.</summary>
    public const int MaxLength = 139;

    private readonly ReadOnlyMemory<byte> _elements;

    private UserDataHeader(ReadOnlyMemory<byte> elements) => _elements = elements;

    /// <summary>UDHL: octets of the elements, the length octet itself not counted.</summary>
    public int Length => _elements.Length;

    /// <summary>The elements as on the wire, without UDHL.</summary>
    public ReadOnlyMemory<byte> Octets => _elements;

    /// <exception cref="ArgumentException">Together they are longer than <see cref="MaxLength"/>.</exception>
    public static UserDataHeader Of(params ReadOnlySpan<InformationElement> elements)
    {
        var length = 0;
        foreach (var element in elements) length += 2 + element.Data.Length;
        if (length > MaxLength) throw new ArgumentException($"A header of {length} octets does not fit.", nameof(elements));
        var octets = new byte[length];
        var writer = new PduWriter(octets);
        foreach (var element in elements)
        {
            writer.Octet(element.Identifier);
            writer.Octet((byte)element.Data.Length);
            writer.Octets(element.Data.Span);
        }
        return new UserDataHeader(octets);
    }

    /// <summary>The header from its UDHL octet on, as customers hand it over; what follows it is an error here.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> octets, out UserDataHeader header, out PduError error)
    {
        if (!TryDecodePrefix(octets, out header, out error)) return false;
        if (octets.Length == 1 + header.Length) return true;
        error = new PduError(PduFault.LengthOutOfRange, "TP-UDHL", 0);
        return false;
    }

    /// <summary>The header at the start of a TP-UD.</summary>
    internal static bool TryDecodePrefix(ReadOnlyMemory<byte> userData, out UserDataHeader header, out PduError error)
    {
        header = default;
        var reader = new PduReader(userData);
        var length = reader.Octet("TP-UDHL");
        if (length > reader.Remaining) reader.Fail(PduFault.BrokenHeader, "TP-UDHL", 0);
        var elements = reader.Memory(length, "TP-UDHL");
        var octets = elements.Span;
        for (var at = 0; at < octets.Length;)
        {
            var next = at + 1 < octets.Length ? at + 2 + octets[at + 1] : int.MaxValue;
            if (next > octets.Length)
            {
                reader.Fail(PduFault.BrokenHeader, "TP-UDH", 1 + at);
                break;
            }
            at = next;
        }
        header = new UserDataHeader(elements);
        return reader.Finished(out error);
    }

    public Enumerator GetEnumerator() => new(_elements);

    /// <summary>The last concatenation element that makes sense, of either size.</summary>
    public Concatenation? Concatenation
    {
        get
        {
            Concatenation? found = null;
            foreach (var (identifier, data) in this)
            {
                var octets = data.Span;
                Concatenation? here = (identifier, octets.Length) switch
                {
                    (InformationElement.Concatenation8, 3)  => new(octets[0], 8, octets[1], octets[2]),
                    (InformationElement.Concatenation16, 4) => new(BinaryPrimitives.ReadUInt16BigEndian(octets), 16, octets[2], octets[3]),
                    _                                       => null,
                };
                if (here is { Sequence: > 0 } part && part.Sequence <= part.Total) found = here;
            }
            return found;
        }
    }

    public ApplicationPorts? Ports
    {
        get
        {
            ApplicationPorts? found = null;
            foreach (var (identifier, data) in this)
            {
                var octets = data.Span;
                if (identifier == InformationElement.Ports8 && octets.Length == 2) found = new(8, octets[0], octets[1]);
                if (identifier == InformationElement.Ports16 && octets.Length == 4)
                    found = new(16, BinaryPrimitives.ReadUInt16BigEndian(octets), BinaryPrimitives.ReadUInt16BigEndian(octets[2..]));
            }
            return found;
        }
    }

    /// <summary>National language identifier of IEI 24, known or not.</summary>
    public byte? SingleShift => LastOctet(InformationElement.NationalSingleShift);

    /// <summary>National language identifier of IEI 25, known or not.</summary>
    public byte? LockingShift => LastOctet(InformationElement.NationalLockingShift);

    /// <summary>
    /// SMSC control parameters, IEI 06 (§9.2.3.24.5): bits 0 to 3 select status reports, bit 6 cancels, bit 7 wants the header back.
    /// </summary>
    public byte? ServiceCentreControl => LastOctet(InformationElement.ServiceCentreControl);

    /// <summary>UDH source indicator, IEI 07 (§9.2.3.24.6): 1 original sender, 2 original receiver, 3 service centre.</summary>
    public byte? HeaderSource => LastOctet(InformationElement.HeaderSource);

    /// <summary>IEI 20 (§9.2.3.24.11): how much of the text at its start is an RFC 5322 header.</summary>
    public byte? EmailHeaderLength => LastOctet(InformationElement.EmailHeader);

    /// <summary>Reply address, IEI 22 (§9.2.3.24.12).</summary>
    public TpAddress? ReplyAddress
    {
        get
        {
            TpAddress? found = null;
            foreach (var (identifier, data) in this)
                if (identifier == InformationElement.ReplyAddress && TpAddress.TryDecode(data, out var address, out _)) found = address;
            return found;
        }
    }

    /// <summary>All special SMS indications, one for each kind of message waiting.</summary>
    public IEnumerable<SpecialSmsIndication> SpecialSms
    {
        get
        {
            var found = new List<SpecialSmsIndication>();
            foreach (var (identifier, data) in this)
            {
                if (identifier != InformationElement.SpecialSms || data.Length != 2) continue;
                var (first, count) = (data.Span[0], data.Span[1]);
                found.Add(new((first & 0x80) != 0, (byte)(first >> 5 & 3), (byte)(first & 0x1F), count));
            }
            return found;
        }
    }

    public bool Equals(UserDataHeader other) => _elements.Span.SequenceEqual(other._elements.Span);

    public override int GetHashCode() => _elements.Length;

    private byte? LastOctet(byte wanted)
    {
        byte? found = null;
        foreach (var (identifier, data) in this)
            if (identifier == wanted && data.Length == 1) found = data.Span[0];
        return found;
    }

    public struct Enumerator(ReadOnlyMemory<byte> elements)
    {
        private int _next;

        public InformationElement Current { get; private set; }

        public bool MoveNext()
        {
            if (_next >= elements.Length) return false;
            var (identifier, length) = (elements.Span[_next], elements.Span[_next + 1]);
            Current = new InformationElement(identifier, elements.Slice(_next + 2, length));
            _next += 2 + length;
            return true;
        }
    }
}
