using System.Data.Common;

namespace Gateway.Store;

/// <summary>What SQLite and PostgreSQL do differently; everything else is written once over the one model.</summary>
internal abstract class StoreDatabase : IAsyncDisposable
{
    /// <summary>Where the data is, for people, without secrets.</summary>
    public abstract string Place { get; }

    public abstract GatewayDb Open();

    /// <summary>Makes the database when there is none, or says why it cannot be used.</summary>
    public abstract Task CreateAsync(CancellationToken cancel);

    /// <summary>One process at a time changes the schema; the lock goes with the process that holds it.</summary>
    public abstract Task<IAsyncDisposable> LockSchemaAsync(GatewayDb db, CancellationToken cancel);

    /// <summary>The fault lies with the database or the way to it, not with what was written.</summary>
    public abstract bool IsUnavailable(Exception fault);

    /// <summary>Reads on a context of its own.</summary>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public async Task<T> ReadAsync<T>(Func<GatewayDb, ValueTask<T>> read)
    {
        try
        {
            await using var db = Open();
            return await read(db);
        }
        catch (Exception fault) when (IsUnavailable(fault))
        {
            throw Unavailable(fault);
        }
    }

    /// <summary>The transaction met another one's and gave way: the same again will go through.</summary>
    public virtual bool IsConflict(Exception fault) => false;

    /// <summary>A row with this key is there already.</summary>
    public abstract bool IsRepeatedKey(Exception fault);

    /// <summary>Once for each connection of the writer.</summary>
    public abstract void PrepareWriter(DbConnection connection);

    /// <summary>On the writer's thread after each commit, between transactions.</summary>
    public abstract void AfterCommit(DbConnection connection, int rows);

    public abstract RowStatement<T> Prepare<T>(RowCommand<T> command, DbConnection connection);

    public virtual ValueTask DisposeAsync() => default;

    public StoreUnavailableException Unavailable(Exception fault) =>
        new($"The {Place} is unavailable: {fault.GetBaseException().Message}", fault);

    protected StoreUnavailableException Unusable(Exception fault) =>
        new($"Store:ConnectionString: cannot use the {Place}: {fault.GetBaseException().Message}", fault);
}
