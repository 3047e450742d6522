namespace Gateway.Store;

/// <summary>
/// The prepared statements of the writer's connection. What is executed may still be on its way until <see cref="Flush"/>, so that on PostgreSQL
/// several share a round trip; they happen in the order in which they were executed.
/// </summary>
internal abstract class RowStatements : IDisposable
{
    public abstract RowStatement<T> Prepare<T>(RowCommand<T> command);

    /// <summary>A transaction begins.</summary>
    public virtual void Begin() { }

    /// <summary>Returns when all that was executed has happened, and what it answers is there; throws what any of it met.</summary>
    public virtual void Flush() { }

    /// <summary>What is still on its way is not to happen: something else has failed.</summary>
    public virtual void Drop() { }

    /// <summary>
    /// Names the open transaction, just before its commit, so that <see cref="StoreDatabase.IsCommitted"/> knows it afterwards; null: this one
    /// leaves no doubt.
    /// </summary>
    public virtual CommitMark? MarkCommit() => null;

    public abstract void Dispose();
}

/// <summary>A <see cref="RowCommand{T}"/> prepared on a connection.</summary>
internal abstract class RowStatement<T>
{
    /// <summary>
    /// Runs it in the connection's open transaction; ids it returns are appended, at the latest with <see cref="RowStatements.Flush"/>; those of
    /// inserts in the order of the rows.
    /// </summary>
    public abstract void Execute(IReadOnlyList<T> rows, List<long> returned);
}
