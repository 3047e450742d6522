using System.Collections;
using System.Text;

namespace Gateway.Sip;

/// <summary>
/// One generic-param or uri-parameter. The value is without its quotes; <see cref="Quoted"/> says that it had, or must have, some.
/// </summary>
public readonly record struct SipParameter(string Name, string? Value = null, bool Quoted = false);

/// <summary>Parameters in their order; names are compared without case (RFC 3261 §7.3.1). Immutable.</summary>
public sealed class SipParameters : IReadOnlyList<SipParameter>, IEquatable<SipParameters>
{
    public static readonly SipParameters Empty = new([]);

    private readonly IReadOnlyList<SipParameter> _list;

    public SipParameters(IReadOnlyList<SipParameter> list) => _list = list;

    public int Count => _list.Count;

    public SipParameter this[int index] => _list[index];

    /// <summary>The value; null when the parameter is absent or has no value (<see cref="Contains"/> tells which).</summary>
    public string? this[string name] => IndexOf(name) is >= 0 and var i ? _list[i].Value : null;

    public bool Contains(string name) => IndexOf(name) >= 0;

    public bool TryGet(string name, out string? value)
    {
        var index = IndexOf(name);
        value = index < 0 ? null : _list[index].Value;
        return index >= 0;
    }

    public SipParameters With(string name, string? value = null, bool quoted = false)
    {
        var list = new List<SipParameter>(_list);
        var index = IndexOf(name);
        if (index < 0) list.Add(new SipParameter(name, value, quoted));
        else list[index] = new SipParameter(name, value, quoted);
        return new SipParameters(list);
    }

    public SipParameters Without(string name) => Contains(name)
        ? new SipParameters(_list.Where(p => !p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).ToArray())
        : this;

    public IEnumerator<SipParameter> GetEnumerator() => _list.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public bool Equals(SipParameters? other) => other is not null && _list.SequenceEqual(other._list);

    public override bool Equals(object? obj) => Equals(obj as SipParameters);

    public override int GetHashCode() => _list.Count == 0 ? 0 : HashCode.Combine(_list.Count, _list[0]);

    public override string ToString() => WriteTo(new StringBuilder()).ToString();

    /// <summary>As header parameters: <c>;name=value;name="quoted"</c>.</summary>
    internal StringBuilder WriteTo(StringBuilder text)
    {
        foreach (var (name, value, quoted) in _list)
        {
            text.Append(';').Append(name);
            if (value is null) continue;

            text.Append('=');
            if (quoted || value.Length == 0 || !IsUnquotedValue(value)) QuotedText.Append(text, value);
            else text.Append(value);
        }

        return text;
    }

    private int IndexOf(string name)
    {
        for (var i = 0; i < _list.Count; i++)
        {
            if (_list[i].Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return i;
        }

        return -1;
    }

    private static bool IsUnquotedValue(string value)
    {
        foreach (var c in value)
        {
            if (c > 127 || !SipGrammar.ParameterValue.Contains((byte)c)) return false;
        }

        return true;
    }
}
