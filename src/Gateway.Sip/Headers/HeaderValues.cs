namespace Gateway.Sip;

/// <summary>
/// Enumerates the octets of every value of one header name, splitting lists at their commas (not those inside quotes or angle brackets).
/// </summary>
public ref struct HeaderValues
{
    private readonly SipHeaders _headers;
    private readonly HeaderName _name;
    private ReadOnlySpan<byte> _rest;
    private int _index;
    private bool _inField;

    internal HeaderValues(SipHeaders headers, HeaderName name)
    {
        _headers = headers;
        _name = name;
        _index = -1;
    }

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly HeaderValues GetEnumerator() => this;

    public bool MoveNext()
    {
        while (_inField || NextField())
        {
            if (!HeaderNames.IsList(_name))
            {
                Current = _rest;
                _inField = false;
                return true;
            }

            var comma = CommaOf(_rest);
            _inField = comma >= 0;
            Current = (_inField ? _rest[..comma] : _rest).Trim(" \t\r\n"u8);
            if (_inField) _rest = _rest[(comma + 1)..];

            // An empty Supported or Accept is a list without elements.
            if (!Current.IsEmpty) return true;
        }

        return false;
    }

    private bool NextField()
    {
        _index = _headers.IndexOf(_name, _index + 1);
        _inField = _index >= 0;
        if (_inField) _rest = _headers.Raw(_index);
        else _index = _headers.Count;
        return _inField;
    }

    /// <summary>The first comma that separates values, or -1.</summary>
    internal static int CommaOf(ReadOnlySpan<byte> value)
    {
        // The usual value has no comma at all.
        if (value.IndexOf((byte)',') < 0) return -1;

        var quoted = false;
        var angle = false;
        for (var i = 0; i < value.Length; i++)
        {
            switch (value[i])
            {
                case (byte)'\\' when quoted: i++; break;
                case (byte)'"' when !angle: quoted = !quoted; break;
                case (byte)'<' when !quoted: angle = true; break;
                case (byte)'>' when !quoted: angle = false; break;
                case (byte)',' when !quoted && !angle: return i;
            }
        }

        return -1;
    }
}
