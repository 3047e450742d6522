using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gateway.Store;

/// <summary>The database of the gateway: opens contexts, keeps the schema, owns the <see cref="Writer"/>. One for each process.</summary>
public sealed partial class GatewayStore : IAsyncDisposable
{
    /// <summary>Loaded by its name: it references this project, so this project cannot reference it.</summary>
    internal const string MigrationsAssembly = "Gateway.Migrations";

    private const int Tries = 3;

    private readonly StoreDatabase _database;
    private readonly ILogger<GatewayStore> _logger;
    private volatile bool _migrated;

    /// <summary>Opens nothing yet. Throws <see cref="ArgumentException"/> when the settings cannot be right.</summary>
    public GatewayStore(StoreOptions options, TimeProvider time, ILoggerFactory logging)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPendingWrites, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CommitInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.CommitInterval, TimeSpan.FromMilliseconds(100));
        try
        {
            _database = options.Provider == StoreProvider.Sqlite
                ? new SqliteDatabase(options.ConnectionString, MigrationsAssembly, time, logging)
                : new PostgresDatabase(options.ConnectionString, MigrationsAssembly);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException)
        {
            throw new ArgumentException($"Store:ConnectionString does not suit Store:Provider {options.Provider}: {fault.Message}", fault);
        }
        _logger = logging.CreateLogger<GatewayStore>();
        Nodes = new Nodes(_database);
        Writer = new StoreWriter(_database, options, Nodes, logging.CreateLogger<StoreWriter>());
        DueMessages = new DueMessages(_database, Nodes);
        History = new History(_database, Writer);
        Lists = new Lists(_database);
        Directory = new DirectoryRows(_database, Writer);
    }

    public StoreWriter Writer { get; }

    public DueMessages DueMessages { get; }

    public Nodes Nodes { get; }

    public History History { get; }

    public Lists Lists { get; }

    public DirectoryRows Directory { get; }

    /// <summary>A context from the pool; dispose it to give it back. Rows are written through the <see cref="Writer"/>.</summary>
    public GatewayDb Open() => _database.Open();

    /// <inheritdoc cref="StoreDatabase.ReadAsync"/>
    public Task<T> ReadAsync<T>(Func<GatewayDb, ValueTask<T>> read) => _database.ReadAsync(read);

    /// <summary>
    /// Writes a change whose <see cref="StoreChange.Other"/> sets rows by what it reads: when another node has changed or added one of them in between, it
    /// reads again.
    /// </summary>
    public async Task WriteByReadingAsync(StoreChange change, CancellationToken cancel)
    {
        for (var left = Tries; ; left--)
        {
            try
            {
                await Writer.WriteAsync(change, cancel);
                return;
            }
            catch (DbUpdateException) when (left > 1)
            {
            }
        }
    }

    /// <summary>A write failed because a key it brought is stored already; nothing of it was.</summary>
    public bool IsRepeatedKey(Exception fault) => _database.IsRepeatedKey(fault);

    /// <summary>
    /// Makes the database when it is missing and brings its schema up to date; several nodes may do so at once. Throws
    /// <see cref="StoreUnavailableException"/>, whose message an operator understands.
    /// </summary>
    public async Task MigrateAsync(CancellationToken cancel)
    {
        await _database.CreateAsync(cancel);
        await using var db = Open();
        if ((await db.Database.GetPendingMigrationsAsync(cancel)).Any())
        {
            await using var held = await _database.LockSchemaAsync(db, cancel);
            await db.Database.MigrateAsync(cancel);
            LogMigrated(_database.Place);
        }
        _migrated = true;
    }

    /// <summary>The schema is up to date and a write goes through.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        try
        {
            if (!_migrated)
            {
                await using var db = Open();
                _migrated = !(await db.Database.GetPendingMigrationsAsync(cancel)).Any();
            }
            // A delete that finds nothing still needs the right to write.
            var probe = new StoreChange { Urgent = true, Other = db => db.Watches.Where(w => w.Subscriber == "").ExecuteDelete() };
            return _migrated && await Writer.TryWriteAsync(probe).AsTask().WaitAsync(cancel);
        }
        catch (Exception fault) when (fault is DbException or StoreUnavailableException || _database.IsUnavailable(fault))
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        await _database.DisposeAsync();
    }

    [LoggerMessage(5021, LogLevel.Information, "The schema of the {Place} is up to date")]
    private partial void LogMigrated(string place);
}
