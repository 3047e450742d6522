using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>What has been decided becomes durable, and then holds in memory.</summary>
public sealed partial class Mailbox
{
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Written, however long the store is away: what has happened on the air cannot be undone, and forgetting it would send it again.
    /// </summary>
    /// <param name="conclusion">What the change concludes: it is brought to its end here, because each method more that waits costs every message.</param>
    /// <returns>False: the mailbox is lost, and only what has happened was written.</returns>
    private async Task<bool> WriteAsync(StoreChange change, Conclusion? conclusion = null)
    {
        var started = time.GetTimestamp();
        _writing = change;
        try
        {
            while (true)
            {
                try
                {
                    await store.Writer.WriteAsync(change, CancellationToken.None);
                    break;
                }
                catch (StoreUnavailableException e)
                {
                    LogFault(Recipient, e);
                    await Task.Delay(StoreRetry, time, CancellationToken.None);
                    started = time.GetTimestamp();
                }
            }
        }
        catch when (conclusion is { } failed)
        {
            Undo(failed, change);
            throw;
        }
        finally
        {
            if (_writing == change) _writing = null;
        }
        var held = IsHeld(change, started);
        foreach (var progress in change.Progress)
            if (progress is { Applied: true, ConcludedAt: not null }) metrics.Concluded(progress.State);
        receipts.Ring(change.Progress);
        if (conclusion is { } written) await ConcludedAsync(written, change);
        return held;
    }

    /// <summary>What is written of an attempt, until it is.</summary>
    private readonly record struct Conclusion(Few<Waiting> Messages, AttemptRow? Attempt, Verdict Verdict, long Now, long Hold);

    private Task ConcludedAsync(in Conclusion conclusion, StoreChange change)
    {
        var (messages, attempt, verdict, now, hold) = conclusion;
        for (var i = 0; i < messages.Count; i++)
        {
            var (waiting, progress) = (messages[i], change.Progress[i]);
            var row = waiting.Row;
            (row.State, row.Attempts, row.DueAt) = (progress.State, progress.Attempts, progress.DueAt);
            (row.ErrorCode, row.Reason) = (progress.ErrorCode, progress.Reason);
            if (!progress.Applied) ReadAgain(waiting);
            else if (row.State != MessageState.Waiting) Remove(waiting);
        }
        Log(messages[0].Row, attempt, verdict);
        if (hold <= now || _lost) return Task.CompletedTask;
        var full = verdict.Next == Next.AwaitMemory;
        if (full ? _signsOfRoom == _signsBefore : _events == _eventsBefore)
        {
            (_holdUntil, _handsetFull) = (hold, full);
            return Task.CompletedTask;
        }
        // A registration or RP-SMMA came meanwhile, and this write put its release back.
        foreach (var waiting in messages) waiting.Release();
        return ReleaseRowsAsync(now);
    }

    private static void Undo(in Conclusion conclusion, StoreChange change)
    {
        foreach (var (waiting, progress) in conclusion.Messages.Zip(change.Progress)) waiting.Row.SegmentsDone = progress.SegmentsBefore;
    }

    private void Log(ShortMessageRow row, AttemptRow? attempt, Verdict verdict)
    {
        if (!log.IsEnabled(LogLevel.Information)) return;
        if (verdict.Next == Next.Delivered)
            LogDelivered(MessageId.Format(row.Id), attempt?.Segment ?? 0, Recipient, attempt?.Channel ?? "", row.Attempts);
        else
            LogAttempt(MessageId.Format(row.Id), Recipient, verdict.Reason, verdict.Next);
    }
}
