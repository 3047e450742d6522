using System.Collections.Concurrent;

namespace Gateway.Delivery;

/// <summary>
/// The mailboxes that live on this node. What comes with every message, a ring and the handset's report, reaches them directly: two grain calls, with
/// their messages, callbacks and look-ups, were an eighth of what a message cost. Nothing depends on an entry being here; the grain call always works.
/// </summary>
public sealed class LocalMailboxes
{
    private readonly ConcurrentDictionary<string, Mailbox> _alive = new(StringComparer.Ordinal);
    private readonly Lock _changing = new();
    private int _count;

    /// <summary>
    /// One takes 4 to 5 KiB, and in the two minutes for which it waits for more, hundreds of thousands of recipients may have their turn: beyond so many, who
    /// has nothing to do leaves at once.
    /// </summary>
    internal int Most { get; init; } = 50_000;

    internal bool IsCrowded => Volatile.Read(ref _count) > Most;

    internal Mailbox? Find(string recipient) => _alive.GetValueOrDefault(recipient);

    internal void Add(string recipient, Mailbox mailbox)
    {
        lock (_changing)
        {
            if (!_alive.ContainsKey(recipient)) _count++;
            _alive[recipient] = mailbox;
        }
    }

    /// <summary>A later activation on this node stays.</summary>
    internal void Remove(string recipient, Mailbox mailbox)
    {
        lock (_changing)
        {
            if (_alive.TryRemove(KeyValuePair.Create(recipient, mailbox))) _count--;
        }
    }
}
