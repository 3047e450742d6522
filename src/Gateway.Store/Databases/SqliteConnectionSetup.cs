using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace Gateway.Store;

/// <summary>
/// Sets up each SQLite connection once, though the pool hands it out many times: every commit is synced, a taken write lock is waited for,
/// and no commit stops to checkpoint the log (<see cref="SqliteCheckpointer"/> does).
/// </summary>
internal sealed class SqliteConnectionSetup : DbConnectionInterceptor
{
    private readonly ConditionalWeakTable<sqlite3, object> _done = [];

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => SetUp((SqliteConnection)connection);

    public override Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        SetUp((SqliteConnection)connection);
        return Task.CompletedTask;
    }

    public static void Apply(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            $"PRAGMA synchronous = FULL; PRAGMA busy_timeout = {connection.DefaultTimeout * 1000}; PRAGMA wal_autocheckpoint = 0";
        command.ExecuteNonQuery();
    }

    private void SetUp(SqliteConnection connection)
    {
        if (_done.TryAdd(connection.Handle!, this))
            Apply(connection);
    }
}
