using System.Collections.Concurrent;

namespace Gateway.Delivery;

/// <summary>
/// The mailboxes that live on this node. What comes with every message, a ring and the handset's report, reaches them directly: two grain calls, with
/// their messages, callbacks and look-ups, were an eighth of what a message cost. Nothing depends on an entry being here; the grain call always works.
/// </summary>
public sealed class LocalMailboxes
{
    private readonly ConcurrentDictionary<string, Mailbox> _alive = new(StringComparer.Ordinal);

    internal Mailbox? Find(string recipient) => _alive.GetValueOrDefault(recipient);

    internal void Add(string recipient, Mailbox mailbox) => _alive[recipient] = mailbox;

    /// <summary>A later activation on this node stays.</summary>
    internal void Remove(string recipient, Mailbox mailbox) => _alive.TryRemove(KeyValuePair.Create(recipient, mailbox));
}
