namespace Gateway.Sip;

/// <summary>Where one header field stands in its buffer: 12 octets a field.</summary>
internal readonly struct HeaderField
{
    public readonly int ValueStart;
    public readonly int ValueLength;
    private readonly ushort _nameDistance;
    public readonly HeaderName Name;
    private readonly byte _flags;

    /// <param name="nameStart">At most <see cref="LongestName"/> before the value, if <paramref name="name"/> does not say it all.</param>
    public HeaderField(HeaderName name, int nameStart, int valueStart, int valueLength, bool added, bool folded)
    {
        Name = name;
        ValueStart = valueStart;
        ValueLength = valueLength;
        _nameDistance = name == HeaderName.Other ? checked((ushort)(valueStart - nameStart)) : (ushort)0;
        _flags = (byte)((added ? 1 : 0) | (folded ? 2 : 0));
    }

    /// <summary>With whatever separates it from its value.</summary>
    public const int LongestName = ushort.MaxValue;

    /// <summary>Of a header without a known name: from its name, as it was written, to its value.</summary>
    public Range NamePart => (ValueStart - _nameDistance)..ValueStart;

    /// <summary>In the buffer of added fields, not in the received one.</summary>
    public bool Added => (_flags & 1) != 0;

    /// <summary>The value goes over several lines.</summary>
    public bool Folded => (_flags & 2) != 0;

    /// <summary>The same in a buffer that is the received one to others.</summary>
    public HeaderField AsReceived() => new(Name, ValueStart - _nameDistance, ValueStart, ValueLength, added: false, Folded);
}
