namespace Gateway.Sms;

/// <summary>
/// Reads fields in the order of the specification and owns the offset. The first fault sticks: after it every read answers zero or
/// nothing, so a decoder is straight-line code that asks <see cref="Finished"/> once at its end.
/// </summary>
internal ref struct PduReader(ReadOnlyMemory<byte> pdu)
{
    private readonly ReadOnlyMemory<byte> _pdu = pdu;
    private readonly ReadOnlySpan<byte> _octets = pdu.Span;
    private PduError _error;

    public int Offset { get; private set; }
    public readonly int Remaining => _octets.Length - Offset;
    public readonly bool Failed => _error.Fault != PduFault.None;

    public byte Octet(string field)
    {
        if (Failed) return 0;
        if (Offset < _octets.Length) return _octets[Offset++];
        Fail(PduFault.Truncated, field, Offset);
        return 0;
    }

    public ReadOnlySpan<byte> Span(int count, string field)
    {
        if (!Has(count, field)) return default;
        Offset += count;
        return _octets.Slice(Offset - count, count);
    }

    public ReadOnlyMemory<byte> Memory(int count, string field)
    {
        if (!Has(count, field)) return default;
        Offset += count;
        return _pdu.Slice(Offset - count, count);
    }

    public void Fail(PduFault fault, string field, int offset)
    {
        if (!Failed) _error = new PduError(fault, field, offset);
    }

    public readonly bool Finished(out PduError error)
    {
        error = _error;
        return !Failed;
    }

    /// <summary>Octets missing are reported where they would begin to be missing: at the end of what is there.</summary>
    private bool Has(int count, string field)
    {
        if (Failed) return false;
        if (count <= Remaining) return true;
        Fail(PduFault.Truncated, field, _octets.Length);
        return false;
    }
}
