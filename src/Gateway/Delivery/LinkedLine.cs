namespace Gateway.Delivery;

/// <summary>What stands in one <see cref="LinkedLine{T}"/> at most, and carries its place there itself.</summary>
public abstract class Linked<T> where T : Linked<T>
{
    private protected Linked() { }

    internal T? Before { get; set; }
    internal T? Behind { get; set; }
    internal bool InLine { get; set; }
}

/// <summary>First come, first served, and anybody may leave from the middle. Who stands in it needs no object for that.</summary>
internal sealed class LinkedLine<T> where T : Linked<T>
{
    private T? _last;

    public T? First { get; private set; }
    public int Count { get; private set; }

    public void Add(T item)
    {
        item.InLine = true;
        item.Before = _last;
        if (_last is null) First = item;
        else _last.Behind = item;
        _last = item;
        Count++;
    }

    /// <summary>False when it does not stand in line.</summary>
    public bool Remove(T item)
    {
        if (!item.InLine) return false;
        if (item.Before is null) First = item.Behind;
        else item.Before.Behind = item.Behind;
        if (item.Behind is null) _last = item.Before;
        else item.Behind.Before = item.Before;
        (item.Before, item.Behind, item.InLine) = (null, null, false);
        Count--;
        return true;
    }
}
