using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.Sip;

/// <summary>
/// Reads the elements of one header value from left to right (RFC 3261 §25.1). A fold counts as white space wherever LWS may stand.
/// </summary>
internal ref struct HeaderReader(ReadOnlySpan<byte> value)
{
    private ReadOnlySpan<byte> _rest = value;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public void SkipLws()
    {
        // Most values are asked for white space where there is none.
        if (_rest.IsEmpty || _rest[0] > ' ') return;

        var length = _rest.IndexOfAnyExcept(SipGrammar.Lws);
        _rest = length < 0 ? default : _rest[length..];
    }

    /// <summary>White space and nothing more.</summary>
    public bool AtEnd()
    {
        SkipLws();
        return _rest.IsEmpty;
    }

    public readonly bool Next(byte octet) => !_rest.IsEmpty && _rest[0] == octet;

    /// <summary>One separator with the white space around it (SLASH, SEMI, EQUAL…).</summary>
    public bool Separator(byte octet)
    {
        SkipLws();
        if (_rest.IsEmpty || _rest[0] != octet) return false;

        _rest = _rest[1..];
        SkipLws();
        return true;
    }

    public bool Run(SearchValues<byte> octets, out ReadOnlySpan<byte> run)
    {
        var length = _rest.IndexOfAnyExcept(octets);
        if (length < 0) length = _rest.Length;
        run = _rest[..length];
        _rest = _rest[length..];
        return length > 0;
    }

    public bool Token(out ReadOnlySpan<byte> token) => Run(SipGrammar.Token, out token);

    public void Take(int length, out ReadOnlySpan<byte> taken)
    {
        taken = _rest[..length];
        _rest = _rest[length..];
    }

    /// <summary>What stands between the quotes, quoted pairs still in place.</summary>
    public bool QuotedString(out ReadOnlySpan<byte> inner)
    {
        inner = default;
        if (!Next((byte)'"')) return false;

        for (var at = 1; ;)
        {
            var step = _rest[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (step < 0) return false;

            at += step;
            if (_rest[at] == '"')
            {
                inner = _rest[1..at];
                _rest = _rest[(at + 1)..];
                return true;
            }

            at += 2;
            if (at > _rest.Length) return false;
        }
    }

    /// <summary>A decimal number; <paramref name="tooLarge"/> when it is one, but beyond 32 bits.</summary>
    public bool Number(out uint number, out bool tooLarge)
    {
        number = 0;
        tooLarge = false;
        if (!Run(SipGrammar.Digits, out var digits)) return false;

        digits = digits.TrimStart((byte)'0');
        if (digits.IsEmpty) return true;

        tooLarge = digits.Length > 10 || !uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        if (tooLarge) number = uint.MaxValue;
        return true;
    }

    /// <summary>host of a hostport: a name, an IPv4 address or an IPv6 address in brackets (which stay).</summary>
    public bool Host(out ReadOnlySpan<byte> host)
    {
        if (!Next((byte)'[')) return Run(SipGrammar.Host, out host);

        var end = _rest.IndexOf((byte)']');
        if (end < 3 || _rest[1..end].ContainsAnyExcept(SipGrammar.Ipv6) || _rest[1..end].IndexOf((byte)':') < 0)
        {
            host = default;
            return false;
        }

        Take(end + 1, out host);
        return true;
    }

    /// <summary>[ COLON port ]; true when there is none.</summary>
    public bool OptionalPort(out ushort? port)
    {
        port = null;
        SkipLws();
        if (!Separator((byte)':')) return true;
        if (!Number(out var number, out _) || number > ushort.MaxValue) return false;

        port = (ushort)number;
        return true;
    }

    /// <summary>The next *( SEMI generic-param ); false at the end as well as at a fault: see <see cref="Rest"/>.</summary>
    public bool Parameter(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value, out bool quoted)
    {
        value = default;
        quoted = false;
        var start = _rest;
        if (Separator((byte)';') && Token(out name))
        {
            // Only an '=' makes a value; without one the white space that follows belongs to whoever reads on.
            if (!Separator((byte)'=')) return true;

            quoted = Next((byte)'"');
            if (quoted ? QuotedString(out value) : Run(SipGrammar.ParameterValue, out value)) return true;
        }

        name = default;
        _rest = start;
        return false;
    }

    /// <summary>Passes over all parameters; false unless they end where the value ends.</summary>
    public bool OnlyParametersFollow()
    {
        while (Parameter(out _, out _, out _))
        {
        }

        return AtEnd();
    }

    /// <summary>All remaining parameters; false unless they end where the value ends.</summary>
    public bool Parameters(out SipParameters parameters)
    {
        List<SipParameter>? list = null;
        while (Parameter(out var name, out var value, out var quoted))
        {
            var hasValue = quoted || !value.IsEmpty;
            (list ??= []).Add(new SipParameter(ParameterName(name), hasValue ? (quoted ? Unquote(value) : Text(value)) : null, quoted));
        }

        parameters = list is null ? SipParameters.Empty : new SipParameters(list);
        return AtEnd();
    }

    public static string Text(ReadOnlySpan<byte> octets) => Encoding.UTF8.GetString(octets);

    /// <summary>The text of a quoted string: quoted pairs undone, a fold read as one space.</summary>
    public static string Unquote(ReadOnlySpan<byte> inner)
    {
        if (inner.IndexOfAny((byte)'\\', (byte)'\r', (byte)'\n') < 0) return Text(inner);

        var text = new ArrayBufferWriter<byte>(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            var octet = inner[i];
            if (octet == '\\' && i + 1 < inner.Length && inner[i + 1] is not ((byte)'\r' or (byte)'\n'))
            {
                text.Write(inner.Slice(++i, 1));
            }
            else if (octet is (byte)'\r' or (byte)'\n')
            {
                while (i + 1 < inner.Length && inner[i + 1] is (byte)'\r' or (byte)'\n' or (byte)' ' or (byte)'\t') i++;
                text.Write(" "u8);
            }
            else
            {
                text.Write(inner.Slice(i, 1));
            }
        }

        return Text(text.WrittenSpan);
    }

    private static string ParameterName(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<string> common = ["tag", "branch", "rport", "received", "expires", "q", FeatureTags.SmsOverIp, "+sip.instance"];
        foreach (var known in common)
        {
            if (Ascii.Equals(name, known)) return known;
        }

        return Text(name);
    }
}
