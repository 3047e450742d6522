using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Gateway.Store;

/// <summary>The database of the gateway: opens contexts, keeps the schema, owns the <see cref="Writer"/>. One for each process.</summary>
public sealed class GatewayStore : IAsyncDisposable
{
    private const string MigrationsAssembly = "Gateway.Migrations";

    private readonly Func<GatewayDb> _open;

    public GatewayStore(StoreOptions options, TimeProvider time, ILoggerFactory logging)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(options.ConnectionString);
        _open = options.Provider == StoreProvider.Sqlite ? SqliteContexts(options) : PostgresContexts(options);
        Writer = new StoreWriter(Open, options, time, logging.CreateLogger<StoreWriter>());
        DueMessages = new DueMessages(Open);
    }

    public StoreWriter Writer { get; }

    public DueMessages DueMessages { get; }

    /// <summary>A context from the pool; dispose it to give it back.</summary>
    public GatewayDb Open() => _open();

    /// <summary>Makes the database when it is missing and brings its schema up to date; several nodes may do so at once.</summary>
    public async Task MigrateAsync(CancellationToken cancel)
    {
        await using var db = Open();
        await db.Database.MigrateAsync(cancel);
    }

    /// <summary>The schema is up to date and a write goes through.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        await using var db = Open();
        return !(await db.Database.GetPendingMigrationsAsync(cancel)).Any();
    }

    public ValueTask DisposeAsync() => Writer.DisposeAsync();

    private static Func<GatewayDb> SqliteContexts(StoreOptions options)
    {
        var connection = new SqliteConnectionStringBuilder(options.ConnectionString);
        connection.DataSource = Path.GetFullPath(connection.DataSource);
        var builder = new DbContextOptionsBuilder<SqliteGatewayDb>();
        builder.UseSqlite(connection.ToString(), sqlite => sqlite.MigrationsAssembly(MigrationsAssembly));
        return new PooledDbContextFactory<SqliteGatewayDb>(builder.Options).CreateDbContext;
    }

    private static Func<GatewayDb> PostgresContexts(StoreOptions options)
    {
        var builder = new DbContextOptionsBuilder<PostgresGatewayDb>();
        builder.UseNpgsql(options.ConnectionString, postgres => postgres.MigrationsAssembly(MigrationsAssembly));
        return new PooledDbContextFactory<PostgresGatewayDb>(builder.Options).CreateDbContext;
    }
}
