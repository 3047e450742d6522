namespace Gateway.Handset;

/// <summary>The last so many of something, to recognise what comes again. Safe for several threads.</summary>
internal sealed class Recent<T>(int capacity)
    where T : notnull
{
    private readonly Lock _lock = new();
    private readonly HashSet<T> _items = [];
    private readonly Queue<T> _inOrder = [];

    /// <summary>False if it is there already.</summary>
    public bool Add(T item)
    {
        lock (_lock)
        {
            if (!_items.Add(item)) return false;
            _inOrder.Enqueue(item);
            if (_inOrder.Count > capacity) _items.Remove(_inOrder.Dequeue());
            return true;
        }
    }

    public bool Contains(T item)
    {
        lock (_lock)
            return _items.Contains(item);
    }
}
