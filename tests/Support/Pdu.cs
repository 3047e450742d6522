using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>
/// What the tests' handsets say on the relay layer (TS 24.011) and above it (TS 23.040), written apart from the product's coder: texts of the
/// characters that ASCII and the GSM 7-bit alphabet have at the same place go as septets, all others as UCS-2.
/// </summary>
internal static class Pdu
{
    private const string ServiceCentreAddress = "491700000000";
    private const int SingleSeptets = 160, PartSeptets = 153, SingleUnits = 70, PartUnits = 67;

    public static byte[] RpData(byte reference, byte[] tpdu)
    {
        var address = SemiOctets(ServiceCentreAddress);
        return [0x00, reference, 0x00, (byte)(address.Length + 1), 0x91, .. address, (byte)tpdu.Length, .. tpdu];
    }

    /// <summary>With an SMS-DELIVER-REPORT that has no optional fields.</summary>
    public static byte[] RpAck(byte reference) => [0x02, reference, 0x41, 0x02, 0x00, 0x00];

    public static byte[] RpError(byte reference, byte cause) => [0x04, reference, 0x01, cause];

    public static byte[] RpSmma(byte reference) => [0x06, reference];

    /// <summary>The SMS-SUBMITs of a text: one, or parts with an 8-bit concatenation reference.</summary>
    public static IReadOnlyList<byte[]> Submits(string to, string text, byte reference, bool statusReport = false)
    {
        var septets = text.All(IsShared);
        if (text.Length <= (septets ? SingleSeptets : SingleUnits)) return [Submit(to, text, reference, [], septets, statusReport)];
        var parts = text.Chunk(septets ? PartSeptets : PartUnits).Select(part => new string(part)).ToList();
        return [.. parts.Select((part, i) =>
            Submit(to, part, (byte)(reference + i), [5, 0, 3, reference, (byte)parts.Count, (byte)(i + 1)], septets, statusReport))];
    }

    /// <summary>The same place in ASCII and in the basic table of TS 23.038 §6.2.1.</summary>
    public static bool IsShared(char c) => char.IsAsciiLetterOrDigit(c) || "\r\n !\"#%&'()*+,-./:;<=>?".Contains(c);

    /// <summary>TS 23.038 §6.1.2.1, begun so many bits into the first octet.</summary>
    public static byte[] Pack(string text, int fillBits)
    {
        var packed = new byte[(fillBits + text.Length * 7 + 7) / 8];
        for (var i = 0; i < text.Length; i++)
            for (var bit = 0; bit < 7; bit++)
                if ((text[i] >> bit & 1) == 1) packed[(fillBits + i * 7 + bit) / 8] |= (byte)(1 << (fillBits + i * 7 + bit) % 8);
        return packed;
    }

    public static string Unpack(ReadOnlySpan<byte> octets, int count, int fillBits)
    {
        var text = new char[count];
        for (var i = 0; i < count; i++)
            for (var bit = 0; bit < 7; bit++)
                if ((octets[(fillBits + i * 7 + bit) / 8] >> (fillBits + i * 7 + bit) % 8 & 1) == 1) text[i] |= (char)(1 << bit);
        return new string(text);
    }

    public static string Digits(ReadOnlySpan<byte> semiOctets, int count) =>
        string.Concat(semiOctets.ToArray().SelectMany(octet => new[] { octet & 15, octet >> 4 }).Take(count)
            .Select(digit => digit.ToString("x", CultureInfo.InvariantCulture)));

    private static byte[] Submit(string to, string text, byte reference, byte[] header, bool septets, bool statusReport)
    {
        var first = (byte)(0x01 | (statusReport ? 0x20 : 0) | (header.Length > 0 ? 0x40 : 0));
        var headerSeptets = (header.Length * 8 + 6) / 7;
        byte[] data = septets ? Pack(text, headerSeptets * 7 - header.Length * 8) : Encoding.BigEndianUnicode.GetBytes(text);
        var length = septets ? headerSeptets + text.Length : header.Length + data.Length;
        var coding = (byte)(septets ? 0x00 : 0x08);
        return [first, reference, (byte)to.Length, 0x91, .. SemiOctets(to), 0x00, coding, (byte)length, .. header, .. data];
    }

    private static byte[] SemiOctets(string digits)
    {
        if (digits.Length % 2 == 1) digits += 'F';
        return [.. Enumerable.Range(0, digits.Length / 2).Select(i => Convert.ToByte($"{digits[2 * i + 1]}{digits[2 * i]}", 16))];
    }
}

/// <summary>TS 24.011 §7.3 as a handset receives it.</summary>
internal sealed record RpMessage(byte Type, byte Reference, byte? Cause, byte[] Tpdu)
{
    public bool IsData => Type == 1;
    public bool IsAck => Type == 3;
    public bool IsError => Type == 5;

    public static RpMessage Read(ReadOnlySpan<byte> octets)
    {
        var (type, reference) = ((byte)(octets[0] & 7), octets[1]);
        var rest = octets[2..];
        switch (type)
        {
            case 1:
                rest = rest[(rest[0] + 1)..]; // RP-OA
                rest = rest[(rest[0] + 1)..]; // RP-DA
                return new RpMessage(type, reference, null, rest.Slice(1, rest[0]).ToArray());
            case 5:
                var cause = rest[1];
                return new RpMessage(type, reference, cause, UserData(rest[(rest[0] + 1)..]));
            default:
                return new RpMessage(type, reference, null, UserData(rest));
        }
    }

    /// <summary>TP-SCTS of the SMS-SUBMIT-REPORT in an RP-ACK (TS 23.040 §9.2.2.2a): behind TP-MTI and TP-PI.</summary>
    public string SubmitReportTimeStamp => Convert.ToHexString(Tpdu.AsSpan(2, 7));

    private static byte[] UserData(ReadOnlySpan<byte> rest) => rest is [0x41, var length, ..] ? rest.Slice(2, length).ToArray() : [];
}

/// <summary>An SMS-DELIVER or SMS-STATUS-REPORT. <see cref="Address"/> is TP-OA, or TP-RA of a report.</summary>
internal sealed record SmsTpdu(bool IsStatusReport, byte FirstOctet, string Address, string TimeStamp, string Text)
{
    public byte Reference { get; init; }
    public byte Status { get; init; }
    public (int Reference, byte Total, byte Sequence)? Part { get; init; }
    public byte DataCodingScheme { get; init; }
    public byte[] UserData { get; init; } = [];

    public static SmsTpdu Read(ReadOnlySpan<byte> octets)
    {
        var first = octets[0];
        return (first & 3) == 2 ? StatusReport(first, octets[1..]) : Deliver(first, octets[1..]);
    }

    private static SmsTpdu StatusReport(byte first, ReadOnlySpan<byte> rest)
    {
        var reference = rest[0];
        var address = ReadAddress(rest[1..], out var after);
        return new SmsTpdu(true, first, address, Convert.ToHexString(after[..7]), "") { Reference = reference, Status = after[14] };
    }

    private static SmsTpdu Deliver(byte first, ReadOnlySpan<byte> rest)
    {
        var address = ReadAddress(rest, out var after);
        var (coding, timeStamp, length) = (after[1], Convert.ToHexString(after[2..9]), after[9]);
        var userData = after[10..];
        (int, byte, byte)? part = null;
        var header = 0;
        if ((first & 0x40) != 0)
        {
            header = userData[0] + 1;
            part = userData[1..header] switch
            {
                [0, 3, var reference, var total, var sequence, ..] => (reference, total, sequence),
                [8, 4, var high, var low, var total, var sequence, ..] => (BinaryPrimitives.ReadUInt16BigEndian([high, low]), total, sequence),
                _ => null,
            };
        }
        var headerSeptets = (header * 8 + 6) / 7;
        var text = (coding & 0x0C) switch
        {
            0x00 => Pdu.Unpack(userData[header..], length - headerSeptets, headerSeptets * 7 - header * 8),
            0x08 => Encoding.BigEndianUnicode.GetString(userData[header..length]),
            _ => "",
        };
        return new SmsTpdu(false, first, address, timeStamp, text) { Part = part, DataCodingScheme = coding, UserData = userData.ToArray() };
    }

    private static string ReadAddress(ReadOnlySpan<byte> octets, out ReadOnlySpan<byte> rest)
    {
        var (digits, type) = (octets[0], octets[1]);
        var value = octets.Slice(2, (digits + 1) / 2);
        rest = octets[(2 + value.Length)..];
        return (type & 0x70) == 0x50 ? Pdu.Unpack(value, digits * 4 / 7, 0) : Pdu.Digits(value, digits);
    }
}
