namespace Gateway.Sip;

/// <summary>Where one header field stands in its buffer: 16 octets a field.</summary>
internal readonly struct HeaderField
{
    public readonly int NameStart;
    public readonly int ValueStart;
    public readonly int ValueLength;
    public readonly ushort NameLength;
    public readonly HeaderName Name;
    private readonly byte _flags;

    public HeaderField(HeaderName name, int nameStart, ushort nameLength, int valueStart, int valueLength, bool added, bool folded)
    {
        Name = name;
        NameStart = nameStart;
        NameLength = nameLength;
        ValueStart = valueStart;
        ValueLength = valueLength;
        _flags = (byte)((added ? 1 : 0) | (folded ? 2 : 0));
    }

    /// <summary>In the buffer of added fields, not in the received one.</summary>
    public bool Added => (_flags & 1) != 0;

    /// <summary>The value goes over several lines.</summary>
    public bool Folded => (_flags & 2) != 0;
}
