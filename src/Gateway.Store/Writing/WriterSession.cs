using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>The writer's connection with its prepared statements, and how changes become rows within one transaction.</summary>
internal sealed class WriterSession : IDisposable
{
    private readonly GatewayDb _db;
    private readonly Nodes _nodes;
    private readonly RowStatements _statements;
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

    // Of the batch being written.
    private readonly List<EpochCheck> _checks = [];
    private readonly List<ShortMessageRow> _messages = [];
    private readonly List<IdempotencyKeyRow> _keys = [];
    private readonly List<AttemptRow> _attempts = [];
    private readonly List<RejectionRow> _rejections = [];
    private readonly List<MessageProgress> _progress = [], _progressInOrder = [];
    private readonly List<WebhookRow> _webhooks = [];
    private readonly List<WebhookProgress> _webhookProgress = [], _webhookProgressInOrder = [];
    private readonly List<Reschedule> _reschedules = [];
    private readonly List<long> _held = [], _webhookIds = [], _answers = [];

    public WriterSession(StoreDatabase database, Nodes nodes)
    {
        _nodes = nodes;
        _db = database.Open();
        try
        {
            _db.Database.OpenConnection();
            Connection = _db.Database.GetDbConnection();
            database.PrepareWriter(Connection);
            _statements = database.Statements(Connection);
            var model = _db.Model;
            _insertMessages = _statements.Prepare(RowCommand<ShortMessageRow>.Insert(model, returnIds: false));
            _insertKeys = _statements.Prepare(RowCommand<IdempotencyKeyRow>.Insert(model, returnIds: false));
            _insertAttempts = _statements.Prepare(RowCommand<AttemptRow>.Insert(model, returnIds: false));
            _insertWebhooks = _statements.Prepare(RowCommand<WebhookRow>.Insert(model, returnIds: true));
            _insertRejections = _statements.Prepare(RowCommand<RejectionRow>.Insert(model, returnIds: false));
            _updateMessages = _statements.Prepare(MessageProgress.Command(model));
            _updateWebhooks = _statements.Prepare(WebhookProgress.Command(model));
            _reschedule = _statements.Prepare(Reschedule.Command());
            _take = _statements.Prepare(MailboxTake.Command());
            _checkEpochs = _statements.Prepare(EpochCheck.Command());
            _holdBalances = _statements.Prepare(Balance.HoldCommand());
            _setBalances = _statements.Prepare(Balance.SetCommand());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public DbConnection Connection { get; }

    /// <summary>Writes the changes in the order <see cref="StoreChange"/> promises and returns how many rows that were.</summary>
    public int Apply(List<StoreChange> changes, DbTransaction transaction)
    {
        try
        {
            var rows = Take(changes);
            var waits = CheckEpochs(changes);
            rows += Pay(changes);
            if (waits)
                EndCheck(changes);
            GatherNew(changes);
            rows += _messages.Count + _keys.Count + _attempts.Count + _rejections.Count + _progress.Count;
            Execute(_insertKeys, _keys);
            Execute(_insertMessages, _messages);
            Execute(_insertAttempts, _attempts);
            Execute(_insertRejections, _rejections);
            Update(_updateMessages, _progress, _progressInOrder);
            if (!waits)
                EndCheck(changes);

            GatherRest(changes);
            rows += _messages.Count + _webhooks.Count + _webhookProgress.Count;
            Execute(_insertMessages, _messages);
            Execute(_insertWebhooks, _webhooks, _webhookIds);
            Update(_updateWebhooks, _webhookProgress, _webhookProgressInOrder);
            var reschedules = Reschedule.WithoutRepeats(_reschedules);
            if (reschedules.Count > 0)
                foreach (var step in Steps(reschedules, r => r.Recipient))
                    Execute(_reschedule, step);
            _statements.Flush();
            for (var i = 0; i < _webhooks.Count; i++)
                _webhooks[i].Id = _webhookIds[i];

            foreach (var change in changes)
                if (IsWritten(change) && RunOther(change, transaction))
                    rows++;
            return rows + reschedules.Count;
        }
        finally
        {
            Forget();
        }
    }

    public DbTransaction BeginTransaction()
    {
        _statements.Begin();
        return Connection.BeginTransaction();
    }

    /// <inheritdoc cref="RowStatements.MarkCommit"/>
    public CommitMark? MarkCommit() => _statements.MarkCommit();

    public void Dispose()
    {
        _statements?.Dispose(); // null when opening the connection failed
        _db.Dispose();
    }

    private int Take(List<StoreChange> changes)
    {
        List<MailboxTake>? all = null;
        foreach (var change in changes)
            if (change.TakesOrNull is { } some)
                (all ??= []).AddRange(some);
        if (all is null)
            return 0;
        // In the order of recipients, so that the takes of two nodes cannot wait for each other.
        var takes = all.OrderBy(t => t.Recipient, StringComparer.Ordinal).ToList();
        foreach (var step in Steps(takes, t => t.Recipient))
        {
            var epochs = Ask(_take, step);
            for (var i = 0; i < step.Count; i++)
                step[i].Epoch = epochs[i];
        }
        return takes.Count;
    }

    /// <summary>
    /// Asks which mailboxes are still held. False when the answers decide neither new rows nor progress (what was delivered is, whoever holds the
    /// mailbox): then these need not wait for them.
    /// </summary>
    private bool CheckEpochs(List<StoreChange> changes)
    {
        var waits = false;
        for (var i = 0; i < changes.Count; i++)
        {
            changes[i].Held = changes[i].Mailbox is null;
            if (changes[i].Mailbox is not { } mailbox)
                continue;
            _checks.Add(new EpochCheck(mailbox.Recipient, mailbox.Epoch, i));
            waits |= changes[i].WaitsForMailbox;
        }
        Execute(_checkEpochs, _checks, _held);
        return waits;
    }

    private void EndCheck(List<StoreChange> changes)
    {
        _statements.Flush();
        foreach (var index in _held)
            changes[(int)index].Held = true;
    }

    /// <summary>Debits in the order of their changes; balances in the order of accounts, so that two nodes cannot wait for each other.</summary>
    private int Pay(List<StoreChange> changes)
    {
        if (changes.TrueForAll(c => c.Debit is null))
            return 0;
        var debits = changes.Select(c => c.Debit).OfType<Debit>().ToLookup(d => d.Account, StringComparer.Ordinal);
        var balances = debits.Select(d => new Balance(d.Key, d.First().StartingCredit)).OrderBy(b => b.Account, StringComparer.Ordinal).ToList();
        var amounts = Ask(_holdBalances, balances);
        for (var i = 0; i < balances.Count; i++)
            balances[i].Amount = debits[balances[i].Account].Aggregate(amounts[i], (balance, debit) => debit.From(balance));
        Execute(_setBalances, [.. balances.Where((balance, i) => balance.Amount != amounts[i])]);
        return balances.Count;
    }

    private static bool IsWritten(StoreChange change) => change is { Held: true, Debit: null or { Paid: true } };

    private void GatherNew(List<StoreChange> changes)
    {
        foreach (var change in changes)
        {
            change.NewAttempts.AddTo(_attempts);
            foreach (var progress in change.Progress)
            {
                progress.Applied = false; // the change may have been written before, and rolled back
                if (change.Held || progress.Happened)
                    _progress.Add(progress);
            }
            if (!IsWritten(change))
                continue;
            change.NewMessages.AddTo(_messages);
            Add(change.NewKeysOrNull, _keys);
            Add(change.NewRejectionsOrNull, _rejections);
        }
    }

    /// <summary>What comes after progress, or because of it.</summary>
    private void GatherRest(List<StoreChange> changes)
    {
        foreach (var change in changes)
        {
            if (!IsWritten(change))
                continue;
            Add(change.NewWebhooksOrNull, _webhooks);
            Add(change.WebhookProgressOrNull, _webhookProgress);
            Add(change.ReschedulesOrNull, _reschedules);
        }
        _messages.Clear();
        foreach (var progress in _progress)
        {
            if (!progress.Applied)
                continue;
            Add(progress.FollowUpsOrNull, _messages);
            Add(progress.WebhooksOrNull, _webhooks);
        }
        foreach (var webhook in _webhooks)
            webhook.Node = _nodes.Own;
    }

    /// <summary>The lists stay, with their room; what was in them does not.</summary>
    private void Forget()
    {
        _statements.Drop();
        _checks.Clear();
        _held.Clear();
        _messages.Clear();
        _keys.Clear();
        _attempts.Clear();
        _rejections.Clear();
        _progress.Clear();
        _progressInOrder.Clear();
        _webhooks.Clear();
        _webhookIds.Clear();
        _webhookProgress.Clear();
        _webhookProgressInOrder.Clear();
        _reschedules.Clear();
    }

    private static void Add<T>(List<T>? some, List<T> to)
    {
        if (some is not null)
            to.AddRange(some);
    }

    private void Execute<T>(RowStatement<T> statement, List<T> rows) => Execute(statement, rows, _answers);

    private static void Execute<T>(RowStatement<T> statement, List<T> rows, List<long> returned)
    {
        if (rows.Count > 0)
            statement.Execute(rows, returned);
    }

    /// <summary>Returns what it answers, until the next one is asked.</summary>
    private List<long> Ask<T>(RowStatement<T> statement, List<T> rows)
    {
        _answers.Clear();
        Execute(statement, rows, _answers);
        _statements.Flush();
        return _answers;
    }

    /// <summary>Rows are locked in the order of their ids on every node.</summary>
    private void Update<T>(RowStatement<T> statement, List<T> progress, List<T> inOrder) where T : RowProgress
    {
        if (progress.Count == 0)
            return;
        inOrder.AddRange(progress);
        inOrder.Sort(ById);
        if (!HasRepeats(inOrder))
        {
            UpdateStep(statement, inOrder);
            return;
        }
        foreach (var step in Steps(progress, p => p.Id))
        {
            step.Sort(ById);
            UpdateStep(statement, step);
        }
    }

    private void UpdateStep<T>(RowStatement<T> statement, List<T> step) where T : RowProgress
    {
        var updated = Ask(statement, step);
        updated.Sort();
        foreach (var one in step)
            one.Applied = updated.BinarySearch(one.Id) >= 0;
    }

    private static int ById(RowProgress one, RowProgress other) => one.Id.CompareTo(other.Id);

    private static bool HasRepeats<T>(List<T> inOrder) where T : RowProgress
    {
        for (var i = 1; i < inOrder.Count; i++)
            if (inOrder[i].Id == inOrder[i - 1].Id)
                return true;
        return false;
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

    private bool RunOther(StoreChange change, DbTransaction transaction)
    {
        if (change.Other is null)
            return false;
        var before = ExecutionContext.Capture();
        _db.Database.UseTransaction(transaction);
        try
        {
            change.Other(_db);
            _db.SaveChanges();
            return true;
        }
        finally
        {
            _db.ChangeTracker.Clear();
            _db.Database.UseTransaction(null);
            // EF leaves a mark on the thread, which would be copied into everything that follows from an answer.
            if (before is not null)
                ExecutionContext.Restore(before);
        }
    }
}
