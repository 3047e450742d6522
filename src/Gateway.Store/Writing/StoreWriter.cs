using System.Data;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Gateway.Store;

/// <summary>
/// The group-committing writer: changes of all callers share transactions, and each caller is answered when its own is durable.
/// <para>
/// One thread takes what is queued, urgent changes first, at most 512 at once, writes them in one transaction and then answers their
/// callers. A lone change is committed at once; once several share commits, these keep <see cref="StoreOptions.CommitInterval"/>
/// apart, because a commit costs as much as twenty rows; what arrives meanwhile shares the next one. An urgent change waits for nothing.
/// </para><para>
/// When a transaction fails for a reason that lies in the data, its changes are written again one by one (each behind a savepoint, under
/// one commit), so that only the bad one fails. When the database is at fault, all that wait fail at once with
/// <see cref="StoreUnavailableException"/>, and so does whatever comes until the writer, which tries twice a second, has reached it again.
/// </para><para>
/// Bounded: <see cref="StoreOptions.MaxPendingWrites"/> changes wait; then acceptance is refused, and progress waits outside for room.
/// </para>
/// </summary>
public sealed partial class StoreWriter : IAsyncDisposable
{
    private const int MaxBatch = 512;
    private const string Savepoint = "change";
    private static readonly TimeSpan ReconnectInterval = TimeSpan.FromMilliseconds(500);

    private readonly StoreDatabase _database;
    private readonly Nodes _nodes;
    private readonly TimeSpan _commitInterval;
    private readonly ILogger<StoreWriter> _logger;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Under the gate.
    private readonly object _gate = new();
    private readonly Lane _urgent, _normal;
    private bool _idle;
    private bool _closing;
    private Exception? _fault;

    // The writer's thread only.
    private WriterSession? _session;
    private long _batchStarted;
    private int _lastBatch;
    private long _commits;

    internal StoreWriter(StoreDatabase database, StoreOptions options, Nodes nodes, ILogger<StoreWriter> logger)
    {
        _database = database;
        _nodes = nodes;
        _commitInterval = options.CommitInterval;
        _logger = logger;
        _urgent = new Lane(options.MaxPendingWrites);
        _normal = new Lane(options.MaxPendingWrites);
        // A thread of its own: it blocks in fsync, and the pool starts with only as many threads as the machine has cores.
        new Thread(Run) { IsBackground = true, Name = "store writer" }.Start();
    }

    /// <summary>Transactions committed so far.</summary>
    internal long Commits => Volatile.Read(ref _commits);

    /// <summary>
    /// Accepts: false at once when <see cref="StoreOptions.MaxPendingWrites"/> changes wait, otherwise true once the change is durable.
    /// Throws what the database said to this change alone, or <see cref="StoreUnavailableException"/>.
    /// </summary>
    public async ValueTask<bool> TryWriteAsync(StoreChange change)
    {
        var lane = LaneOf(change);
        if (!lane.Room.Wait(0))
            return false;
        await Enqueue(change, lane);
        return true;
    }

    /// <summary>
    /// Progress of what was accepted: waits for room instead (as long as <paramref name="cancel"/> lets it; a change that got room is
    /// written), and completes once the change is durable. Throws as <see cref="TryWriteAsync"/> does.
    /// </summary>
    public async ValueTask WriteAsync(StoreChange change, CancellationToken cancel)
    {
        var lane = LaneOf(change);
        await lane.Room.WaitAsync(cancel);
        await Enqueue(change, lane);
    }

    /// <summary>Writes what waits, takes no more, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }
        await _ended.Task;
    }

    private Lane LaneOf(StoreChange change) => change.Urgent ? _urgent : _normal;

    private Task Enqueue(StoreChange change, Lane lane)
    {
        var write = new PendingWrite(change);
        lock (_gate)
        {
            if (_closing || _fault is not null)
            {
                lane.Room.Release();
                throw _closing ? new StoreUnavailableException("The store is closing.") : _database.Unavailable(_fault!);
            }
            lane.Queue.Enqueue(write);
            if (_idle || change.Urgent || lane.Queue.Count == MaxBatch)
                Monitor.Pulse(_gate);
        }
        return write.Task;
    }

    private void Run()
    {
        var batch = new List<PendingWrite>(MaxBatch);
        while (Take(batch))
        {
            Write(batch);
            batch.Clear();
            if (_session is null)
                Reconnect();
        }
        CloseSession();
        _ended.SetResult();
    }

    /// <summary>Waits for the next batch; false when the writer closes and all is written.</summary>
    private bool Take(List<PendingWrite> batch)
    {
        lock (_gate)
        {
            while (_urgent.Queue.Count + _normal.Queue.Count == 0)
            {
                if (_closing)
                    return false;
                _idle = true;
                Monitor.Wait(_gate);
                _idle = false;
            }
            while (MayWait() && UntilNextCommit() is { TotalMilliseconds: >= 1 } wait)
                Monitor.Wait(_gate, wait);
            // A quarter of each batch is for the others, however urgent the rest is.
            _urgent.MoveTo(batch, MaxBatch * 3 / 4);
            _normal.MoveTo(batch, MaxBatch);
            _urgent.MoveTo(batch, MaxBatch);
            _batchStarted = Stopwatch.GetTimestamp();
            _lastBatch = batch.Count;
        }
        return true;
    }

    /// <summary>Somebody alone, one change after the other, would wait for company that does not come.</summary>
    private bool MayWait() => (_lastBatch > 1 || _normal.Queue.Count > 1) && _urgent.Queue.Count == 0 && _normal.Queue.Count < MaxBatch && !_closing;

    private TimeSpan UntilNextCommit() => _commitInterval - Stopwatch.GetElapsedTime(_batchStarted);

    private void Write(List<PendingWrite> batch)
    {
        try
        {
            _session ??= new WriterSession(_database, _nodes);
            try
            {
                while (!TryWriteTogether(batch, _session)) { }
            }
            catch (Exception fault) when (!_database.IsUnavailable(fault))
            {
                LogBatchFailed(batch.Count, fault);
                WriteOneByOne(batch);
            }
        }
        catch (Exception fault)
        {
            Fail(batch, fault);
        }
    }

    /// <summary>False when another node's transaction was in the way; nothing is written then.</summary>
    private bool TryWriteTogether(List<PendingWrite> batch, WriterSession session)
    {
        int rows;
        try
        {
            using var transaction = session.Connection.BeginTransaction();
            rows = session.Apply([.. batch.Select(w => w.Change)], transaction);
            transaction.Commit();
        }
        catch (Exception fault) when (_database.IsConflict(fault))
        {
            LogConflict(batch.Count);
            return false;
        }
        foreach (var write in batch)
            write.SetResult();
        Committed(session, rows);
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
                write.SetException(fault);
            else
                write.SetResult();
        }
        Committed(_session, rows.Value);
    }

    /// <summary>The rows committed, or null when it has to be done again: a bad change broke the connection, or another node was in the way.</summary>
    private int? TryOneByOne(List<PendingWrite> batch, Dictionary<PendingWrite, Exception> bad, WriterSession session)
    {
        var rows = 0;
        using var transaction = session.Connection.BeginTransaction();
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
            catch (Exception fault) when (!_database.IsUnavailable(fault))
            {
                bad.Add(write, fault);
                if (session.Connection.State != ConnectionState.Open)
                    return null;
                transaction.Rollback(Savepoint);
            }
        }
        transaction.Commit();
        return rows;
    }

    private void Committed(WriterSession session, int rows)
    {
        Volatile.Write(ref _commits, _commits + 1);
        try
        {
            _database.AfterCommit(session.Connection, rows);
        }
        catch (DbException fault)
        {
            LogUpkeepFailed(fault);
        }
    }

    private void Fail(List<PendingWrite> batch, Exception fault)
    {
        LogUnavailable(_database.Place, fault);
        CloseSession();
        lock (_gate)
        {
            _fault = fault;
            _urgent.MoveTo(batch, int.MaxValue);
            _normal.MoveTo(batch, int.MaxValue);
        }
        foreach (var write in batch)
            write.TrySetException(_database.Unavailable(fault));
    }

    private void Reconnect()
    {
        while (true)
        {
            lock (_gate)
            {
                if (!_closing)
                    Monitor.Wait(_gate, ReconnectInterval);
                if (_closing)
                    return;
            }
            try
            {
                _session = new WriterSession(_database, _nodes);
                lock (_gate)
                    _fault = null;
                LogAvailable(_database.Place);
                return;
            }
            catch (Exception fault)
            {
                lock (_gate)
                    _fault = fault;
            }
        }
    }

    private void CloseSession()
    {
        try
        {
            _session?.Dispose();
        }
        catch (DbException fault)
        {
            LogUpkeepFailed(fault);
        }
        _session = null;
    }

    [LoggerMessage(5001, LogLevel.Warning, "A transaction of {Changes} changes failed; they are written one by one")]
    private partial void LogBatchFailed(int changes, Exception fault);

    [LoggerMessage(5002, LogLevel.Error, "The {Place} is unavailable; writes are refused until it is back")]
    private partial void LogUnavailable(string place, Exception fault);

    [LoggerMessage(5003, LogLevel.Information, "The {Place} is available again")]
    private partial void LogAvailable(string place);

    [LoggerMessage(5005, LogLevel.Information, "A transaction of {Changes} changes crossed another node's and is written again")]
    private partial void LogConflict(int changes);

    [LoggerMessage(5004, LogLevel.Warning, "Upkeep of the writer's connection failed")]
    private partial void LogUpkeepFailed(Exception fault);

    private sealed class Lane(int room)
    {
        public Queue<PendingWrite> Queue { get; } = new();
        public SemaphoreSlim Room { get; } = new(room);

        public void MoveTo(List<PendingWrite> batch, int most)
        {
            var moved = 0;
            while (batch.Count < most && Queue.TryDequeue(out var write))
            {
                batch.Add(write);
                moved++;
            }
            if (moved > 0)
                Room.Release(moved);
        }
    }
}
