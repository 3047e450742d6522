using System.Data;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Gateway.Store;

/// <summary>How a batch becomes a transaction, whatever meets it.</summary>
public sealed partial class StoreWriter
{
    private const string Savepoint = "change";
    /// <summary>The server may still be at work on a commit that nobody waits for any more.</summary>
    private static readonly TimeSpan LookUpPatience = TimeSpan.FromSeconds(3), LookUpInterval = TimeSpan.FromMilliseconds(10);

    private void Write(List<PendingWrite> batch)
    {
        for (var left = StoreDatabase.TriesWhenCut; ; left--)
        {
            try
            {
                WriteOnce(batch);
                return;
            }
            catch (Exception fault) when (left > 1 && _database.IsCut(fault))
            {
                LogCut(_database.Place, batch.Count, fault.Message);
                _database.ForgetConnections();
                CloseSession();
            }
            catch (Exception fault)
            {
                Fail(batch, fault);
                return;
            }
        }
    }

    private void WriteOnce(List<PendingWrite> batch)
    {
        _session ??= new WriterSession(_database, _nodes);
        try
        {
            while (!TryWriteTogether(batch, _session)) { }
        }
        catch (Exception fault) when (!_database.IsUnavailable(fault) && !_database.IsCut(fault))
        {
            LogBatchFailed(batch.Count, fault);
            WriteOneByOne(batch);
        }
    }

    /// <summary>False when another node's transaction was in the way; nothing is written then.</summary>
    private bool TryWriteTogether(List<PendingWrite> batch, WriterSession session)
    {
        int rows;
        try
        {
            using var transaction = session.BeginTransaction();
            _changes.Clear();
            foreach (var write in batch)
                _changes.Add(write.Change);
            rows = session.Apply(_changes, transaction);
            Commit(transaction, session);
        }
        catch (Exception fault) when (_database.IsConflict(fault))
        {
            LogConflict(batch.Count);
            return false;
        }
        foreach (var write in batch)
            write.Succeed();
        Committed(rows);
        return true;
    }

    private void WriteOneByOne(List<PendingWrite> batch)
    {
        var bad = new Dictionary<PendingWrite, Exception>();
        int? rows;
        do
        {
            // What cannot even be sent may have broken the connection.
            if (_session is not { Connection.State: ConnectionState.Open })
            {
                CloseSession();
                _session = new WriterSession(_database, _nodes);
            }
            rows = TryOneByOne(batch, bad, _session);
        }
        while (rows is null);

        foreach (var write in batch)
        {
            if (bad.TryGetValue(write, out var fault))
                write.Fail(fault);
            else
                write.Succeed();
        }
        Committed(rows.Value);
    }

    /// <summary>The rows committed, or null when it has to be done again: a bad change broke the connection, or another node was in the way.</summary>
    private int? TryOneByOne(List<PendingWrite> batch, Dictionary<PendingWrite, Exception> bad, WriterSession session)
    {
        var rows = 0;
        using var transaction = session.BeginTransaction();
        foreach (var write in batch)
        {
            if (bad.ContainsKey(write))
                continue;
            transaction.Save(Savepoint);
            try
            {
                rows += session.Apply([write.Change], transaction);
                transaction.Release(Savepoint);
            }
            catch (Exception fault) when (_database.IsConflict(fault))
            {
                return null;
            }
            catch (Exception fault) when (!_database.IsUnavailable(fault) && !_database.IsCut(fault))
            {
                bad.Add(write, fault);
                if (session.Connection.State != ConnectionState.Open)
                    return null;
                transaction.Rollback(Savepoint);
            }
        }
        Commit(transaction, session);
        return rows;
    }

    /// <summary>When it throws, nothing is written, or it is not to be known; the fault of the latter is no cut, which would have it written again.</summary>
    private void Commit(DbTransaction transaction, WriterSession session)
    {
        var mark = session.MarkCommit();
        try
        {
            transaction.Commit();
        }
        catch (Exception fault) when (mark is not null && _database.IsUnavailable(fault))
        {
            if (!LookUp(mark, fault))
                throw;
        }
    }

    /// <summary>Whether the transaction was committed whose answer was cut off; the writer has a new session then.</summary>
    private bool LookUp(CommitMark mark, Exception lost)
    {
        var asked = Stopwatch.GetTimestamp();
        CloseSession();
        while (true)
        {
            if (Ask(mark) is { } committed)
                return committed;
            if (Stopwatch.GetElapsedTime(asked) >= LookUpPatience)
                throw _database.Unavailable(lost);
            lock (_gate)
                Monitor.Wait(_gate, LookUpInterval);
        }
    }

    /// <summary>Null: the server is still at work on it, or this connection was cut as well.</summary>
    private bool? Ask(CommitMark mark)
    {
        try
        {
            if (_session is null)
            {
                _database.ForgetConnections();
                _session = new WriterSession(_database, _nodes);
            }
            return _database.IsCommitted(mark, _session.Connection);
        }
        catch (Exception fault) when (_database.IsCut(fault))
        {
            CloseSession();
            return null;
        }
        catch (Exception fault) when (fault is not StoreUnavailableException)
        {
            throw _database.Unavailable(fault); // away: not known
        }
    }

    [LoggerMessage(5001, LogLevel.Warning, "A transaction of {Changes} changes failed; they are written one by one")]
    private partial void LogBatchFailed(int changes, Exception fault);

    [LoggerMessage(5005, LogLevel.Information, "A transaction of {Changes} changes crossed another node's and is written again")]
    private partial void LogConflict(int changes);

    [LoggerMessage(5006, LogLevel.Warning, "The connection to the {Place} was cut ({Fault}); {Changes} changes are written again on a new one")]
    private partial void LogCut(string place, int changes, string fault);
}
