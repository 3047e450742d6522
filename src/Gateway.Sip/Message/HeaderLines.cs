namespace Gateway.Sip;

/// <summary>
/// Goes through the header lines of a message head, folded ones as one (RFC 3261 §7.3.1). Stops at the empty line, at the end, or at a
/// fault.
/// </summary>
internal ref struct HeaderLines(ReadOnlySpan<byte> octets, int position)
{
    private readonly ReadOnlySpan<byte> _octets = octets;

    /// <summary>Behind the last line read; behind the empty line at the end.</summary>
    public int Position { get; private set; } = position;

    /// <summary>The empty line was met.</summary>
    public bool Finished { get; private set; }

    /// <summary>The line at <see cref="LineStart"/> has a stray CR or LF, or no header name.</summary>
    public bool Faulty { get; private set; }

    public int LineStart { get; private set; }

    public int NameLength { get; private set; }

    public int ValueStart { get; private set; }

    public int ValueLength { get; private set; }

    public bool Folded { get; private set; }

    public readonly ReadOnlySpan<byte> Name => _octets.Slice(LineStart, NameLength);

    public readonly ReadOnlySpan<byte> Value => _octets.Slice(ValueStart, ValueLength);

    /// <summary>One line, CRLF excluded, beginning at <paramref name="position"/>; false without a proper line end.</summary>
    public static bool TryLine(ReadOnlySpan<byte> octets, int position, out int length)
    {
        length = octets[position..].IndexOfAny((byte)'\r', (byte)'\n');
        var end = position + length;
        return length >= 0 && octets[end] == '\r' && end + 1 < octets.Length && octets[end + 1] == '\n';
    }

    public bool MoveNext()
    {
        Folded = false;
        NameLength = 0;
        LineStart = Position;
        if (Position >= _octets.Length) return false;
        if (!TryLine(_octets, Position, out var length))
        {
            Faulty = length >= 0;
            return false;
        }

        if (length == 0)
        {
            Position += 2;
            Finished = true;
            return false;
        }

        var colon = _octets.Slice(LineStart, length).IndexOf((byte)':');
        while (IsFold(LineStart + length + 2))
        {
            Folded = true;
            if (!TryLine(_octets, LineStart + length + 2, out var more))
            {
                Faulty = true;
                return false;
            }

            length += 2 + more;
        }

        Position = LineStart + length + 2;
        Split(colon, length);
        return true;
    }

    private readonly bool IsFold(int position) => position < _octets.Length && _octets[position] is (byte)' ' or (byte)'\t';

    private void Split(int colon, int length)
    {
        if (colon <= 0)
        {
            Faulty = true;
            colon = 0;
        }

        var nameEnd = LineStart + colon;
        while (nameEnd > LineStart && _octets[nameEnd - 1] is (byte)' ' or (byte)'\t') nameEnd--;
        NameLength = nameEnd - LineStart;

        var start = LineStart + colon + (Faulty ? 0 : 1);
        var end = LineStart + length;
        while (start < end && IsLws(_octets[start])) start++;
        while (end > start && IsLws(_octets[end - 1])) end--;
        ValueStart = start;
        ValueLength = end - start;
    }

    private static bool IsLws(byte octet) => octet is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
