using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// Several devices of one recipient (<see cref="DeliverySettings.Devices"/>). Policy:
/// <list type="bullet">
/// <item>The preferred one first: 3GPP SMS before text, then by q. When it was not reached, or does not take this kind of message, the next one has
/// the message at once; the schedule's step comes after the last.</item>
/// <item>What one device answers about the message, or an RP-ERROR, is not asked of the next one, unless the setting says that every 3GPP
/// contact has its chance (AllVolte). A 6xx speaks for the subscriber, and ends the round in any case.</item>
/// <item>Through the network the identity is addressed, and no-fork leaves the choice to the S-CSCF: one try for each class. Silence of the network says
/// nothing of a device.</item>
/// <item>One that was not reached comes last for <see cref="AbsentFor"/>, so that the messages behind do not each wait for it, until its subscriber
/// registers or the schedule's step has come.</item>
/// <item>A handset that has shown a part of a text gets the rest of it, too.</item>
/// <item>AllOtt: a text goes to all text clients at once and is delivered with the first 200; what the others answer stands in the attempts alone.</item>
/// </list>
/// </summary>
public sealed partial class Mailbox
{
    private const long AbsentFor = 60_000;

    private readonly bool _allVolte = settings.Delivery.Devices is DeliverySettings.AllVolte or DeliverySettings.All;
    private readonly bool _allOtt = settings.Delivery.Devices is DeliverySettings.AllOtt or DeliverySettings.All;
    // Not reached lately, and until when (Unix milliseconds) others go before them.
    private Dictionary<Device, long>? _absent;

    private bool IsAbsent(Device device) => _absent is not null && _absent.TryGetValue(device, out var until) && until > Now;

    private void MarkAbsent(Device device) => (_absent ??= [])[device] = Now + AbsentFor;

    /// <summary>What an attempt at one device means for the message.</summary>
    private Verdict InRound(Few<Waiting> messages, Target target, Verdict verdict)
    {
        if (verdict.Next == Next.Delivered)
        {
            _absent?.Remove(target.Device);
            foreach (var waiting in messages) waiting.Round?.End();
            return verdict;
        }
        NoteFailure(messages, target, verdict);
        if (MovesOn(messages[0], target, verdict)) return verdict with { Next = Next.NextDevice };
        var plan = verdict is ({ Next: Next.OtherClass } or { Next: Next.Fail, Status: < 600 }) && messages[0].Round?.Hope is { } hope ? hope : verdict;
        EndRound(messages);
        return plan;
    }

    private void NoteFailure(Few<Waiting> messages, Target target, Verdict verdict)
    {
        foreach (var waiting in messages) waiting.BeginRound().Add(target.Device, verdict);
        if (verdict.Next != Next.OtherClass && IsOfDevice(target, verdict)) MarkAbsent(target.Device);
    }

    private void EndRound(Few<Waiting> messages)
    {
        foreach (var waiting in messages) waiting.Round?.End();
        _absent = null;
    }

    private bool MovesOn(Waiting waiting, Target target, Verdict verdict)
    {
        if (verdict.Next != Next.OtherClass && (verdict.Status >= 600 || waiting.Row.SegmentsDone > 0)) return false;
        if (channels.Choose(_contacts, waiting, _absent, Now) is not { } next) return false;
        return IsOfDevice(target, verdict) || _allVolte && target.Class == ContactClass.Volte && next.Class == ContactClass.Volte;
    }

    private static bool IsOfDevice(Target target, Verdict verdict) => verdict.OfDevice && (target.IsContact || verdict.Status != 0);

    /// <summary>The whole text in one MESSAGE; the parts that a handset sent separately are joined first.</summary>
    private async Task ToOttAsync(Waiting waiting, Target target)
    {
        if (await JoinAsync(waiting) is not { } parts) return;
        if (parts.Text is null && !waiting.IsImdn)
        {
            await ConcludeAsync(waiting, attempt: null, new Verdict(Next.Fail, Verdict.IllegalMessage, "binary content cannot be shown by a text client"));
            return;
        }
        if (await SlotAsync(target.Hop, waiting.Row) is not { } slot) return;
        var tries = new List<Try> { new(target, OttAttemptAsync(target, slot, waiting.Row, parts.Text)) };
        if (_allOtt)
            foreach (var other in channels.TextClients(_contacts, waiting, Now))
                if (other.Device != target.Device) tries.Add(new(other, OttAttemptAsync(other, slot: null, waiting.Row, parts.Text)));
        while (tries.Count > 0)
        {
            await Task.WhenAny(tries.Select(one => one.Outcome));
            var done = tries.Find(one => one.Outcome.IsCompleted)!;
            tries.Remove(done);
            if (await done.Outcome is not var (attempt, verdict)) continue; // the gateway stops: it is due at the next start
            if (verdict.Next == Next.Delivered || tries.Count == 0) await ConcludeAllAsync(parts.Messages, attempt, verdict, target: done.Target);
            else
            {
                NoteFailure(parts.Messages, done.Target, verdict);
                await RecordAsync(attempt, verdict);
            }
            if (verdict.Next == Next.Delivered) break;
        }
        await OthersAsync(tries);
    }

    private sealed record Try(Target Target, Task<(AttemptRow Attempt, Verdict Verdict)?> Outcome);

    /// <param name="slot">Null: it waits for one.</param>
    private async Task<(AttemptRow, Verdict)?> OttAttemptAsync(Target target, SendSlots.Slot? slot, ShortMessageRow row, string? text)
    {
        using var work = channels.Work.Begin();
        SipOutcome outcome;
        AttemptRow attempt;
        try
        {
            using var underWay = slot ?? await channels.Slots.TakeAsync(target.Hop, row.Lane, row.Account, channels.Stopping);
            if (row.ExpiresAt <= Now) return null;
            attempt = NewAttempt(row, "ott", target.Address, Now);
            outcome = await channels.SendOttAsync(target, row, text);
            channels.Heed(outcome, target);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        if (IsCutShort(outcome)) return null;
        attempt.Status = (short)(outcome.Response?.StatusCode ?? 0);
        attempt.DurationMilliseconds = (int)(Now - attempt.StartedAt);
        return (attempt, Verdict.OfSip(outcome));
    }

    /// <summary>
    /// The clients that have not answered yet when the first one has. They are waited for a moment, so that each gets its messages in order, and
    /// written down when they answer.
    /// </summary>
    private async Task OthersAsync(List<Try> others)
    {
        if (others.Count == 0) return;
        var recording = Task.WhenAll(others.Select(RecordOtherAsync));
        if (others.TrueForAll(other => IsAbsent(other.Target.Device))) return;
        await Task.WhenAny(recording, Task.Delay(SendSlots.Patience, time));
        foreach (var silent in others.Where(other => !other.Outcome.IsCompleted)) MarkAbsent(silent.Target.Device);
    }

    private async Task RecordOtherAsync(Try other)
    {
        try
        {
            if (await other.Outcome is not var (attempt, verdict)) return;
            if (verdict.Next == Next.Delivered) _absent?.Remove(other.Target.Device);
            else if (IsOfDevice(other.Target, verdict)) MarkAbsent(other.Target.Device);
            await RecordAsync(attempt, verdict);
        }
        catch (Exception e)
        {
            LogFault(Recipient, e); // the message is concluded; only this line of its history is missing
        }
    }

    /// <summary>An attempt that decides nothing. It has happened, whoever owns the mailbox by now.</summary>
    private async Task RecordAsync(AttemptRow attempt, Verdict verdict)
    {
        var change = new StoreChange();
        change.NewAttempts.Add(Told(attempt, verdict));
        await store.Writer.WriteAsync(change, CancellationToken.None);
    }

    private AttemptRow Told(AttemptRow attempt, Verdict verdict)
    {
        metrics.Attempted(attempt.Channel, verdict.Next);
        (attempt.RpCause, attempt.Outcome) = (verdict.RpCause, verdict.Reason);
        return attempt;
    }
}
