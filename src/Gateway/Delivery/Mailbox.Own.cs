using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// Who may plan for this recipient. The cluster has one activation of a mailbox, save for moments: its directory may lose one that lives, when
/// a node dies, and a node may not know yet that the others think it dead. So the store decides:
/// <list type="bullet">
/// <item>An activation takes the mailbox by raising its epoch, once, before its first write or send, and reads the rows after that. One that
/// only looks, and finds nothing to do, takes nothing.</item>
/// <item>Its plans (retries, holds, expiries, failures) are written only while that epoch stands. What has happened on the air is written in
/// any case; a conclusion applies once, so that costs nobody a second receipt.</item>
/// <item>A write that finds the epoch lost is the last thing an activation does: it leaves memory, and the owner's rows decide. One that the
/// cluster sends away (with a node dies a part of the directory, and the activations in it) finishes the attempt under way and begins no other.</item>
/// <item>Before the wire the epoch must have been seen held within the last second. So the window in which two activations may send the same
/// message is that second and the SIP transaction under way in it. A single node has no other that could take its mailboxes, and asks once.</item>
/// </list>
/// </summary>
public sealed partial class Mailbox
{
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(1);

    private readonly bool _alone = settings.Cluster.IsSingle;
    private Task? _taking;
    private bool _looked;
    private bool _lost;
    private bool _leaving;
    private long _epoch;
    private long _heldAt;
    // The plan that is being written now, for which the next message waits.
    private StoreChange? _writing;

    /// <summary>Reads what waits, if nothing has been read yet.</summary>
    private async Task LookAsync()
    {
        if (_looked) return;
        await LoadAsync(after: default, CancellationToken.None);
        _looked = true;
    }

    /// <summary>Takes the mailbox if that has not been done. False: it is another activation's by now.</summary>
    private async Task<bool> OwnAsync()
    {
        if (_epoch == 0)
        {
            var taking = _taking ??= TakeAsync();
            try
            {
                await taking;
            }
            finally
            {
                if (_taking == taking) _taking = null; // after a fault, also one before its first wait, the next one tries again
            }
        }
        return !_lost && !_leaving;
    }

    /// <summary>The same, and no longer ago than the trust lasts: the last thing before the wire.</summary>
    private async Task<bool> OwnForSureAsync()
    {
        if (!await OwnAsync()) return false;
        if (_alone || time.GetElapsedTime(_heldAt) < Trust) return true;
        return await WritePlanAsync(NewChange());
    }

    private async Task TakeAsync()
    {
        var take = new MailboxTake(Recipient, Now);
        var change = new StoreChange { Urgent = true };
        change.Takes.Add(take);
        var started = time.GetTimestamp();
        await store.Writer.WriteAsync(change, CancellationToken.None);
        // What was read before may be what an earlier owner has changed since.
        _queue.Clear();
        _passed = default;
        await LoadAsync(after: default, CancellationToken.None);
        (_looked, _epoch, _heldAt) = (true, take.Epoch, started);
    }

    /// <summary>A change that only the owner can make.</summary>
    private StoreChange NewChange(bool urgent = false) => new() { Mailbox = new MailboxEpoch(Recipient, _epoch), Urgent = urgent };

    /// <summary>False: the mailbox is lost, and the plan was not written.</summary>
    private async Task<bool> WritePlanAsync(StoreChange change)
    {
        var started = time.GetTimestamp();
        _writing = change;
        try
        {
            await store.Writer.WriteAsync(change, CancellationToken.None);
        }
        finally
        {
            if (_writing == change) _writing = null;
        }
        return IsHeld(change, started);
    }

    /// <summary>After the write of a plan: the mailbox is still held, or this was its last act.</summary>
    private bool IsHeld(StoreChange change, long started)
    {
        if (change.Held) _heldAt = started;
        else if (!_lost) Leave();
        return change.Held;
    }

    private void Leave()
    {
        _lost = true;
        local.Remove(Recipient, this);
        _queue.Clear();
        _more = false;
        LogLost(Recipient, _epoch);
        if (!_leaving) DeactivateOnIdle(); // one that leaves may not speak to its runtime any more
    }

    [LoggerMessage(3024, LogLevel.Warning, "The mailbox of {Recipient}, taken at {Epoch}, is served elsewhere by now; this activation ends")]
    private partial void LogLost(string recipient, long epoch);
}
