using System.Collections;

namespace Gateway.Store;

/// <summary>
/// A list that nearly always holds one item or none, and needs no object for that: it is the item itself, and becomes a list with the second one.
/// Whoever owns it adds to it in place; a copy is for reading.
/// </summary>
public struct Few<T> : IReadOnlyList<T> where T : class
{
    // A T, a List<T>, or null.
    private object? _items;

    public Few(T item) => _items = item;

    public readonly int Count => _items is null ? 0 : _items is List<T> many ? many.Count : 1;

    public readonly T this[int index] =>
        _items is List<T> many ? many[index] : index == 0 && _items is T one ? one : throw new ArgumentOutOfRangeException(nameof(index));

    public void Add(T item)
    {
        if (_items is List<T> many) many.Add(item);
        else _items = _items is T one ? new List<T>(4) { one, item } : item;
    }

    public void AddRange(IEnumerable<T> items)
    {
        foreach (var item in items) Add(item);
    }

    public readonly bool Contains(T item) => _items is List<T> many ? many.Contains(item) : _items is T one && EqualityComparer<T>.Default.Equals(one, item);

    public readonly bool TrueForAll(Predicate<T> condition) => _items is List<T> many ? many.TrueForAll(condition) : _items is not T one || condition(one);

    public readonly void AddTo(List<T> others)
    {
        if (_items is List<T> many) others.AddRange(many);
        else if (_items is T one) others.Add(one);
    }

    public readonly Enumerator GetEnumerator() => new(this);
    readonly IEnumerator<T> IEnumerable<T>.GetEnumerator() => GetEnumerator();
    readonly IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public struct Enumerator(Few<T> few) : IEnumerator<T>
    {
        private readonly Few<T> _few = few;
        private int _index = -1;

        public readonly T Current => _few[_index];
        readonly object IEnumerator.Current => Current;

        public bool MoveNext() => ++_index < _few.Count;
        public void Reset() => _index = -1;
        public readonly void Dispose() { }
    }
}
