namespace Gateway.Store;

/// <summary>A <see cref="RowCommand{T}"/> prepared on a connection.</summary>
internal abstract class RowStatement<T> : IDisposable
{
    /// <summary>
    /// Runs it in the connection's open transaction; ids it returns are appended, those of inserts in the order of the rows.
    /// </summary>
    public abstract void Execute(IReadOnlyList<T> rows, List<long> returned);

    public abstract void Dispose();
}
