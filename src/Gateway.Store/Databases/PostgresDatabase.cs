using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Gateway.Store;

internal sealed class PostgresDatabase : StoreDatabase
{
    private const long SchemaLock = 0x6174_6577_6179; // any number that no other user of the server takes

    // Every query here finds its rows by an index and in its order. The planner must not think otherwise while a table is still small, or
    // has just grown by a million rows that no statistics know of.
    private const string PlanByIndex = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

    private const string ServerStart = "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint";

    private readonly NpgsqlConnectionStringBuilder _connection;
    private readonly PooledDbContextFactory<PostgresGatewayDb> _contexts;

    public PostgresDatabase(string connectionString, string migrationsAssembly)
    {
        _connection = new NpgsqlConnectionStringBuilder(connectionString);
        // Callers wait for these two when the server is gone, so seconds, unless the operator says otherwise.
        if (!_connection.ShouldSerialize("Timeout"))
            _connection.Timeout = 5;
        if (!_connection.ShouldSerialize("Command Timeout"))
            _connection.CommandTimeout = 10;
        _connection.ApplicationName ??= "gateway";
        _connection.Options = $"{PlanByIndex} {_connection.Options}".TrimEnd(); // the operator's own come last and win
        var options = new DbContextOptionsBuilder<PostgresGatewayDb>()
            .UseNpgsql(_connection.ToString(), postgres => postgres.MigrationsAssembly(migrationsAssembly))
            .Options;
        _contexts = new PooledDbContextFactory<PostgresGatewayDb>(options);
    }

    public override string Place =>
        $"PostgreSQL database {_connection.Database ?? _connection.Username} at {_connection.Host}:{_connection.Port}";

    public override GatewayDb Open() => _contexts.CreateDbContext();

    public override async Task CreateAsync(CancellationToken cancel)
    {
        try
        {
            await using var db = Open();
            var creator = db.GetService<IRelationalDatabaseCreator>();
            try
            {
                await db.Database.OpenConnectionAsync(cancel);
            }
            catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.InvalidCatalogName)
            {
                await creator.CreateAsync(cancel);
            }
        }
        catch (PostgresException made) when (made.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another node made it between our two steps.
        }
        catch (Exception fault) when (fault is DbException || IsUnavailable(fault))
        {
            throw Unusable(fault);
        }
    }

    public override async Task<IAsyncDisposable> LockSchemaAsync(GatewayDb db, CancellationToken cancel)
    {
        // The lock is the session's: closing this unpooled connection, or dying, gives it back.
        var session = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_connection.ToString()) { Pooling = false }.ToString());
        try
        {
            await session.OpenAsync(cancel);
            await using var command = new NpgsqlCommand($"SELECT pg_advisory_lock({SchemaLock})", session) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancel);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public override bool IsUnavailable(Exception fault) => fault switch
    {
        StoreUnavailableException => true,
        PostgresException postgres => postgres.SqlState[..2] is
            "08"            // connection exception
            or "53"         // insufficient resources: disk, memory, connections
            or "57"         // operator intervention: shutdown, crash, time-out
            or "58"         // system error
            || postgres.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction, // a standby
        NpgsqlException { InnerException: IOException or System.Net.Sockets.SocketException or TimeoutException } => true,
        { InnerException: { } inner } => IsUnavailable(inner),
        _ => false,
    };

    // A server that is away refuses the new connection, which is told as such; one that hangs is not asked again and again.
    public override bool IsCut(Exception fault) => fault switch
    {
        StoreUnavailableException => false, // what it was has been decided already
        PostgresException postgres => postgres.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or "57P05" or "25P03", // idle too long
        NpgsqlException { InnerException: IOException } => true,
        { InnerException: { } inner } => IsCut(inner),
        _ => false,
    };

    public override void ForgetConnections()
    {
        using var connection = new NpgsqlConnection(_connection.ToString());
        NpgsqlConnection.ClearPool(connection);
    }

    // Numbers of transactions mean something on one server alone: another one that took its place may have given the same number to another.
    public override bool? IsCommitted(CommitMark mark, DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT CASE WHEN {ServerStart} = {mark.ServerStartedAt} THEN txid_status({mark.Transaction}) END";
        return command.ExecuteScalar() switch
        {
            "committed" => true,
            "aborted" => false,
            _ => null,
        };
    }

    // EF wraps what its own statements meet.
    public override bool IsConflict(Exception fault) => fault switch
    {
        PostgresException postgres => postgres.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure,
        { InnerException: { } inner } => IsConflict(inner),
        _ => false,
    };

    public override bool IsRepeatedKey(Exception fault) => fault is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    public override void PrepareWriter(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        // What is answered is durable, whatever the server's default; a stricter one (remote_apply) stays.
        command.CommandText = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
        command.ExecuteNonQuery();
    }

    public override void AfterCommit(DbConnection connection, int rows) { }

    public override RowStatements Statements(DbConnection connection) =>
        new PostgresRowStatements((NpgsqlConnection)connection, ServerStart);

    public override ValueTask DisposeAsync()
    {
        ForgetConnections();
        return default;
    }
}
