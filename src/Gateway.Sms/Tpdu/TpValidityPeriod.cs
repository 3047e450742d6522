namespace Gateway.Sms;

/// <summary>TP-VPF, bits 4 and 3 of the first octet: TS 23.040 §9.2.3.3. The numbers are those of the wire.</summary>
public enum TpValidityPeriodFormat : byte { None = 0, Enhanced = 1, Relative = 2, Absolute = 3 }

/// <summary>
/// TP-VP, TS 23.040 §9.2.3.12: how long the service centre shall try. The octets are kept as they came; what they mean is asked by
/// <see cref="TryGetDuration"/> or <see cref="TryGetExpiry"/>, which answer false for none and for what the clause reserves.
/// </summary>
public readonly record struct TpValidityPeriod
{
    private const int LongLength = 7;

    private readonly ulong _octets; // first octet lowest

    private TpValidityPeriod(TpValidityPeriodFormat format, ulong octets)
    {
        Format = format;
        _octets = octets;
    }

    public TpValidityPeriodFormat Format { get; }
    public int EncodedLength => Format switch { TpValidityPeriodFormat.None => 0, TpValidityPeriodFormat.Relative => 1, _ => LongLength };

    /// <summary>The octet of the relative format: 0 to 255.</summary>
    public byte RelativeValue => Format == TpValidityPeriodFormat.Relative ? (byte)_octets : (byte)0;
    /// <summary>The time stamp of the absolute format.</summary>
    public TpServiceCentreTimeStamp AbsoluteTime =>
        Format == TpValidityPeriodFormat.Absolute ? TpServiceCentreTimeStamp.FromOctets(Octets()) : default;
    /// <summary>Enhanced format, bit 6: the service centre shall try once only.</summary>
    public bool IsSingleShot => Format == TpValidityPeriodFormat.Enhanced && (_octets & 0x40) != 0;
    /// <summary>Enhanced format, bit 7: another functionality octet follows the first.</summary>
    public bool HasExtension => Format == TpValidityPeriodFormat.Enhanced && (_octets & 0x80) != 0;
    /// <summary>Enhanced format, bits 2 to 0: 0 none, 1 relative, 2 seconds, 3 hours minutes seconds, 4 to 7 reserved.</summary>
    public int EnhancedFormat => Format == TpValidityPeriodFormat.Enhanced ? (int)(_octets & 7) : 0;
    /// <summary>The enhanced format uses a reserved value: TP-FCS C6.</summary>
    public bool IsReserved => EnhancedFormat > 3;

    public static TpValidityPeriod Relative(byte value) => new(TpValidityPeriodFormat.Relative, value);

    /// <summary>The shortest relative period that is not shorter; from 5 minutes to 63 weeks.</summary>
    public static TpValidityPeriod Relative(TimeSpan duration)
    {
        var value = 0;
        while (value < 255 && RelativeDuration((byte)value) < duration) value++;
        return Relative((byte)value);
    }

    public static TpValidityPeriod Absolute(TpServiceCentreTimeStamp time)
    {
        Span<byte> octets = stackalloc byte[LongLength];
        time.CopyTo(octets);
        return new(TpValidityPeriodFormat.Absolute, Word(octets));
    }

    /// <exception cref="ArgumentOutOfRangeException">The duration is not 1 to 255 seconds.</exception>
    public static TpValidityPeriod Seconds(int seconds, bool singleShot = false)
    {
        if (seconds is < 1 or > 255) throw new ArgumentOutOfRangeException(nameof(seconds));
        return new(TpValidityPeriodFormat.Enhanced, 2u | (singleShot ? 0x40u : 0u) | (ulong)seconds << 8);
    }

    /// <summary>How long from acceptance by the service centre; false for the absolute format, none, and reserved values.</summary>
    public bool TryGetDuration(out TimeSpan duration)
    {
        duration = default;
        if (Format == TpValidityPeriodFormat.Relative) duration = RelativeDuration((byte)_octets);
        if (Format != TpValidityPeriodFormat.Enhanced) return Format == TpValidityPeriodFormat.Relative;
        Span<byte> octets = stackalloc byte[LongLength];
        Octets(octets);
        var value = octets[1..];
        for (var functionality = octets[0]; (functionality & 0x80) != 0 && value.Length > 3; value = value[1..]) functionality = value[0];
        switch (EnhancedFormat)
        {
            case 1:
                duration = RelativeDuration(value[0]);
                return true;
            case 2 when value[0] > 0:
                duration = TimeSpan.FromSeconds(value[0]);
                return true;
            case 3:
                var (hours, minutes, seconds) = (SwappedBcd(value[0]), SwappedBcd(value[1]), SwappedBcd(value[2]));
                duration = new TimeSpan(hours, minutes, seconds);
                return hours >= 0 && minutes is >= 0 and < 60 && seconds is >= 0 and < 60;
            default:
                return false;
        }
    }

    /// <summary>When the message expires if the service centre took it at <paramref name="accepted"/>.</summary>
    public bool TryGetExpiry(DateTimeOffset accepted, out DateTimeOffset expiry)
    {
        expiry = accepted;
        if (Format == TpValidityPeriodFormat.Absolute) return AbsoluteTime.TryGetTime(out expiry);
        if (!TryGetDuration(out var duration)) return false;
        expiry = accepted + duration;
        return true;
    }

    /// <summary>The octets as on the wire.</summary>
    public byte[] Octets()
    {
        var octets = new byte[EncodedLength];
        Octets(octets);
        return octets;
    }

    internal static TpValidityPeriod Read(ref PduReader reader, TpValidityPeriodFormat format, string field) => format switch
    {
        TpValidityPeriodFormat.None     => default,
        TpValidityPeriodFormat.Relative => Relative(reader.Octet(field)),
        _                               => new TpValidityPeriod(format, Word(reader.Span(LongLength, field))),
    };

    internal void Write(ref PduWriter writer) => Octets(writer.Take(EncodedLength));

    private void Octets(Span<byte> destination)
    {
        for (var i = 0; i < EncodedLength; i++) destination[i] = (byte)(_octets >> (8 * i));
    }

    private static ulong Word(ReadOnlySpan<byte> octets)
    {
        var word = 0UL;
        for (var i = octets.Length - 1; i >= 0; i--) word = word << 8 | octets[i];
        return word;
    }

    private static TimeSpan RelativeDuration(byte value) => value switch
    {
        <= 143 => TimeSpan.FromMinutes(5 * (value + 1)),
        <= 167 => TimeSpan.FromMinutes(12 * 60 + 30 * (value - 143)),
        <= 196 => TimeSpan.FromDays(value - 166),
        _      => TimeSpan.FromDays(7 * (value - 192)),
    };

    private static int SwappedBcd(byte octet) => (octet & 0xF) > 9 || octet >> 4 > 9 ? -1 : 10 * (octet & 0xF) + (octet >> 4);
}
