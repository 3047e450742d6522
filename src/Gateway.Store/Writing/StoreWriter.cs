using System.Data.Common;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Gateway.Store;

/// <summary>
/// The group-committing writer: changes of all callers share transactions, and each caller is answered when its own is durable.
/// <para>
/// One thread takes what is queued, urgent changes first, at most 512 at once and no more than it lately wrote in <see cref="Longest"/>, writes
/// them in one transaction and then answers their callers. A lone change is committed at once; once several share commits, these keep <see cref="StoreOptions.CommitInterval"/>
/// apart, because a commit costs as much as twenty rows; what arrives meanwhile shares the next one. An urgent change waits for nothing.
/// </para><para>
/// When a transaction fails for a reason that lies in the data, its changes are written again one by one (each behind a savepoint, under
/// one commit), so that only the bad one fails. When the database is at fault, all that wait fail at once with
/// <see cref="StoreUnavailableException"/>, and so does whatever comes until the writer, which tries twice a second, has reached it again.
/// A connection that was cut is no such fault yet: on a new one the same is written again, at once; and a commit whose answer was cut off is
/// looked up first, so that nothing is written twice, and nothing refused that is stored.
/// </para><para>
/// Bounded: <see cref="StoreOptions.MaxPendingWrites"/> changes wait; then acceptance is refused, and progress waits outside for room.
/// </para>
/// </summary>
public sealed partial class StoreWriter : IAsyncDisposable
{
    private const int MaxBatch = 512, MinBatch = 32;
    /// <summary>An urgent change waits for the end of the transaction that it finds under way, so none is to take longer.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(8);
    private static readonly TimeSpan ReconnectInterval = TimeSpan.FromMilliseconds(500);

    private readonly StoreDatabase _database;
    private readonly Nodes _nodes;
    private readonly TimeSpan _commitInterval;
    private readonly ILogger<StoreWriter> _logger;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Under the gate.
    private readonly object _gate = new();
    private readonly Lane _urgent, _normal;
    private readonly Queue<PendingWrite> _hurried = new(); // these stand in _normal too
    private readonly WriterMetrics _metrics;
    private bool _idle;
    private bool _closing;
    private Exception? _fault;

    // The writer's thread only.
    private readonly List<StoreChange> _changes = new(MaxBatch);
    private WriterSession? _session;
    private long _batchStarted;
    private int _lastBatch;
    private int _limit = MaxBatch;
    private double _ticksAChange;
    private long _commits;

    internal StoreWriter(StoreDatabase database, StoreOptions options, Nodes nodes, ILogger<StoreWriter> logger)
    {
        _database = database;
        _nodes = nodes;
        _commitInterval = options.CommitInterval;
        _logger = logger;
        _urgent = new Lane(options.MaxPendingWrites);
        _normal = new Lane(options.MaxPendingWrites);
        _metrics = new WriterMetrics(() => Pending);
        // A thread of its own: it blocks in fsync, and the pool starts with only as many threads as the machine has cores.
        // What flows with whoever opens the store would be kept for ever, and carried into everything that follows from an answer.
        new Thread(Run) { IsBackground = true, Name = "store writer" }.UnsafeStart();
    }

    private int Pending
    {
        get { lock (_gate) return _urgent.Queue.Count + _normal.Queue.Count; }
    }

    /// <summary>Transactions committed so far.</summary>
    internal long Commits => Volatile.Read(ref _commits);

    /// <summary>
    /// Accepts: false at once when <see cref="StoreOptions.MaxPendingWrites"/> changes wait, otherwise true once the change is durable.
    /// Throws what the database said to this change alone, or <see cref="StoreUnavailableException"/>.
    /// </summary>
    public ValueTask<bool> TryWriteAsync(StoreChange change)
    {
        var lane = LaneOf(change);
        return lane.Room.Wait(0, CancellationToken.None) ? Enqueue(change, lane).Durable : new(false);
    }

    /// <summary>
    /// Progress of what was accepted: waits for room instead (as long as <paramref name="cancel"/> lets it; a change that got room is
    /// written), and completes once the change is durable. Throws as <see cref="TryWriteAsync"/> does.
    /// </summary>
    public ValueTask WriteAsync(StoreChange change, CancellationToken cancel)
    {
        var lane = LaneOf(change);
        return !cancel.IsCancellationRequested && lane.Room.Wait(0, CancellationToken.None)
            ? Enqueue(change, lane).End
            : new(WriteWhenThereIsRoomAsync(change, lane, cancel));
    }

    private async Task WriteWhenThereIsRoomAsync(StoreChange change, Lane lane, CancellationToken cancel)
    {
        await lane.Room.WaitAsync(cancel);
        await Enqueue(change, lane).End;
    }

    /// <summary>Something urgent has begun to wait for this change: from now on it goes with what is urgent. Nothing happens if it is written already.</summary>
    public void Hurry(StoreChange change)
    {
        lock (_gate)
        {
            if (change.Urgent || change.Pending is not { Taken: false, Hurried: false } write)
                return;
            write.Hurried = true;
            _hurried.Enqueue(write);
            Monitor.Pulse(_gate);
        }
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
        _metrics.Dispose();
    }

    private Lane LaneOf(StoreChange change) => change.Urgent ? _urgent : _normal;

    private PendingWrite Enqueue(StoreChange change, Lane lane)
    {
        var write = new PendingWrite(change);
        lock (_gate)
        {
            if (_closing || _fault is not null)
            {
                lane.Room.Release();
                write.Fail(_closing ? new StoreUnavailableException("The store is closing.") : _database.Unavailable(_fault!));
                return write;
            }
            lane.Queue.Enqueue(write);
            change.Pending = write;
            if (_idle || change.Urgent || lane.Queue.Count == _limit)
                Monitor.Pulse(_gate);
        }
        return write;
    }

    private void Run()
    {
        var batch = new List<PendingWrite>(MaxBatch);
        while (Take(batch))
        {
            if (batch.Count == 0)
                continue; // all that stood in line went before, hurried
            Write(batch);
            var took = Stopwatch.GetElapsedTime(_batchStarted);
            _metrics.Written(batch.Count, took);
            Adapt(batch.Count, took);
            batch.Clear();
            _changes.Clear();
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
            // A quarter of each batch is for the others, however urgent the rest is; and no more, so that what is urgent is durable soon.
            while (batch.Count < _limit / 4 && _hurried.TryDequeue(out var hurried))
            {
                if (hurried.Taken)
                    continue;
                hurried.Taken = true;
                batch.Add(hurried);
            }
            _urgent.MoveTo(batch, _limit * 3 / 4);
            _normal.MoveTo(batch, batch.Count == 0 ? _limit : batch.Count + _limit / 4);
            _urgent.MoveTo(batch, _limit);
            _batchStarted = Stopwatch.GetTimestamp();
            _lastBatch = batch.Count;
        }
        return true;
    }

    /// <summary>Somebody alone, one change after the other, would wait for company that does not come.</summary>
    private bool MayWait() => (_lastBatch > 1 || _normal.Queue.Count > 1) && _urgent.Queue.Count + _hurried.Count == 0 && _normal.Queue.Count < _limit
        && !_closing;

    /// <summary>How many changes fit into a transaction, by the mean of the last ones; small ones are mostly commit, and say little.</summary>
    private void Adapt(int changes, TimeSpan took)
    {
        if (changes < MinBatch / 2) return;
        var ticks = (double)took.Ticks / changes;
        _ticksAChange = _ticksAChange == 0 ? ticks : _ticksAChange + (ticks - _ticksAChange) / 8;
        lock (_gate)
            _limit = (int)Math.Clamp(Longest.Ticks / _ticksAChange, MinBatch, MaxBatch);
    }

    private TimeSpan UntilNextCommit() => _commitInterval - Stopwatch.GetElapsedTime(_batchStarted);

    private void Committed(int rows)
    {
        Volatile.Write(ref _commits, _commits + 1);
        try
        {
            _database.AfterCommit(_session!.Connection, rows);
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
            if (!write.HasEnded)
                write.Fail(_database.Unavailable(fault));
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

    [LoggerMessage(5002, LogLevel.Error, "The {Place} is unavailable; writes are refused until it is back")]
    private partial void LogUnavailable(string place, Exception fault);

    [LoggerMessage(5003, LogLevel.Information, "The {Place} is available again")]
    private partial void LogAvailable(string place);

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
                moved++;
                if (write.Taken)
                    continue;
                write.Taken = true;
                batch.Add(write);
            }
            if (moved > 0)
                Room.Release(moved);
        }
    }
}
