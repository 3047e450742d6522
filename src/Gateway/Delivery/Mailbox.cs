using Gateway.Routing;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// One recipient's queue. Policy:
/// <list type="bullet">
/// <item>Rows are the truth; this holds at most two times <see cref="PageSize"/> of them, the oldest, and reads on when they are done. When none of these
/// is ready (no contact takes them, say), those with the longest to wait are left to their rows, and hide nothing behind them.</item>
/// <item>By lane, and in each first in, first out; one segment is under way at a time, and the next leaves when the handset's RP report (VoLTE) or the SIP answer
/// (OTT) has been written down.</item>
/// <item>Who has no contact waits for one: a registration (<see cref="ContactsChanged"/>) sends at once. So does RP-SMMA for a full handset.</item>
/// <item>A failed try holds the recipient for the first step of the schedule and the message for its own step, so a message that always fails
/// does not block the ones behind it.</item>
/// <item>Validity is looked at last, just before the wire. An expired message is never sent and is always told of, also one that waits far behind
/// what is held here (<see cref="Expired"/>).</item>
/// <item>A conclusion and everything that tells of it are one transaction; a later conclusion of the same message changes nothing.</item>
/// <item>Before its first write or send it takes the mailbox in the store, and only its owner's plans are written (Mailbox.Own.cs).</item>
/// <item>It is reentrant, because a handset's report may come before the SIP answer; between two awaits it runs alone.</item>
/// </list>
/// </summary>
[Orleans.Concurrency.Reentrant, Orleans.Placement.PreferLocalPlacement] // the node that took the message has it at hand
public sealed partial class Mailbox(GatewayStore store, Channels channels, Receipts receipts, Router router, GatewaySettings settings,
    RetrySchedule schedule, LocalMailboxes local, AwaitedReports awaited, DeliveryMetrics metrics, TimeProvider time, ILogger<Mailbox> log) : Grain, IMailbox
{
    private const int PageSize = 200;
    private const int RememberedConclusions = 256;
    private const long UntilEvent = long.MaxValue;

    private readonly List<Waiting> _queue = [];
    // Ids that left the queue lately: a ring or a read that was under way meanwhile may still bring such a row.
    private readonly Queue<long> _concludedOrder = new();
    private readonly HashSet<long> _concluded = [];
    private List<KnownContact> _contacts = [];
    // What is stored up to here is in the queue, and behind it there is more. Not behind the last in the queue: whole pages may be a carrier's already.
    private bool _more;
    private QueuePosition _readTo;
    // Up to here everything has been in the queue since the last release: what is not in it any more is concluded, or waits for the time its row says.
    private QueuePosition _passed;
    // The first in order that was accepted and left out of the queue since the last read began.
    private QueuePosition? _leftOut;
    // Some are left to their rows (MakeRoom), and a release must read them again.
    private bool _setAside;
    private bool _pumping;
    // The first row that is stored and nobody told of; it is read before another one leaves, which may be behind it in order.
    private QueuePosition? _unheardOf;
    private long _holdUntil;
    // Registrations and RP-SMMAs so far: one that comes while an attempt fails must not be slept over.
    private int _events;
    private int _signsOfRoom;
    private bool _handsetFull;
    private int _contactReads;

    private string? _recipient;
    private string Recipient => _recipient ??= this.GetPrimaryKeyString();
    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public async Task Accepted(ShortMessageRow row)
    {
        if (_concluded.Contains(row.Id)) return;
        if (Find(row.Id) is null)
        {
            var position = QueuePosition.Of(row);
            // Into a full queue comes only what is before others of it, or would not be read any more.
            if (_queue.Count < PageSize && !_more || position <= _readTo || _queue is [.., var last] && QueuePosition.Of(last.Row) > position) Insert(new Waiting(row));
            else LeaveOut(position);
            Trim();
            // What waits for a slot is not on the air yet, and lets a message of a higher lane go before it.
            if (_inLine is { } line && row.Lane < line.Lane) line.Turn.Cancel();
            if (row.Lane == MessageLane.Otp && _writing is { } before) store.Writer.Hurry(before);
        }
        // It may be the part that another one waits for.
        if (row.HasUserDataHeader)
            foreach (var waiting in _queue.Where(waiting => waiting.Row.HasUserDataHeader && waiting.Row.Attempts == 0)) waiting.NotBefore = 0;
        if (_holdUntil > Now) await HoldAsync(row, _holdUntil);
        Pump();
    }

    public async Task ContactsChanged()
    {
        _events++;
        await LookAsync();
        var before = _contacts;
        await LoadContactsAsync(CancellationToken.None);
        var sameAsBefore = _contacts.Count == before.Count && _contacts.TrueForAll(contact => before.Exists(old => old.Row.Uri == contact.Row.Uri));
        // A full handset that is told of again is no emptier.
        if (_handsetFull && sameAsBefore && _holdUntil > Now) await HoldRowsAsync(_holdUntil);
        else
        {
            // The rows were released with the contact; but a hold of ours may have been written after that, by one who had not heard of it.
            if (_holdUntil > Now) await ReleaseRowsAsync(Now);
            Release();
        }
    }

    public async Task MemoryAvailable()
    {
        await LookAsync();
        await HandsetIsThereAsync();
    }

    private async Task HandsetIsThereAsync()
    {
        _events++;
        _signsOfRoom++;
        await ReleaseRowsAsync(Now);
        Release();
    }

    public async Task Wake(MessageLane lane, long[] due)
    {
        if (_pumping)
        {
            // A busy mailbox may not come to rest for hours, and what it was never told of must not wait so long.
            foreach (var id in due)
            {
                var position = new QueuePosition(lane, id);
                if (IsUnheardOf(position) && !(_unheardOf < position)) _unheardOf = position;
            }
            return;
        }
        if (due.Length > 0 && Array.TrueForAll(due, _concluded.Contains)) return; // they were on the air when the sweep looked
        // The rows are the truth: one that is due ends the hold here. (Its ring may have been lost, or this hold never written down.)
        if (_epoch == 0) _more = true; // read when the mailbox is taken
        else if (await LoadAsync(after: default, CancellationToken.None)) _holdUntil = 0;
        Pump();
    }

    /// <summary>Its ring was lost (with the node it was made on), or comes in a moment.</summary>
    private bool IsUnheardOf(QueuePosition position) =>
        Find(position.Id) is null && !_concluded.Contains(position.Id) && !(_more && position > _readTo);

    /// <summary>Whatever was waited for has come: every message has a fresh chance.</summary>
    private void Release()
    {
        foreach (var waiting in _queue) waiting.Release();
        (_holdUntil, _handsetFull, _absent) = (0, false, null);
        if (_setAside)
        {
            // They come before what is behind them, and all is read from the beginning on; also when a page is being read at this moment.
            _setAside = false;
            _leftOut = default(QueuePosition);
            ReadAgainFrom(default);
            _queue.RemoveAll(waiting => !_underWay.Contains(waiting));
        }
        Pump();
    }

    private async Task LoadContactsAsync(CancellationToken cancel)
    {
        var read = ++_contactReads;
        var contacts = await channels.ContactsAsync(Recipient, cancel);
        if (read == _contactReads) _contacts = contacts; // else a later read knows better
    }

    /// <returns>Something in it is due for another reason than its expiry.</returns>
    private async Task<bool> LoadAsync(QueuePosition after, CancellationToken cancel)
    {
        _leftOut = null;
        if (after < _unheardOf) _unheardOf = null;
        var rows = await store.DueMessages.WaitingForAsync(Recipient, after, PageSize, cancel);
        _more = rows.Count == PageSize;
        _readTo = rows.Count == 0 ? after : QueuePosition.Of(rows[^1]);
        var (now, passed) = (Now, _passed);
        if (after <= passed && _readTo > passed) _passed = _readTo;
        // One that came while this read was under way may not be in what it has seen, and those behind it must not pass it.
        if (_leftOut is { } position)
        {
            ReadAgainFrom(position);
            if (position <= after) return false; // the page is not the next one any more
        }
        foreach (var row in rows)
        {
            if (Find(row.Id) is { } queued)
            {
                if (row.DueAt < queued.NotBefore) queued.Release(row.DueAt.Value); // by one whose ring was lost
                if (row.SegmentsDone <= queued.Row.SegmentsDone || _underWay.Contains(queued)) continue;
                _queue.Remove(queued); // an earlier owner has written down what it had on the air
            }
            // Set aside before, and its time has not come.
            if (row.DueAt > now && QueuePosition.Of(row) <= passed) continue;
            if (Concerns(row)) Insert(new Waiting(row));
        }
        return rows.Exists(row => row.DueAt <= now && row.ExpiresAt > now);
    }

    /// <summary>What a carrier has is concluded by its receipt; it comes here only when its time is over.</summary>
    private bool Concerns(ShortMessageRow row) =>
        row.State == MessageState.HandedOver ? row.ExpiresAt <= Now : !_concluded.Contains(row.Id);

    private Waiting? Find(long id)
    {
        foreach (var waiting in _queue)
            if (waiting.Row.Id == id) return waiting;
        return null;
    }

    private void Insert(Waiting waiting)
    {
        var at = _queue.Count;
        while (at > 0 && QueuePosition.Of(_queue[at - 1].Row) > QueuePosition.Of(waiting.Row)) at--;
        _queue.Insert(at, waiting);
    }

    /// <summary>What came into the middle of a full queue pushes the last ones out; they are read again when their turn is near.</summary>
    private void Trim()
    {
        while (_queue.Count > 2 * PageSize && _queue.FindLast(waiting => !_underWay.Contains(waiting)) is { } last)
        {
            _queue.Remove(last);
            ReadAgainFrom(QueuePosition.Of(last.Row));
        }
    }

    /// <summary>It waits behind what is not read yet, and is read with it.</summary>
    private void LeaveOut(QueuePosition position)
    {
        _more = true;
        if (_leftOut is not { } first || position < first) _leftOut = position;
    }

    private void ReadAgainFrom(QueuePosition position)
    {
        var before = position == default ? position : position with { Id = position.Id - 1 };
        if (before < _readTo) _readTo = before;
        if (before < _passed) _passed = before;
        _more = true;
    }

    /// <summary>
    /// Nothing in a full queue is ready, and behind it may be what is: those with the longest to wait make room. Their rows say when they are due, so
    /// the sweep brings them back then, and a release before.
    /// </summary>
    /// <returns>There is room.</returns>
    private bool MakeRoom()
    {
        if (_queue.Count < 2 * PageSize) return true;
        var now = Now;
        var longest = _queue.Where(waiting => waiting.NotBefore > now && !_underWay.Contains(waiting)).OrderByDescending(waiting => waiting.NotBefore)
            .Take(PageSize).ToHashSet();
        _setAside |= _queue.RemoveAll(longest.Contains) > 0;
        return _queue.Count < 2 * PageSize;
    }

    /// <summary>The store knows more of it than memory: another one wrote it, or a commit that seemed to fail.</summary>
    private void ReadAgain(Waiting waiting)
    {
        if (_queue.Remove(waiting)) ReadAgainFrom(QueuePosition.Of(waiting.Row));
    }

    private void Remove(Waiting waiting)
    {
        _queue.Remove(waiting);
        if (!_concluded.Add(waiting.Row.Id)) return;
        _concludedOrder.Enqueue(waiting.Row.Id);
        if (_concludedOrder.Count > RememberedConclusions) _concluded.Remove(_concludedOrder.Dequeue());
    }

    /// <summary>The recipient cannot be served before <paramref name="until"/>; the rows say so too, so the sweep leaves them alone.</summary>
    private async Task HoldAsync(long until)
    {
        await HoldRowsAsync(until);
        if (_events == _eventsBefore) _holdUntil = until;
        else await ReleaseRowsAsync(Now); // a contact came meanwhile, and this write put its release back
    }

    /// <summary>The hold for one that came after it was written; the others have it, and with many of them it is dear.</summary>
    private async Task HoldAsync(ShortMessageRow accepted, long until)
    {
        var waiting = Find(accepted.Id) ?? new Waiting(accepted);
        var row = waiting.Row;
        if (row.Attempts > 0 || row.SegmentsDone > 0) return; // it was there when the hold was written
        var change = ChangeOf([waiting]);
        change.Progress.Add(new MessageProgress { Id = row.Id, State = MessageState.Waiting, DueAt = Math.Min(until, row.ExpiresAt) });
        await WritePlanAsync(change);
    }

    private async Task HoldRowsAsync(long until)
    {
        var change = NewChange();
        change.Reschedules.Add(Reschedule.Hold(Recipient, until));
        await WritePlanAsync(change);
    }

    /// <summary>Whoever owns the mailbox: it makes nothing but sure that somebody looks.</summary>
    private Task ReleaseRowsAsync(long now)
    {
        var change = new StoreChange { Urgent = true };
        change.Reschedules.Add(Reschedule.Release(Recipient, now));
        return store.Writer.WriteAsync(change, CancellationToken.None).AsTask();
    }

    [LoggerMessage(3021, LogLevel.Information, "Delivered {MessageId} segment {Segment} to {Recipient} by {Channel} on attempt {Attempt}")]
    private partial void LogDelivered(string messageId, int segment, string recipient, string channel, int attempt);

    [LoggerMessage(3022, LogLevel.Information, "{MessageId} to {Recipient}: {Reason}; {Next}")]
    private partial void LogAttempt(string messageId, string recipient, string reason, Next next);

    [LoggerMessage(3023, LogLevel.Error, "The mailbox of {Recipient} stopped at a fault and goes on with the next sweep")]
    private partial void LogFault(string recipient, Exception e);
}

/// <summary>A row in the queue and what only memory needs to know of it.</summary>
internal sealed class Waiting(ShortMessageRow row)
{
    private List<string>? _rejected;

    public ShortMessageRow Row => row;
    /// <summary>Unix milliseconds before which it is not tried again; 0: at once.</summary>
    public long NotBefore { get; set; } = row.Attempts > 0 && row.DueAt < row.ExpiresAt ? row.DueAt!.Value : 0;
    /// <summary>A text client can show it.</summary>
    public bool IsText => row.Content == ContentKind.Text
        || row.Content == ContentKind.UserData && new Sms.TpDataCodingScheme(row.DataCodingScheme).IsText;
    /// <summary>Only a text client knows what it is.</summary>
    public bool IsImdn => row.Content == ContentKind.Imdn;
    /// <summary>Null while no device has failed.</summary>
    public Round? Round { get; private set; }
    /// <summary>The attempt (of this segment) that a handset first answered with RP-ERROR.</summary>
    public byte? ErredAt { get; set; }
    /// <summary>The carrier of the last attempt, since it is in memory.</summary>
    public string? LastCarrier { get; private set; }
    /// <summary>They will not take this message.</summary>
    public IReadOnlyCollection<string> CarriersThatRejected => _rejected ?? [];

    public void TriedCarrier(string name, bool rejected)
    {
        LastCarrier = name;
        if (rejected) (_rejected ??= []).Add(name);
    }

    /// <summary>What was last written of it, if that was for a later time without an attempt.</summary>
    public (long Until, string Reason)? Deferred { get; set; }

    public void Release()
    {
        Release(notBefore: 0);
        Round = null;
    }

    public Round BeginRound() => Round ??= new();

    public void Release(long notBefore) => (NotBefore, Deferred) = (notBefore, null);
}
