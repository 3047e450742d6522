namespace Gateway.Sms;

/// <summary>
/// TP-SCTS, TP-DT and the absolute TP-VP: TS 23.040 §9.2.3.11. Seven octets of swapped BCD, local time and its offset from GMT in quarters
/// of an hour. The octets are kept as they came, since a status report must repeat them; a stamp that is no time (the clause lets a
/// receiver ignore it) is therefore decoded without an error, and <see cref="TryGetTime"/> says so.
/// Two-digit years: 00 to 69 are 20xx, 70 to 99 are 19xx.
/// </summary>
public readonly record struct TpServiceCentreTimeStamp
{
    public const int EncodedLength = 7;
    private const int PivotYear = 70;
    /// <summary>The sign is bit 3 of the zone octet, which is the top bit of its tens digit.</summary>
    private const int NegativeZone = 0x08;

    private readonly ulong _octets; // first octet lowest

    private TpServiceCentreTimeStamp(ulong octets) => _octets = octets;

    /// <summary>Fractions of a second are cut off, an offset is cut to the quarter of an hour; the instant stays the same.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The year is not between 1970 and 2069.</exception>
    public static TpServiceCentreTimeStamp From(DateTimeOffset time)
    {
        var quarters = (int)(time.Offset.Ticks / TimeSpan.FromMinutes(15).Ticks);
        var local = time.ToOffset(TimeSpan.FromMinutes(15 * quarters));
        if (local.Year is < 1900 + PivotYear or >= 2000 + PivotYear) throw new ArgumentOutOfRangeException(nameof(time));
        ReadOnlySpan<byte> octets =
        [
            Swapped(local.Year % 100), Swapped(local.Month), Swapped(local.Day),
            Swapped(local.Hour), Swapped(local.Minute), Swapped(local.Second),
            (byte)(Swapped(Math.Abs(quarters)) | (quarters < 0 ? NegativeZone : 0)),
        ];
        return FromOctets(octets);
    }

    /// <exception cref="ArgumentException">There are not seven octets.</exception>
    public static TpServiceCentreTimeStamp FromOctets(ReadOnlySpan<byte> octets)
    {
        if (octets.Length != EncodedLength) throw new ArgumentException("A time stamp has seven octets.", nameof(octets));
        var value = 0UL;
        for (var i = EncodedLength - 1; i >= 0; i--) value = value << 8 | octets[i];
        return new TpServiceCentreTimeStamp(value);
    }

    /// <summary>False if a digit is none, the date does not exist, or the offset is over 14 hours.</summary>
    public bool TryGetTime(out DateTimeOffset time)
    {
        time = default;
        var (year, month, day) = (Digits(0), Digits(1), Digits(2));
        var (hour, minute, second) = (Digits(3), Digits(4), Digits(5));
        var zone = this[6];
        var quarters = Digits((byte)(zone & ~NegativeZone));
        if (year < 0 || month is < 1 or > 12 || day < 1) return false;
        if (hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 59) return false;
        if (quarters is < 0 or > 14 * 4) return false;
        year += year < PivotYear ? 2000 : 1900;
        if (day > DateTime.DaysInMonth(year, month)) return false;
        var offset = TimeSpan.FromMinutes(15 * ((zone & NegativeZone) != 0 ? -quarters : quarters));
        time = new DateTimeOffset(year, month, day, hour, minute, second, offset);
        return true;
    }

    /// <summary>The time, or null if the octets hold none.</summary>
    public DateTimeOffset? Time => TryGetTime(out var time) ? time : null;

    public void CopyTo(Span<byte> destination)
    {
        for (var i = 0; i < EncodedLength; i++) destination[i] = this[i];
    }

    public override string ToString() => TryGetTime(out var time) ? time.ToString("yyyy-MM-ddTHH:mm:sszzz") : "no time";

    internal static TpServiceCentreTimeStamp Read(ref PduReader reader, string field)
    {
        var octets = reader.Span(EncodedLength, field);
        return octets.IsEmpty ? default : FromOctets(octets);
    }

    internal void Write(ref PduWriter writer) => CopyTo(writer.Take(EncodedLength));

    private byte this[int index] => (byte)(_octets >> (8 * index));
    private int Digits(int index) => Digits(this[index]);

    private static int Digits(byte swapped)
    {
        var (tens, units) = (swapped & 0xF, swapped >> 4);
        return tens > 9 || units > 9 ? -1 : 10 * tens + units;
    }

    private static byte Swapped(int number) => (byte)(number / 10 | number % 10 << 4);
}
