using Gateway.Carriers;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>Choosing the next message and sending it.</summary>
public sealed partial class Mailbox
{
    private const long MinRecheck = 60_000;
    private bool _retired;
    private volatile Flight? _flight;
    private readonly RpReferences _references = new();
    private int _eventsBefore;
    private int _signsBefore;
    // What the attempt carries now: it is on the air, and its outcome is told instead of its expiry.
    private Few<Waiting> _underWay = [];

    private void Pump()
    {
        if (!_pumping && !_retired && (_queue.Count > 0 || _more)) _ = PumpAsync();
    }

    private async Task PumpAsync()
    {
        _pumping = true;
        var faulty = false;
        KeepAlive(Timeout.InfiniteTimeSpan);
        using var work = channels.Work.Begin();
        try
        {
            while (await OwnAsync())
            {
                await ExpireAsync();
                if (_lost || _holdUntil > Now || !channels.Open) return;
                if (_unheardOf is { } position) await LoadAsync(position with { Id = position.Id - 1 }, CancellationToken.None);
                else if (NextReady() is { } waiting)
                {
                    try
                    {
                        if (await IsStartedAsync(waiting)) await AttemptAsync(waiting);
                    }
                    catch (Exception e) when (e is not (StoreUnavailableException or OperationCanceledException))
                    {
                        // A row that makes us err must not stop the ones behind it.
                        LogFault(Recipient, e);
                        await ConcludeAsync(waiting, attempt: null, new Verdict(Next.Fail, Verdict.GeneralError, $"internal fault: {e.Message}"));
                    }
                    finally
                    {
                        _underWay = [];
                    }
                }
                else if (_more && MakeRoom()) await LoadAsync(_readTo, CancellationToken.None);
                else return;
            }
        }
        catch (Exception e)
        {
            // Most often the store is away. Rows still say what is due, so the sweep comes back here when it can be read again.
            LogFault(Recipient, e);
            faulty = true;
        }
        finally
        {
            _pumping = false;
            if (!faulty && local.IsCrowded && IsDone) Retire();
            else KeepAlive(_idle);
        }
    }

    /// <summary>Nothing waits, and nothing is known that the next message would be the better for.</summary>
    private bool IsDone => _queue.Count == 0 && !_more && !_setAside && _absent is null;

    /// <summary>Makes room for others. From now on it begins nothing, and who tells it something is sent on to the next activation.</summary>
    private void Retire()
    {
        if (_leaving || _lost) return;
        _retired = true;
        local.Remove(Recipient, this);
        DeactivateOnIdle();
    }

    /// <summary>
    /// The pump is no call, and neither is what comes from this node (<see cref="LocalMailboxes"/>), so its runtime would take a mailbox that waits in it
    /// for idle, and the next activation repeat what this one has not written down yet.
    /// </summary>
    private void KeepAlive(TimeSpan period)
    {
        if (!_leaving) DelayDeactivation(period); // one that leaves may not speak to its runtime any more
    }

    private Waiting? NextReady()
    {
        var now = Now;
        foreach (var waiting in _queue)
            if (waiting.NotBefore <= now && IsLeft(waiting, now)) return waiting;
        return null;
    }

    /// <summary>Neither expired nor all delivered: what is one of these is about to go from here.</summary>
    private static bool IsLeft(Waiting waiting, long now) => waiting.Row.ExpiresAt > now && waiting.Row.SegmentsDone < waiting.Row.SegmentCount;

    /// <summary>False: it is another activation's to send.</summary>
    private Task<bool> IsStartedAsync(Waiting waiting)
    {
        (_eventsBefore, _signsBefore) = (_events, _signsOfRoom);
        _underWay = [waiting];
        return OwnForSureAsync();
    }

    private Task AttemptAsync(Waiting waiting) => waiting.Row.Route switch
    {
        RouteKind.Application => ToApplicationAsync(waiting),
        RouteKind.Carrier => ToCarrierAsync(waiting),
        _ => ToSubscriberAsync(waiting),
    };

    private async Task ToApplicationAsync(Waiting waiting)
    {
        var account = router.AccountOf(waiting.Row.Recipient);
        var webhooks = receipts.InboundWebhooks(waiting.Row, account, Now);
        var attempt = NewAttempt(waiting.Row, "application", account?.ApiKey ?? "", Now);
        if (webhooks.Count == 0)
        {
            await ConcludeAsync(waiting, attempt, new Verdict(Next.Fail, Verdict.Unreachable, $"account {account?.ApiKey} has no InboundUrl"));
            return;
        }
        await ConcludeAsync(waiting, attempt, new Verdict(Next.Delivered, 0, "inbound webhook queued"), webhooks: webhooks);
    }

    private Task ToSubscriberAsync(Waiting waiting) =>
        channels.Choose(_contacts, waiting, _absent, Now) is { } target ? ToDeviceAsync(waiting, target) : LookForContactAsync(waiting);

    private Task ToDeviceAsync(Waiting waiting, Target target) =>
        target.Class == ContactClass.Volte ? ToVolteAsync(waiting, target) : ToOttAsync(waiting, target);

    private async Task LookForContactAsync(Waiting waiting)
    {
        var events = _events;
        await LoadContactsAsync(CancellationToken.None); // a refresh moves only the expiry and does not ring here
        if (events != _events) return; // the pump comes by again and knows more
        await (channels.Choose(_contacts, waiting, _absent, Now) is { } target ? ToDeviceAsync(waiting, target) : NoContactAsync(waiting));
    }

    private async Task NoContactAsync(Waiting waiting)
    {
        if (waiting.Round?.Hope is { } hope)
        {
            // The next device went away before its turn: what the one before met decides.
            EndRound([waiting]);
            await ConcludeAsync(waiting, attempt: null, hope);
            return;
        }
        if (waiting.Round?.Refused is true)
        {
            await ConcludeAsync(waiting, attempt: null, new Verdict(Next.Fail, Verdict.Unreachable, "no contact takes this kind of message"));
            return;
        }
        if (_contacts.Count > 0)
        {
            // A status report or binary content, and only text clients: it waits for a VoLTE handset, those behind it pass. An IMDN the other way round.
            await DeferAsync(waiting, waiting.Row.ExpiresAt, "no contact takes this kind of message yet");
            return;
        }
        // The registrar tells of every registration. The network may forget to (a subscription can fail, an S-CSCF need not send third-party
        // REGISTERs), so it is asked again, ever more rarely as the message grows old.
        var watched = channels.Watch(Recipient);
        var age = Now - waiting.Row.AcceptedAt;
        await HoldAsync(watched ? Now + Math.Max(MinRecheck, age) : UntilEvent);
    }

    // Waiting for a slot to the next hop: how urgent, and what ends the wait.
    private (MessageLane Lane, CancellationTokenSource Turn)? _inLine;

    /// <summary>
    /// A slot to the next hop, or null when the message must not leave now after all: its time is over, another one goes first, the contacts have
    /// changed, a late report has concluded it, the mailbox is another's by now or the gateway stops. Then the pump looks anew.
    /// </summary>
    private async ValueTask<SendSlots.Slot?> SlotAsync(string nextHop, ShortMessageRow row, CarrierLimits? limits = null)
    {
        if (await InLineAsync(nextHop, row, limits) is not { } slot) return null;
        // The contacts and the line may have taken minutes.
        var leaves = false;
        try
        {
            leaves = await OwnForSureAsync() && AreLeft(_underWay);
        }
        finally
        {
            if (!leaves) slot.Dispose();
        }
        return leaves ? slot : null;
    }

    private bool AreLeft(Few<Waiting> messages)
    {
        var now = Now;
        for (var i = 0; i < messages.Count; i++)
            if (!_queue.Contains(messages[i]) || !IsLeft(messages[i], now)) return false;
        return true;
    }

    private ValueTask<SendSlots.Slot?> InLineAsync(string nextHop, ShortMessageRow row, CarrierLimits? limits) =>
        AreLeft(_underWay) && channels.Slots.TryTake(nextHop, row.Lane, limits) is { } free ? new(free) : WaitInLineAsync(nextHop, row, limits);

    private async ValueTask<SendSlots.Slot?> WaitInLineAsync(string nextHop, ShortMessageRow row, CarrierLimits? limits)
    {
        var untilExpiry = _underWay.Min(waiting => waiting.Row.ExpiresAt) - Now;
        if (untilExpiry <= 0) return null;
        using var over = new CancellationTokenSource(TimeSpan.FromMilliseconds(untilExpiry), time);
        using var turn = CancellationTokenSource.CreateLinkedTokenSource(over.Token, channels.Stopping);
        _inLine = (row.Lane, turn);
        try
        {
            var slot = await channels.Slots.TakeAsync(nextHop, row.Lane, row.Account, turn.Token, limits);
            if (!turn.IsCancellationRequested && _events == _eventsBefore) return slot;
            slot.Dispose();
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            _inLine = null;
        }
        return null;
    }

    /// <summary>One segment, one RP-DATA, one report.</summary>
    private async Task ToVolteAsync(Waiting waiting, Target target)
    {
        var row = waiting.Row;
        if (await SlotAsync(target.Hop, row) is not { } slot) return;
        using var underWay = slot;
        var segmentId = row.Id + row.SegmentsDone;
        var flight = _flight = new Flight(segmentId, _references.Next(segmentId), row.SegmentsDone + 1 == row.SegmentCount && _queue.Count == 1 && !_more);
        var attempt = NewAttempt(row, "volte", target.Address, Now);
        Verdict verdict;
        try
        {
            var outcome = await channels.SendVolteAsync(target, row, flight);
            channels.Heed(outcome, target);
            slot.Dispose(); // what the handset's report still takes is no load to the next hop
            if (IsCutShort(outcome)) return;
            attempt.Status = (short)(outcome.Response?.StatusCode ?? 0);
            verdict = flight.Report.IsCompleted ? ReportVerdict(waiting, await flight.Report)
                : outcome is { Kind: SipOutcomeKind.Final, Response.StatusCode: < 300 } ? ReportVerdict(waiting, await awaited.OfAsync(flight))
                : Verdict.OfSip(outcome);
        }
        finally
        {
            _flight = null;
            awaited.Remove(flight);
        }
        await ConcludeAllAsync(_underWay, attempt, verdict, segments: 1, target: target);
    }

    private static Verdict ReportVerdict(Waiting waiting, HandsetReport? report)
    {
        var verdict = Verdict.OfReport(report, waiting.ErredAt < waiting.Row.Attempts);
        if (verdict.Next is Next.Retry && verdict.RpCause != 0) waiting.ErredAt ??= waiting.Row.Attempts;
        else if (verdict.Next == Next.Delivered) waiting.ErredAt = null;
        return verdict;
    }

    /// <summary>The gateway stops and its sockets are closed: no attempt of the message's, which is due at the next start.</summary>
    private bool IsCutShort(SipOutcome outcome) => outcome.Kind == SipOutcomeKind.TransportError && !channels.Open;

    /// <summary>What leaves together with this message; null when its other parts are still waited for.</summary>
    private async Task<Joining?> JoinAsync(Waiting waiting)
    {
        var parts = Joining.PartsOf(waiting, _queue);
        var deadline = parts.Deadline(settings.Delivery.JoinTimeoutSeconds);
        if (parts.Complete || deadline <= Now)
        {
            _underWay = parts.Messages;
            return parts;
        }
        await DeferAsync(waiting, deadline, "waiting for the other parts of a long text");
        return null;
    }

    private async Task ToCarrierAsync(Waiting waiting)
    {
        if (await JoinAsync(waiting) is not { } parts) return;
        var row = waiting.Row;
        var routes = router.CarrierNames(row.Recipient);
        var carrier = CarrierTurn.Take(routes, waiting, channels.IsLeftAlone) ?? row.Carrier!;
        var why = CarrierTurn.Why(carrier, routes, waiting, channels.IsLeftAlone);
        if (await SlotAsync($"carrier {carrier}", row, channels.LimitsOf(carrier)) is not { } slot) return;
        using var underWay = slot;
        var attempt = NewAttempt(row, "carrier", carrier, Now);
        var (verdict, carrierIds) = await channels.SendCarrierAsync(carrier, row, parts.Text);
        slot.Dispose();
        attempt.Status = (short)verdict.Status;
        if (why is not null) verdict = verdict with { Reason = $"{verdict.Reason}; {why}" };
        foreach (var part in parts.Messages) part.TriedCarrier(carrier, rejected: verdict is { Next: Next.Fail, OtherRoute: true });
        await ConcludeAllAsync(parts.Messages, attempt, CarrierTurn.Among(verdict, routes, waiting), carrierIds: carrierIds);
    }

    private AttemptRow NewAttempt(ShortMessageRow row, string channel, string target, long now) => new()
    {
        MessageId = row.Id,
        Segment = row.SegmentsDone,
        StartedAt = now,
        Channel = channel,
        Target = target,
    };
}
