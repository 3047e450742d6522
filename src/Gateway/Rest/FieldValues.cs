using System.Diagnostics.CodeAnalysis;

namespace Gateway.Rest;

/// <summary>
/// Names and values in the order they came; of a name that comes twice the first counts. Most requests have a handful, which are looked through faster
/// than hashed; as soon as there are more they are hashed, so that a request with thousands costs no more than its octets.
/// </summary>
internal struct FieldValues
{
    internal const int MostLookedThrough = 16;

    private KeyValuePair<string, string>[]? _few;
    private int _count;
    private Dictionary<string, string>? _many;

    /// <summary>Makes room for so many at once, if there are none yet.</summary>
    public void Expect(int count) => _few ??= new KeyValuePair<string, string>[Math.Min(count, MostLookedThrough)];

    public readonly bool TryGetValue(string name, [MaybeNullWhen(false)] out string value)
    {
        if (_many is not null) return _many.TryGetValue(name, out value);
        for (var i = 0; i < _count; i++)
        {
            if (_few![i].Key != name) continue;
            value = _few[i].Value;
            return true;
        }
        value = null;
        return false;
    }

    public void TryAdd(string name, string value)
    {
        if (_many is null && _count == MostLookedThrough) _many = new(_few!, StringComparer.Ordinal);
        if (_many is not null)
        {
            _many.TryAdd(name, value);
            return;
        }
        if (TryGetValue(name, out _)) return;
        Expect(MostLookedThrough / 2);
        if (_count == _few!.Length) Array.Resize(ref _few, Math.Min(2 * _count, MostLookedThrough));
        _few[_count++] = KeyValuePair.Create(name, value);
    }

    public readonly IEnumerator<KeyValuePair<string, string>> GetEnumerator() =>
        _many is not null ? _many.GetEnumerator() : ((IEnumerable<KeyValuePair<string, string>>)new ArraySegment<KeyValuePair<string, string>>(_few ?? [], 0, _count)).GetEnumerator();
}
