namespace Gateway.Sms;

/// <summary>Writes fields in the order of the specification. A destination that is too small is a programmer's error and throws.</summary>
internal ref struct PduWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Written { get; private set; }

    public void Octet(byte value) => _destination[Written++] = value;

    public void Octets(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(_destination[Written..]);
        Written += octets.Length;
    }

    /// <summary>The next <paramref name="count"/> octets, for a field that writes itself.</summary>
    public Span<byte> Take(int count)
    {
        Written += count;
        return _destination.Slice(Written - count, count);
    }

    public readonly Span<byte> Rest => _destination[Written..];

    public void Advance(int count) => Written += count;
}
