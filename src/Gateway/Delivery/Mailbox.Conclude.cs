using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Delivery;

/// <summary>Writing down what an attempt came to, and reports that come when nobody waits for them any more.</summary>
public sealed partial class Mailbox
{
    private const int AllSegments = byte.MaxValue;
    /// <summary>What is kept of a carrier that tells ever new things of one message.</summary>
    private const int MaxLateReceipts = 255;

    // One carrier receipt after the other: each adds its part to what is stored of the others.
    private readonly SemaphoreSlim _receipts = new(1);

    public async Task<bool> Report(HandsetReport report)
    {
        if (_flight is { } flight && flight.IsOf(report))
        {
            flight.TryTell(report);
            return true;
        }
        var segmentId = report.SegmentId ?? _references.SegmentOf(report.MessageReference);
        if (segmentId == 0) return false;
        await LookAsync();
        if (_queue.Count > 0) await OwnAsync();
        if (_lost) throw Elsewhere();
        if (_queue.Find(waiting => segmentId - waiting.Row.Id is >= 0 and var index && index < waiting.Row.SegmentCount) is not { } late)
            return await store.DueMessages.FindAsync(segmentId, CancellationToken.None) is { } row && row.Recipient == Recipient;
        // After our time-out the handset's network may still have delivered: a late RP-ACK is a delivery; a late RP-ERROR changes no plan.
        if (report.Cause is null && segmentId - late.Row.Id == late.Row.SegmentsDone)
        {
            await ConcludeAsync(late, NewAttempt(late.Row, "volte", "late report", Now), Verdict.OfReport(report, erredBefore: false), segments: 1);
            await HandsetIsThereAsync(); // what is behind it need not wait for the schedule
        }
        return true;
    }

    public async Task<bool> CarrierReceipt(CarrierReceipt receipt)
    {
        await _receipts.WaitAsync();
        try
        {
            return await RecordAsync(receipt);
        }
        finally
        {
            _receipts.Release();
        }
    }

    private async Task<bool> RecordAsync(CarrierReceipt receipt)
    {
        if (!await OwnAsync()) throw Elsewhere();
        if (await store.DueMessages.FindAsync(receipt.MessageId, CancellationToken.None) is not { } row || row.Recipient != Recipient) return false;
        if (row.State == MessageState.Expired) return await RecordLateAsync(row, receipt);
        if (row.State == MessageState.Waiting)
        {
            await TakenAfterAllAsync(row, receipt);
            return await RecordAsync(receipt);
        }
        if (row.State != MessageState.HandedOver) return true;
        var parts = CarrierParts.Parse(row.CarrierMessageIds);
        if (!parts.Record(receipt)) return true; // intermediate (accepted, buffered), or a part told before
        var change = NewChange(urgent: row.Lane == MessageLane.Otp);
        foreach (var one in await HandedOverWithAsync(row)) change.Progress.Add(AfterReceipt(one, parts, receipt));
        if (!await WriteAsync(change)) throw Elsewhere();
        return change.Progress.TrueForAll(progress => progress.Applied) || await RecordAsync(receipt); // it expired in between
    }

    /// <summary>
    /// The carrier has it, and only its answer was lost: another try would deliver it twice. Of how many parts it made nothing is known, so the first
    /// final receipt is for the whole.
    /// </summary>
    private async Task TakenAfterAllAsync(ShortMessageRow row, CarrierReceipt receipt)
    {
        // Never tried, or under way: the answer to our own request decides, and the carrier repeats its receipt.
        if (row.Attempts == 0 || _underWay.Any(waiting => waiting.Row.Id == row.Id)) throw Elsewhere();
        var first = Find(row.Id) ?? new Waiting(row);
        var taken = Joining.PartsOf(first, _queue).Messages.Where(part => part.Row.Attempts > 0).ToList();
        taken.ForEach(Remove); // before the write, so that none leaves during it
        var change = ChangeOf([.. taken]);
        foreach (var part in taken)
        {
            change.Progress.Add(new MessageProgress
            {
                Id = part.Row.Id,
                State = MessageState.HandedOver,
                SegmentsDone = part.Row.SegmentsDone,
                Attempts = part.Row.Attempts,
                DueAt = part.Row.ExpiresAt,
                Reason = $"carrier {receipt.Carrier}: {receipt.Words}, its answer having been lost",
                CarrierMessageIds = CarrierParts.Of([receipt.PartId]),
                Happened = true,
            });
        }
        await WriteAsync(change);
    }

    /// <summary>
    /// The customer has had his one final receipt when our own time for the message was over, and gets no second, other one; but the history shows
    /// what the carrier says became of it.
    /// </summary>
    private async Task<bool> RecordLateAsync(ShortMessageRow row, CarrierReceipt receipt)
    {
        if (!CarrierParts.IsFinal(receipt.Status)) return true;
        var attempt = NewAttempt(row, "carrier", receipt.Carrier, Now);
        attempt.Outcome = $"receipt after the expiry: {receipt.Words} err-code={receipt.ErrorCode} messageId={receipt.PartId}".Replace('\0', '\uFFFD');
        var known = await store.DueMessages.AttemptsOfAsync(row.Id, CancellationToken.None);
        if (known.Exists(before => before.Outcome == attempt.Outcome && before.Target == attempt.Target)) return true; // it repeats itself
        if (known.Count(before => before.StartedAt >= row.ConcludedAt) >= MaxLateReceipts) return true;
        var change = NewChange();
        change.NewAttempts.Add(attempt);
        await WriteAsync(change);
        metrics.CarrierReceiptLate(receipt.Carrier);
        return true;
    }

    /// <summary>The parts of a handset's long text go to a carrier as one message, under the id of one of them: its receipts are for all.</summary>
    private async Task<List<ShortMessageRow>> HandedOverWithAsync(ShortMessageRow row)
    {
        if (!row.HasUserDataHeader || string.IsNullOrEmpty(row.CarrierMessageIds)) return [row];
        return await store.ReadAsync(db => new ValueTask<List<ShortMessageRow>>(db.ShortMessages.AsNoTracking()
            .Where(other => other.Recipient == row.Recipient && other.DueAt != null && other.State == MessageState.HandedOver
                && other.CarrierMessageIds == row.CarrierMessageIds).OrderBy(other => other.Id).ToListAsync()));
    }

    private MessageProgress AfterReceipt(ShortMessageRow row, CarrierParts parts, CarrierReceipt receipt)
    {
        var now = Now;
        var state = parts.Complete ? parts.State : MessageState.HandedOver;
        var progress = new MessageProgress
        {
            Id = row.Id,
            State = state,
            SegmentsDone = state == MessageState.Delivered ? row.SegmentCount : row.SegmentsDone,
            SegmentsBefore = row.SegmentsDone,
            Attempts = row.Attempts,
            DueAt = parts.Complete ? null : row.ExpiresAt,
            ConcludedAt = parts.Complete ? now : null,
            ErrorCode = parts.ErrorCode,
            Reason = $"carrier {receipt.Carrier}: {receipt.Words}",
            CarrierMessageIds = parts.ToString(),
        };
        if (parts.Complete) receipts.Tell(progress, row, 0, row.SegmentCount, state, parts.ErrorCode, now);
        return progress;
    }

    /// <summary>What is written of one-time passwords takes the writer's reserved share, and so does what one waits for.</summary>
    private StoreChange ChangeOf(Few<Waiting> messages) =>
        NewChange(urgent: AnyOtp(messages) || _queue is [{ Row.Lane: MessageLane.Otp }, ..]);

    private static bool AnyOtp(Few<Waiting> messages)
    {
        for (var i = 0; i < messages.Count; i++)
            if (messages[i].Row.Lane == MessageLane.Otp) return true;
        return false;
    }

    private Task ConcludeAsync(Waiting waiting, AttemptRow? attempt, Verdict verdict, int segments = AllSegments,
        IReadOnlyList<WebhookRow>? webhooks = null) => ConcludeAllAsync([waiting], attempt, verdict, segments, webhooks);

    /// <summary>One verdict for what went out together: usually one message, several when their parts were joined.</summary>
    /// <param name="segments">How many segments of each message the attempt carried.</param>
    /// <param name="target">The recipient's device it was tried at, which others may follow.</param>
    private Task ConcludeAllAsync(Few<Waiting> messages, AttemptRow? attempt, Verdict verdict, int segments = AllSegments,
        IReadOnlyList<WebhookRow>? webhooks = null, string? carrierIds = null, Target? target = null)
    {
        var now = Now;
        var change = ChangeOf(messages);
        if (attempt is not null)
        {
            attempt.DurationMilliseconds = (int)(now - attempt.StartedAt);
            change.NewAttempts.Add(Told(attempt, verdict));
        }
        if (target is not null) verdict = InRound(messages, target, verdict);
        if (verdict.Next == Next.AwaitRegistration) _contacts = []; // what they were has failed, and the ring of a change may be lost: read anew
        foreach (var waiting in messages)
        {
            var progress = After(waiting, verdict, segments, carrierIds, now);
            if (webhooks is not null) progress.Webhooks.AddRange(webhooks);
            change.Progress.Add(progress);
            waiting.Row.SegmentsDone = progress.SegmentsDone; // a report that repeats itself while this is written finds it done
        }
        var hold = verdict.Next is Next.Retry or Next.AwaitRegistration or Next.AwaitMemory ? now + schedule.Delay(verdict, attempt: 1) : 0;
        if (hold > now) change.Reschedules.Add(Reschedule.Hold(Recipient, hold));
        return WriteAsync(change, new Conclusion(messages, attempt, verdict, now, hold));
    }

    private MessageProgress After(Waiting waiting, Verdict verdict, int segments, string? carrierIds, long now)
    {
        var row = waiting.Row;
        var moreAtOnce = verdict.Next is Next.NextDevice or Next.OtherClass;
        // A round through the devices is one step of the schedule, however many there are.
        var attempts = (byte)Math.Min(row.Attempts + (moreAtOnce ? 0 : 1), byte.MaxValue);
        var done = verdict.Next == Next.Delivered ? (byte)Math.Min(row.SegmentsDone + segments, row.SegmentCount) : row.SegmentsDone;
        var (state, due) = verdict.Next switch
        {
            Next.Delivered when done == row.SegmentCount => (MessageState.Delivered, (long?)null),
            Next.Delivered or Next.NextDevice or Next.OtherClass => (MessageState.Waiting, now),
            Next.HandedOver => (MessageState.HandedOver, row.ExpiresAt),
            Next.Fail => (MessageState.Failed, null),
            _ => (MessageState.Waiting, Math.Min(now + schedule.Delay(verdict, attempts), row.ExpiresAt)),
        };
        if (state == MessageState.Waiting) waiting.NotBefore = verdict.Next == Next.Delivered || moreAtOnce ? 0 : due!.Value;
        var progress = new MessageProgress
        {
            Id = row.Id,
            State = state,
            SegmentsDone = done,
            SegmentsBefore = row.SegmentsDone,
            // A segment's tries are its own: the schedule begins anew with the next one.
            Attempts = verdict.Next == Next.Delivered && state == MessageState.Waiting ? (byte)0 : attempts,
            DueAt = due,
            ConcludedAt = due is null ? now : null,
            ErrorCode = verdict.ErrorCode,
            Reason = verdict.Reason,
            CarrierMessageIds = carrierIds,
            Happened = state is MessageState.Delivered or MessageState.HandedOver || done > row.SegmentsDone,
        };
        if (state == MessageState.Failed) receipts.Tell(progress, row, row.SegmentsDone, row.SegmentCount, state, verdict.ErrorCode, now);
        else if (done > row.SegmentsDone) receipts.Tell(progress, row, row.SegmentsDone, done, MessageState.Delivered, 0, now);
        return progress;
    }

    // Being written down as expired: whoever finds them meanwhile need not do it again.
    private readonly HashSet<long> _expiring = [];

    public async Task Expired(long[] ids)
    {
        if (!await OwnAsync()) return; // the sweep finds them again, and then the owner
        // Most lie behind what the queue holds, or are a carrier's. What is written of them from now on is this mailbox's alone.
        var rows = await store.DueMessages.WaitingAsync(ids, CancellationToken.None);
        await ExpireAsync([.. rows.Select(row => Find(row.Id) ?? new Waiting(row))]);
        Pump(); // they may have been the whole page that was in memory
    }

    private Task ExpireAsync() => AnyOver(Now) ? ExpireAsync(_queue) : Task.CompletedTask;

    private bool AnyOver(long now)
    {
        foreach (var waiting in _queue)
            if (waiting.Row.ExpiresAt <= now) return true;
        return false;
    }

    /// <summary>Those of them whose time is over: never sent, always told of (3GPP TS 23.040 §9.2.3.15: TP-ST 46, VP expired).</summary>
    private async Task ExpireAsync(List<Waiting> among)
    {
        var now = Now;
        var expired = among.FindAll(waiting => waiting.Row.ExpiresAt <= now && !_underWay.Contains(waiting) && !_expiring.Contains(waiting.Row.Id));
        if (expired.Count == 0) return;
        foreach (var waiting in expired) _expiring.Add(waiting.Row.Id);
        try
        {
            await ExpireAsync(expired, now);
        }
        finally
        {
            foreach (var waiting in expired) _expiring.Remove(waiting.Row.Id);
        }
    }

    private async Task ExpireAsync(List<Waiting> expired, long now)
    {
        var change = ChangeOf([.. expired]);
        foreach (var waiting in expired)
        {
            var row = waiting.Row;
            // The last attempt's code; without any, the recipient was away all the time, or the carrier never told.
            var errorCode = row.ErrorCode != 0 ? row.ErrorCode : row.State == MessageState.HandedOver ? Verdict.Unknown : Verdict.AbsentTemporary;
            var progress = new MessageProgress
            {
                Id = row.Id,
                State = MessageState.Expired,
                SegmentsDone = row.SegmentsDone,
                SegmentsBefore = row.SegmentsDone,
                Attempts = row.Attempts,
                ConcludedAt = now,
                ErrorCode = errorCode,
                Reason = row.Reason is null ? "validity over" : $"validity over; last: {row.Reason}",
            };
            receipts.Tell(progress, row, row.SegmentsDone, row.SegmentCount, MessageState.Expired, errorCode, now);
            change.Progress.Add(progress);
        }
        if (!await WriteAsync(change)) return;
        foreach (var (waiting, progress) in expired.Zip(change.Progress))
            if (progress.Applied) Remove(waiting);
            else ReadAgain(waiting);
    }

    /// <summary>Only this message, and for no fault of anybody's: no attempt is counted.</summary>
    private async Task DeferAsync(Waiting waiting, long until, string reason)
    {
        waiting.NotBefore = until;
        if (waiting.Deferred == (until, reason)) return; // its row says so
        var row = waiting.Row;
        row.DueAt = Math.Min(until, row.ExpiresAt);
        var change = ChangeOf([waiting]);
        change.Progress.Add(new MessageProgress
        {
            Id = row.Id,
            State = MessageState.Waiting,
            SegmentsDone = row.SegmentsDone,
            SegmentsBefore = row.SegmentsDone,
            Attempts = row.Attempts,
            DueAt = row.DueAt,
            ErrorCode = row.ErrorCode,
            Reason = reason,
        });
        waiting.Deferred = (until, reason);
        await WriteAsync(change);
        if (!change.Progress[0].Applied) ReadAgain(waiting);
    }

    /// <summary>Whoever repeats it finds the one that serves the mailbox now.</summary>
    private StoreUnavailableException Elsewhere() => new($"the mailbox of {Recipient} is served elsewhere");
}
