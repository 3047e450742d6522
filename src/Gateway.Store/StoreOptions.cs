namespace Gateway.Store;

public enum StoreProvider { Sqlite, Postgres }

/// <summary>The settings under <c>Store</c>.</summary>
public sealed class StoreOptions
{
    public StoreProvider Provider { get; set; } = StoreProvider.Sqlite;

    /// <summary>ADO.NET connection string; a relative SQLite path is taken from the current working directory.</summary>
    public string ConnectionString { get; set; } = "Data Source=gateway.db";

    /// <summary>
    /// Changes that may wait for the writer (1 and up); beyond it acceptance is refused. Urgent changes have as much room of their own.
    /// </summary>
    public int MaxPendingWrites { get; set; } = 10_000;

    /// <summary>
    /// How far apart commits are kept under load (0 to 100 ms); no change waits longer for its batch, and none that comes alone.
    /// </summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromMilliseconds(4);
}
