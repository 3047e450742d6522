using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>The writer's connection with its prepared statements, and how changes become rows within one transaction.</summary>
internal sealed class WriterSession : IDisposable
{
    private readonly GatewayDb _db;
    private readonly Nodes _nodes;
    private readonly RowStatement<ShortMessageRow> _insertMessages;
    private readonly RowStatement<IdempotencyKeyRow> _insertKeys;
    private readonly RowStatement<AttemptRow> _insertAttempts;
    private readonly RowStatement<WebhookRow> _insertWebhooks;
    private readonly RowStatement<RejectionRow> _insertRejections;
    private readonly RowStatement<MessageProgress> _updateMessages;
    private readonly RowStatement<WebhookProgress> _updateWebhooks;
    private readonly RowStatement<Reschedule> _reschedule;
    private readonly RowStatement<MailboxTake> _take;
    private readonly RowStatement<EpochCheck> _checkEpochs;
    private readonly RowStatement<Balance> _holdBalances;
    private readonly RowStatement<Balance> _setBalances;

    public WriterSession(StoreDatabase database, Nodes nodes)
    {
        _nodes = nodes;
        _db = database.Open();
        try
        {
            _db.Database.OpenConnection();
            Connection = _db.Database.GetDbConnection();
            database.PrepareWriter(Connection);
            var model = _db.Model;
            _insertMessages = database.Prepare(RowCommand<ShortMessageRow>.Insert(model, returnIds: false), Connection);
            _insertKeys = database.Prepare(RowCommand<IdempotencyKeyRow>.Insert(model, returnIds: false), Connection);
            _insertAttempts = database.Prepare(RowCommand<AttemptRow>.Insert(model, returnIds: false), Connection);
            _insertWebhooks = database.Prepare(RowCommand<WebhookRow>.Insert(model, returnIds: true), Connection);
            _insertRejections = database.Prepare(RowCommand<RejectionRow>.Insert(model, returnIds: false), Connection);
            _updateMessages = database.Prepare(MessageProgress.Command(model), Connection);
            _updateWebhooks = database.Prepare(WebhookProgress.Command(model), Connection);
            _reschedule = database.Prepare(Reschedule.Command(), Connection);
            _take = database.Prepare(MailboxTake.Command(), Connection);
            _checkEpochs = database.Prepare(EpochCheck.Command(), Connection);
            _holdBalances = database.Prepare(Balance.HoldCommand(), Connection);
            _setBalances = database.Prepare(Balance.SetCommand(), Connection);
        }
        catch
        {
            _db.Dispose();
            throw;
        }
    }

    public DbConnection Connection { get; }

    /// <summary>Writes the changes in the order <see cref="StoreChange"/> promises and returns how many rows that were.</summary>
    public int Apply(IReadOnlyList<StoreChange> changes, DbTransaction transaction)
    {
        var takes = Take(changes);
        CheckEpochs(changes);
        var balances = Pay(changes);
        var held = changes.Where(c => c.Held && c.Debit is not { Paid: false }).ToList();
        var messages = held.SelectMany(c => c.NewMessagesOrNone).ToList();
        var keys = held.SelectMany(c => c.NewKeysOrNone).ToList();
        var attempts = changes.SelectMany(c => c.NewAttemptsOrNone).ToList();
        var progress = changes.SelectMany(c => c.ProgressOrNone.Where(p => c.Held || p.Happened)).ToList();
        var webhookProgress = held.SelectMany(c => c.WebhookProgressOrNone).ToList();
        var rejections = held.SelectMany(c => c.NewRejectionsOrNone).ToList();
        var reschedules = Reschedule.WithoutRepeats(held.SelectMany(c => c.ReschedulesOrNone));

        Execute(_insertKeys, keys);
        Execute(_insertMessages, messages);
        Execute(_insertAttempts, attempts);
        Execute(_insertRejections, rejections);
        Update(_updateMessages, progress);

        var applied = progress.Where(p => p.Applied).ToList();
        var followUps = applied.SelectMany(p => p.FollowUpsOrNone).ToList();
        var webhooks = held.SelectMany(c => c.NewWebhooksOrNone).Concat(applied.SelectMany(p => p.WebhooksOrNone)).ToList();
        Execute(_insertMessages, followUps);
        foreach (var webhook in webhooks)
            webhook.Node = _nodes.Own;
        var ids = Execute(_insertWebhooks, webhooks);
        for (var i = 0; i < webhooks.Count; i++)
            webhooks[i].Id = ids[i];
        Update(_updateWebhooks, webhookProgress);
        foreach (var step in Steps(reschedules, r => r.Recipient))
            Execute(_reschedule, step);

        foreach (var change in held)
            RunOther(change, transaction);
        return takes + balances + messages.Count + keys.Count + attempts.Count + progress.Count + followUps.Count + webhooks.Count + webhookProgress.Count
            + rejections.Count + reschedules.Count + held.Count(c => c.Other is not null);
    }

    public void Dispose()
    {
        _insertMessages.Dispose();
        _insertKeys.Dispose();
        _insertAttempts.Dispose();
        _insertWebhooks.Dispose();
        _insertRejections.Dispose();
        _updateMessages.Dispose();
        _updateWebhooks.Dispose();
        _reschedule.Dispose();
        _take.Dispose();
        _checkEpochs.Dispose();
        _holdBalances.Dispose();
        _setBalances.Dispose();
        _db.Dispose();
    }

    private int Take(IReadOnlyList<StoreChange> changes)
    {
        // In the order of recipients, so that the takes of two nodes cannot wait for each other.
        var takes = changes.SelectMany(c => c.TakesOrNone).OrderBy(t => t.Recipient, StringComparer.Ordinal).ToList();
        foreach (var step in Steps(takes, t => t.Recipient))
        {
            var epochs = Execute(_take, step);
            for (var i = 0; i < step.Count; i++)
                step[i].Epoch = epochs[i];
        }
        return takes.Count;
    }

    private void CheckEpochs(IReadOnlyList<StoreChange> changes)
    {
        var checks = new List<EpochCheck>();
        for (var i = 0; i < changes.Count; i++)
        {
            changes[i].Held = changes[i].Mailbox is null;
            foreach (var progress in changes[i].ProgressOrNone)
                progress.Applied = false; // the change may have been written before, and rolled back
            if (changes[i].Mailbox is { } mailbox)
                checks.Add(new EpochCheck(mailbox, i));
        }
        foreach (var index in Execute(_checkEpochs, checks))
            changes[(int)index].Held = true;
    }

    /// <summary>Debits in the order of their changes; balances in the order of accounts, so that two nodes cannot wait for each other.</summary>
    private int Pay(IReadOnlyList<StoreChange> changes)
    {
        if (changes.All(c => c.Debit is null))
            return 0;
        var debits = changes.Select(c => c.Debit).OfType<Debit>().ToLookup(d => d.Account, StringComparer.Ordinal);
        var balances = debits.Select(d => new Balance(d.Key, d.First().StartingCredit)).OrderBy(b => b.Account, StringComparer.Ordinal).ToList();
        var amounts = Execute(_holdBalances, balances);
        for (var i = 0; i < balances.Count; i++)
            balances[i].Amount = debits[balances[i].Account].Aggregate(amounts[i], (balance, debit) => debit.From(balance));
        Execute(_setBalances, [.. balances.Where((balance, i) => balance.Amount != amounts[i])]);
        return balances.Count;
    }

    private static List<long> Execute<T>(RowStatement<T> statement, List<T> rows)
    {
        var ids = new List<long>();
        if (rows.Count > 0)
            statement.Execute(rows, ids);
        return ids;
    }

    private static void Update<T>(RowStatement<T> statement, List<T> progress) where T : RowProgress
    {
        foreach (var step in Steps(progress, p => p.Id))
        {
            step.Sort((one, other) => one.Id.CompareTo(other.Id)); // rows are locked in this order on every node
            var updated = Execute(statement, step).ToHashSet();
            foreach (var one in step)
                one.Applied = updated.Contains(one.Id);
        }
    }

    /// <summary>Of two updates of one row in one statement, either might win: the later one goes into the next statement.</summary>
    private static IEnumerable<List<T>> Steps<T, TKey>(List<T> updates, Func<T, TKey> key)
    {
        while (updates.Count > 0)
        {
            var keys = new HashSet<TKey>(updates.Count);
            var (now, later) = (new List<T>(updates.Count), new List<T>());
            foreach (var update in updates)
                (keys.Add(key(update)) ? now : later).Add(update);
            yield return now;
            updates = later;
        }
    }

    private void RunOther(StoreChange change, DbTransaction transaction)
    {
        if (change.Other is null)
            return;
        _db.Database.UseTransaction(transaction);
        try
        {
            change.Other(_db);
            _db.SaveChanges();
        }
        finally
        {
            _db.ChangeTracker.Clear();
            _db.Database.UseTransaction(null);
        }
    }
}
