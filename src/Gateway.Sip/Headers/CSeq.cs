namespace Gateway.Sip;

/// <summary>
/// RFC 3261 §20.16: <c>CSeq: 4711 MESSAGE</c>. The number is below 2**31 when we choose it and may be any 32 bits when received.
/// </summary>
public readonly record struct CSeq(uint Number, string Method) : IHeaderValue<CSeq>
{
    public static bool TryParse(ReadOnlySpan<byte> value, out CSeq result)
    {
        result = default;
        if (!TryScan(value, out var number, out var method)) return false;

        result = new CSeq(number, SipMethod.FromOctets(method));
        return true;
    }

    internal static bool TryScan(ReadOnlySpan<byte> value, out uint number, out ReadOnlySpan<byte> method)
    {
        method = default;
        var reader = new HeaderReader(value);
        reader.SkipLws();
        if (!reader.Number(out number, out var tooLarge) || tooLarge) return false;

        var before = reader.Rest.Length;
        reader.SkipLws();
        return reader.Rest.Length < before && reader.Token(out method) && reader.AtEnd();
    }

    public override string ToString() => $"{Number} {Method}";
}
