namespace Gateway.Sip.Transactions;

/// <summary>A transaction as <see cref="TransactionTable{T}"/> keeps it.</summary>
internal abstract class Transaction<T>(in TransactionKey key) : WheelTimer
    where T : Transaction<T>
{
    public TransactionKey Key { get; } = key;

    /// <summary>The table's.</summary>
    internal T? NextInChain;
}

/// <summary>
/// Transactions by their keys, in chains of which they are the links themselves: tens of thousands a second come and go, hundreds of thousands stay
/// for half a minute, and an entry for each would be as much again for the collector. Keys are random to everybody else, so nobody can make a chain long.
/// </summary>
internal sealed class TransactionTable<T>(int capacity)
    where T : Transaction<T>
{
    private const int FirstChains = 256;

    private readonly Lock _lock = new();
    private T?[] _chains = new T?[FirstChains];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool IsFull => Count >= capacity;

    public T? Find(in TransactionKey key)
    {
        lock (_lock)
            return FindLocked(key);
    }

    /// <summary>False when the table is full.</summary>
    public bool TryAdd(T transaction)
    {
        lock (_lock)
        {
            if (_count >= capacity)
                return false;
            Link(transaction);
            return true;
        }
    }

    /// <summary>The one that has the key already, else the given one, which has it from now on.</summary>
    public T FindOrAdd(T transaction)
    {
        lock (_lock)
        {
            if (FindLocked(transaction.Key) is { } known)
                return known;
            Link(transaction);
            return transaction;
        }
    }

    public void Remove(T transaction)
    {
        lock (_lock)
        {
            ref var link = ref ChainOf(transaction.Key);
            while (link is { } linked)
            {
                if (ReferenceEquals(linked, transaction))
                {
                    link = transaction.NextInChain;
                    transaction.NextInChain = null;
                    _count--;
                    return;
                }

                link = ref linked.NextInChain;
            }
        }
    }

    /// <summary>All there are now.</summary>
    public List<T> ToList()
    {
        lock (_lock)
        {
            var all = new List<T>(_count);
            foreach (var first in _chains)
            {
                for (var transaction = first; transaction is not null; transaction = transaction.NextInChain)
                    all.Add(transaction);
            }

            return all;
        }
    }

    private ref T? ChainOf(in TransactionKey key) => ref _chains[(int)((uint)key.GetHashCode() % (uint)_chains.Length)];

    private T? FindLocked(in TransactionKey key)
    {
        for (var transaction = ChainOf(key); transaction is not null; transaction = transaction.NextInChain)
        {
            if (transaction.Key == key)
                return transaction;
        }

        return null;
    }

    private void Link(T transaction)
    {
        if (_count == _chains.Length)
            Grow();
        ref var chain = ref ChainOf(transaction.Key);
        transaction.NextInChain = chain;
        chain = transaction;
        _count++;
    }

    private void Grow()
    {
        var old = _chains;
        _chains = new T?[2 * old.Length];
        foreach (var first in old)
        {
            for (var transaction = first; transaction is not null;)
            {
                var next = transaction.NextInChain;
                ref var chain = ref ChainOf(transaction.Key);
                transaction.NextInChain = chain;
                chain = transaction;
                transaction = next;
            }
        }
    }
}
