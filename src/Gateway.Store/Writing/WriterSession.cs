using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>The writer's connection with its prepared statements, and how changes become rows within one transaction.</summary>
internal sealed class WriterSession : IDisposable
{
    private readonly GatewayDb _db;
    private readonly RowStatement<ShortMessageRow> _insertMessages;
    private readonly RowStatement<IdempotencyKeyRow> _insertKeys;
    private readonly RowStatement<AttemptRow> _insertAttempts;
    private readonly RowStatement<WebhookRow> _insertWebhooks;
    private readonly RowStatement<MessageProgress> _updateMessages;
    private readonly RowStatement<WebhookProgress> _updateWebhooks;
    private readonly RowStatement<Reschedule> _reschedule;

    public WriterSession(StoreDatabase database)
    {
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
            _updateMessages = database.Prepare(MessageProgress.Command(model), Connection);
            _updateWebhooks = database.Prepare(WebhookProgress.Command(model), Connection);
            _reschedule = database.Prepare(Reschedule.Command(), Connection);
        }
        catch
        {
            _db.Dispose();
            throw;
        }
    }

    public DbConnection Connection { get; }

    /// <summary>Writes the changes in the order <see cref="StoreChange"/> promises and returns how many rows that were.</summary>
    public int Apply(IReadOnlyCollection<StoreChange> changes, DbTransaction transaction)
    {
        var messages = changes.SelectMany(c => c.NewMessagesOrNone).ToList();
        var keys = changes.SelectMany(c => c.NewKeysOrNone).ToList();
        var attempts = changes.SelectMany(c => c.NewAttemptsOrNone).ToList();
        var progress = changes.SelectMany(c => c.ProgressOrNone).ToList();
        var webhookProgress = changes.SelectMany(c => c.WebhookProgressOrNone).ToList();
        var reschedules = changes.SelectMany(c => c.ReschedulesOrNone).ToList();

        Execute(_insertKeys, keys);
        Execute(_insertMessages, messages);
        Execute(_insertAttempts, attempts);
        Update(_updateMessages, progress);

        var applied = progress.Where(p => p.Applied).ToList();
        var followUps = applied.SelectMany(p => p.FollowUpsOrNone).ToList();
        var webhooks = changes.SelectMany(c => c.NewWebhooksOrNone).Concat(applied.SelectMany(p => p.WebhooksOrNone)).ToList();
        Execute(_insertMessages, followUps);
        var ids = Execute(_insertWebhooks, webhooks);
        for (var i = 0; i < webhooks.Count; i++)
            webhooks[i].Id = ids[i];
        Update(_updateWebhooks, webhookProgress);
        foreach (var step in Steps(reschedules, r => r.Recipient))
            Execute(_reschedule, step);

        foreach (var change in changes)
            RunOther(change, transaction);
        return messages.Count + keys.Count + attempts.Count + progress.Count + followUps.Count + webhooks.Count + webhookProgress.Count
            + reschedules.Count + changes.Count(c => c.Other is not null);
    }

    public void Dispose()
    {
        _insertMessages.Dispose();
        _insertKeys.Dispose();
        _insertAttempts.Dispose();
        _insertWebhooks.Dispose();
        _updateMessages.Dispose();
        _updateWebhooks.Dispose();
        _reschedule.Dispose();
        _db.Dispose();
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
