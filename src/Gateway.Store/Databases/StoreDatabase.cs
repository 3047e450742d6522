using System.Data.Common;

namespace Gateway.Store;

/// <summary>What SQLite and PostgreSQL do differently; everything else is written once over the one model.</summary>
internal abstract class StoreDatabase : IAsyncDisposable
{
    /// <summary>Each has a new connection, so that only one cut after the other uses them up.</summary>
    public const int TriesWhenCut = 5;

    /// <summary>Where the data is, for people, without secrets.</summary>
    public abstract string Place { get; }

    public abstract GatewayDb Open();

    /// <summary>Makes the database when there is none, or says why it cannot be used.</summary>
    public abstract Task CreateAsync(CancellationToken cancel);

    /// <summary>One process at a time changes the schema; the lock goes with the process that holds it.</summary>
    public abstract Task<IAsyncDisposable> LockSchemaAsync(GatewayDb db, CancellationToken cancel);

    /// <summary>The fault lies with the database or the way to it, not with what was written.</summary>
    public abstract bool IsUnavailable(Exception fault);

    /// <summary>The connection was cut, and nothing says that the server is gone: on a new one the same will most likely go through.</summary>
    public virtual bool IsCut(Exception fault) => false;

    /// <summary>Connections that wait in a pool may all have been cut at once: the next one is new.</summary>
    public virtual void ForgetConnections() { }

    /// <summary>
    /// Asked on a new connection when the answer to a commit was cut off; null: not to be known, because this is not the server it was, or not yet.
    /// </summary>
    public virtual bool? IsCommitted(CommitMark mark, DbConnection connection) => null;

    /// <summary>Reads on a context of its own, again when a connection was cut; so <paramref name="read"/> may run several times.</summary>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public async Task<T> ReadAsync<T>(Func<GatewayDb, ValueTask<T>> read)
    {
        for (var left = TriesWhenCut; ; left--)
        {
            try
            {
                return await ReadOnceAsync(read);
            }
            catch (Exception fault) when (left > 1 && IsCut(fault))
            {
                ForgetConnections();
            }
            catch (Exception fault) when (IsUnavailable(fault))
            {
                throw Unavailable(fault);
            }
        }
    }

    private async Task<T> ReadOnceAsync<T>(Func<GatewayDb, ValueTask<T>> read)
    {
        var db = OpenToRead();
        try
        {
            var result = await read(db);
            CloseRead(db);
            return result;
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    /// <summary>A context that has only been read with, if any.</summary>
    protected virtual GatewayDb OpenToRead() => Open();

    /// <summary>The read went well, and another one may follow.</summary>
    protected virtual void CloseRead(GatewayDb db) => db.Dispose();

    /// <summary>The transaction met another one's and gave way: the same again will go through.</summary>
    public virtual bool IsConflict(Exception fault) => false;

    /// <summary>A row with this key is there already.</summary>
    public abstract bool IsRepeatedKey(Exception fault);

    /// <summary>Once for each connection of the writer.</summary>
    public abstract void PrepareWriter(DbConnection connection);

    /// <summary>On the writer's thread after each commit, between transactions.</summary>
    public abstract void AfterCommit(DbConnection connection, int rows);

    public abstract RowStatements Statements(DbConnection connection);

    public virtual ValueTask DisposeAsync() => default;

    public StoreUnavailableException Unavailable(Exception fault) =>
        new($"The {Place} is unavailable: {fault.GetBaseException().Message}", fault);

    protected StoreUnavailableException Unusable(Exception fault) =>
        new($"Store:ConnectionString: cannot use the {Place}: {fault.GetBaseException().Message}", fault);
}

/// <summary>A transaction, by its number on a server that has run since a moment (microseconds).</summary>
internal sealed record CommitMark(long Transaction, long ServerStartedAt);
