using System.Collections.Concurrent;
using Gateway.Delivery;
using Gateway.Routing;
using Gateway.Store;

namespace Gateway.Acceptance;

/// <summary>
/// The one way into the gateway: every face hands its messages over here. A message is routed, stored durably, and only then is its mailbox rung
/// and the face told yes.
/// </summary>
public sealed class Acceptor(GatewayStore store, Router router, NumberPlan numbers, Segments segments, Mailboxes mailboxes, MessageId ids,
    Repeats repeats, ConcatenationReferences references, AcceptanceMetrics metrics, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const int MaxSegments = 255;
    private const int MaxUserDataOctets = 140;

    // Repeats that arrive while the first is still being written; later ones are found in the store.
    private readonly ConcurrentDictionary<(string Originator, string ForeignId), Task<AcceptanceResult>> _underWay = new();
    private readonly RecentlyBrought _recent = new(time);

    /// <summary>
    /// When this returns accepted, nothing can lose the message. A repeat (same originator and foreign id, or as <see cref="Repeats"/> has it) gets
    /// the first one's answer.
    /// </summary>
    public Task<AcceptanceResult> AcceptAsync(Submission submission, CancellationToken cancel)
    {
        if (Stopping) return CountAsync(submission, Task.FromResult(AcceptanceResult.Refused(Refusal.Stopping, "the gateway is about to stop")));
        if (submission.ForeignId is { } foreignId) return CountAsync(submission, OnceAsync(submission, foreignId, cancel));
        // Most are like this, and what counts them would be one more object of the heap for each: it is counted where it is stored.
        if (repeats.KeysOf(submission) is not { } keys) return StoreAsync(submission, [], count: true, cancel);
        return CountAsync(submission, OnceAsync(submission, keys, cancel));
    }

    private async Task<AcceptanceResult> CountAsync(Submission submission, Task<AcceptanceResult> answer)
    {
        var result = await answer;
        metrics.Answered(submission.Source, result);
        return result;
    }

    private Task<AcceptanceResult> OnceAsync(Submission submission, string foreignId, CancellationToken cancel)
    {
        var key = (submission.Originator, foreignId);
        var mine = new TaskCompletionSource<AcceptanceResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _underWay.GetOrAdd(key, mine.Task);
        return first == mine.Task ? FirstAsync(submission, key, mine) : RepeatOfAsync(first);
    }

    private Task<AcceptanceResult> OnceAsync(Submission submission, List<Repeats.RequestKey> keys, CancellationToken cancel) =>
        repeats.OnceAsync(keys, rows => StoreAsync(submission, rows, count: false, cancel));

    /// <summary>From the signal to stop on, nothing is taken: what is under way is concluded, and who sends is told to come again.</summary>
    public bool Stopping => lifetime.ApplicationStopping.IsCancellationRequested;

    private static async Task<AcceptanceResult> RepeatOfAsync(Task<AcceptanceResult> first) => (await first) with { Repeat = true };

    private async Task<AcceptanceResult> FirstAsync(Submission submission, (string Originator, string ForeignId) key,
        TaskCompletionSource<AcceptanceResult> mine)
    {
        var result = AcceptanceResult.Refused(Refusal.StoreUnavailable, "interrupted");
        try
        {
            // Not cancelled with the first caller: the others wait for the same outcome.
            result = await FindRepeatAsync(submission, key.ForeignId)
                ?? await (repeats.KeysOf(submission) is { } keys ? OnceAsync(submission, keys, CancellationToken.None)
                    : StoreAsync(submission, [], count: false, CancellationToken.None));
            return result;
        }
        finally
        {
            _underWay.TryRemove(key, out _);
            mine.SetResult(result);
        }
    }

    private async Task<AcceptanceResult?> FindRepeatAsync(Submission submission, string foreignId)
    {
        if (!store.Nodes.Clustered && _recent.IsNew(submission.Originator, foreignId, submission.RepeatWindow)) return null;
        var since = (time.GetUtcNow() - submission.RepeatWindow).ToUnixTimeMilliseconds();
        try
        {
            return await store.DueMessages.FindRepeatAsync(submission.Originator, foreignId, since, CancellationToken.None) is { } row
                ? new AcceptanceResult(Refusal.None, row.RouteReason, row.Id, row.SegmentCount, row.AcceptedAt, Repeat: true)
                : null;
        }
        catch (StoreUnavailableException e)
        {
            return AcceptanceResult.Refused(Refusal.StoreUnavailable, e.Message);
        }
    }

    private async Task<AcceptanceResult> StoreAsync(
        Submission submission, IReadOnlyList<IdempotencyKeyRow> keys, bool count, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        AcceptanceResult result;
        if (ChangeOf(submission, keys, out var refusal) is not { } change)
        {
            result = refusal;
        }
        else
        {
            try
            {
                if (submission.Via is { } via && await IsOursAsync(via, change.NewMessages[0]))
                    result = AcceptanceResult.Refused(Refusal.Unroutable, LoopOf(submission, change.NewMessages[0]));
                else if (!await store.Writer.TryWriteAsync(change))
                    result = AcceptanceResult.Refused(Refusal.Overloaded, "too many writes wait");
                else
                    result = Written(change);
            }
            catch (StoreUnavailableException e)
            {
                result = AcceptanceResult.Refused(Refusal.StoreUnavailable, e.Message);
            }
            if (result.Accepted) mailboxes.Ring(change.NewMessages[0]);
        }
        if (count) metrics.Answered(submission.Source, result);
        return result;
    }

    /// <summary>The message as it is to be written; null: why it is refused.</summary>
    private StoreChange? ChangeOf(Submission submission, IReadOnlyList<IdempotencyKeyRow> keys, out AcceptanceResult refusal)
    {
        var recipient = submission.Source is MessageSource.Volte or MessageSource.Ott
            ? numbers.Dialled(submission.Destination)
            : numbers.Given(submission.Destination);
        if (recipient is null)
        {
            refusal = AcceptanceResult.Refused(Refusal.InvalidDestination, $"{submission.Destination} is not a number");
            return null;
        }
        // What a carrier brings is for us or for nobody: passing it on to another carrier would make us an open relay.
        if (router.Find(recipient) is not { } route || route.Kind == RouteKind.Carrier && submission.Source == MessageSource.Carrier)
        {
            refusal = AcceptanceResult.Refused(Refusal.Unroutable, $"{recipient} is nobody's here and no carrier serves it");
            return null;
        }
        var row = NewRow(submission, recipient, route);
        var count = Fill(row, submission.Content);
        if (count is < 1 or > MaxSegments)
        {
            refusal = AcceptanceResult.Refused(Refusal.TooLong, "the content does not fit into 255 segments");
            return null;
        }
        row.SegmentCount = (byte)count;
        if (count > 1) row.ConcatenationReference = references.Next(recipient);
        row.Id = ids.Take(count);

        var debit = submission is { Account: { } payer, Charge.StartingCredit: { } credit } ? new Debit(payer, count * row.Price, credit) : null;
        var change = new StoreChange { Urgent = row.Lane == MessageLane.Otp, Debit = debit };
        change.NewMessages.Add(row);
        foreach (var key in keys)
        {
            (key.MessageId, key.SegmentCount, key.AcceptedAt) = (row.Id, row.SegmentCount, row.AcceptedAt);
            change.NewKeys.Add(key);
        }
        refusal = default;
        return change;
    }

    private static AcceptanceResult Written(StoreChange change)
    {
        var (row, debit) = (change.NewMessages[0], change.Debit);
        return debit is { Paid: false }
            ? AcceptanceResult.Refused(Refusal.QuotaExceeded, "the balance does not pay for it") with { Remaining = debit.Remaining }
            : new AcceptanceResult(Refusal.None, row.RouteReason, row.Id, row.SegmentCount, row.AcceptedAt, Repeat: false) { Remaining = debit?.Remaining };
    }

    /// <summary>What we are about to hand over to a carrier came from us: that carrier is ourselves.</summary>
    private async Task<bool> IsOursAsync(long via, ShortMessageRow row) => row.Route == RouteKind.Carrier
        && await store.DueMessages.FindAsync(via, CancellationToken.None) is { Route: RouteKind.Carrier } known && known.Recipient == row.Recipient;

    private static string LoopOf(Submission submission, ShortMessageRow row) =>
        $"a loop: carrier {row.Carrier} brings {MessageId.Format(submission.Via.GetValueOrDefault())} back to where it came from";

    private ShortMessageRow NewRow(Submission submission, string recipient, RouteChoice route)
    {
        // Whole seconds: this is also the TP-SCTS, and what a repeat or a status report says must be equal to it.
        var now = time.GetUtcNow().ToUnixTimeSeconds() * 1000;
        return new ShortMessageRow
        {
            Source = submission.Source,
            Route = route.Kind,
            Account = submission.Account,
            Carrier = submission.Carrier ?? route.Carrier,
            RouteReason = route.Reason,
            Recipient = recipient,
            Originator = numbers.Sender(submission.Originator),
            Lane = submission.Lane,
            AcceptedAt = now,
            ExpiresAt = time.GetUtcNow().ToUnixTimeMilliseconds() + (long)submission.Validity.TotalMilliseconds,
            DueAt = now,
            ReceiptRequested = submission.ReceiptRequested,
            CallbackUrl = submission.CallbackUrl,
            Price = submission.Charge.Price,
            ClientReference = submission.ClientReference,
            AccountReference = submission.AccountReference,
            SubmitReference = submission.SubmitReference,
            SubmitDestination = submission.SubmitDestination,
            ImdnMessageId = submission.ImdnMessageId,
            ForeignId = submission.ForeignId,
        };
    }

    /// <returns>How many segments it takes.</returns>
    private int Fill(ShortMessageRow row, SubmittedContent content)
    {
        if (content is TextContent text)
        {
            row.Text = text.Text;
            return segments.Choose(row, text);
        }
        var data = (UserDataContent)content;
        row.Content = ContentKind.UserData;
        row.UserData = data.UserData;
        row.UserDataLength = data.Length;
        row.HasUserDataHeader = data.HasUserDataHeader;
        row.DataCodingScheme = data.DataCodingScheme;
        row.ProtocolIdentifier = data.ProtocolIdentifier;
        return data.UserData.Length <= MaxUserDataOctets ? 1 : MaxSegments + 1;
    }
}
