namespace Gateway.Store;

public enum StoreProvider { Sqlite, Postgres }

/// <summary>The settings under <c>Store</c>.</summary>
public sealed class StoreOptions
{
    public StoreProvider Provider { get; set; } = StoreProvider.Sqlite;

    /// <summary>ADO.NET connection string; a relative SQLite path is taken from the current working directory.</summary>
    public string ConnectionString { get; set; } = "Data Source=gateway.db";

    /// <summary>Changes that may wait for the writer (1 and up); beyond it acceptance is refused.</summary>
    public int MaxPendingWrites { get; set; } = 10_000;
}
