using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>The writer's connection with its prepared statements, and how changes become rows within one transaction.</summary>
internal sealed class WriterSession : IDisposable
{
    private readonly GatewayDb _db;
    private readonly RowStatement<ShortMessageRow> _insertMessages;
    private readonly RowStatement<AttemptRow> _insertAttempts;
    private readonly RowStatement<WebhookRow> _insertWebhooks;
    private readonly RowStatement<MessageProgress> _updateMessages;
    private readonly RowStatement<WebhookProgress> _updateWebhooks;

    public WriterSession(StoreDatabase database)
    {
        _db = database.Open();
        try
        {
            _db.Database.OpenConnection();
            Connection = _db.Database.GetDbConnection();
            database.PrepareWriter(Connection);
            var model = _db.Model;
            _insertMessages = database.Insert(RowShape<ShortMessageRow>.Row(model), returnIds: false, Connection);
            _insertAttempts = database.Insert(RowShape<AttemptRow>.Row(model), returnIds: false, Connection);
            _insertWebhooks = database.Insert(RowShape<WebhookRow>.Row(model), returnIds: true, Connection);
            _updateMessages = database.UpdateUnlessFinal(MessageProgress.Shape(model), Connection);
            _updateWebhooks = database.UpdateUnlessFinal(WebhookProgress.Shape(model), Connection);
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
        var attempts = changes.SelectMany(c => c.NewAttemptsOrNone).ToList();
        var progress = changes.SelectMany(c => c.ProgressOrNone).ToList();
        var webhookProgress = changes.SelectMany(c => c.WebhookProgressOrNone).ToList();

        Insert(_insertMessages, messages);
        Insert(_insertAttempts, attempts);
        Update(_updateMessages, progress);

        var applied = progress.Where(p => p.Applied).ToList();
        var followUps = applied.SelectMany(p => p.FollowUpsOrNone).ToList();
        var webhooks = changes.SelectMany(c => c.NewWebhooksOrNone).Concat(applied.SelectMany(p => p.WebhooksOrNone)).ToList();
        Insert(_insertMessages, followUps);
        var ids = Insert(_insertWebhooks, webhooks);
        for (var i = 0; i < webhooks.Count; i++)
            webhooks[i].Id = ids[i];
        Update(_updateWebhooks, webhookProgress);

        foreach (var change in changes)
            RunOther(change, transaction);
        return messages.Count + attempts.Count + progress.Count + followUps.Count + webhooks.Count + webhookProgress.Count;
    }

    public void Dispose()
    {
        _insertMessages.Dispose();
        _insertAttempts.Dispose();
        _insertWebhooks.Dispose();
        _updateMessages.Dispose();
        _updateWebhooks.Dispose();
        _db.Dispose();
    }

    private static List<long> Insert<T>(RowStatement<T> statement, List<T> rows)
    {
        var ids = new List<long>();
        if (rows.Count > 0)
            statement.Execute(rows, ids);
        return ids;
    }

    private static void Update<T>(RowStatement<T> statement, List<T> steps) where T : RowProgress
    {
        while (steps.Count > 0)
        {
            // Of two steps of one row in one statement, either might win: the later one waits for the next statement.
            var ids = new HashSet<long>(steps.Count);
            var (now, later) = (new List<T>(steps.Count), new List<T>());
            foreach (var step in steps)
                (ids.Add(step.Id) ? now : later).Add(step);

            var updated = new List<long>(now.Count);
            statement.Execute(now, updated);
            ids.IntersectWith(updated);
            foreach (var step in now)
                step.Applied = ids.Contains(step.Id);
            steps = later;
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
