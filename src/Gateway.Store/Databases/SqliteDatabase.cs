using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Gateway.Store;

internal sealed class SqliteDatabase : StoreDatabase
{
    private const int MaxOpenReaders = 16;
    private static readonly TimeSpan SchemaLockInterval = TimeSpan.FromMilliseconds(50);

    // A connection, with all that hangs on it, is one thread's at a time, as ADO.NET asks for: SQLite need not lock it at each call. Nor does anybody
    // ask how much memory SQLite has, for which it would hold one lock of the process at each allocation. It refuses, harmlessly, when the process
    // has used SQLite before.
    static SqliteDatabase()
    {
        Batteries_V2.Init();
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
    }

    private readonly TimeProvider _time;
    private readonly string _file;
    private readonly string _connectionString;
    private readonly PooledDbContextFactory<SqliteGatewayDb> _contexts;
    private readonly SqliteCheckpointer _checkpointer;
    private readonly ConcurrentStack<GatewayDb> _readers = [];
    private volatile bool _disposed;

    public SqliteDatabase(string connectionString, string migrationsAssembly, TimeProvider time, ILoggerFactory logging)
    {
        _time = time;
        var connection = new SqliteConnectionStringBuilder(connectionString);
        if (connection.Mode == SqliteOpenMode.Memory || connection.DataSource is "" or ":memory:")
            throw new ArgumentException("the store must be durable, so Data Source has to name a file");
        if (!connection.ShouldSerialize("Default Timeout"))
            connection.DefaultTimeout = 10; // seconds for the write lock: who keeps it longer hangs
        _file = Path.GetFullPath(connection.DataSource);
        connection.DataSource = _file;
        _connectionString = connection.ToString();
        var options = new DbContextOptionsBuilder<SqliteGatewayDb>()
            .UseSqlite(_connectionString, sqlite => sqlite.MigrationsAssembly(migrationsAssembly))
            .AddInterceptors(new SqliteConnectionSetup())
            .Options;
        _contexts = new PooledDbContextFactory<SqliteGatewayDb>(options);
        _checkpointer = new SqliteCheckpointer(_connectionString, logging.CreateLogger<SqliteCheckpointer>());
    }

    public override string Place => $"SQLite file {_file}";

    public override GatewayDb Open() => _contexts.CreateDbContext();

    /// <summary>Its connection is open already: each opening gives it anew the twenty functions that EF writes in .NET, and costs more than most reads.</summary>
    protected override GatewayDb OpenToRead()
    {
        if (_readers.TryPop(out var reader))
            return reader;
        var db = Open();
        try
        {
            db.Database.OpenConnection();
            return db;
        }
        catch
        {
            db.Dispose();
            throw;
        }
    }

    protected override void CloseRead(GatewayDb db)
    {
        db.ChangeTracker.Clear();
        if (_disposed || _readers.Count >= MaxOpenReaders)
            db.Dispose();
        else
            _readers.Push(db);
    }

    public override async Task CreateAsync(CancellationToken cancel)
    {
        try
        {
            // It holds people's messages, so it is its owner's alone; SQLite gives its side files the same mode.
            if (!File.Exists(_file))
            {
                var create = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite };
                if (!OperatingSystem.IsWindows())
                    create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                await using var file = new FileStream(_file, create);
            }
            await using var db = Open();
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", cancel);
        }
        catch (Exception fault) when (fault is DbException or IOException or UnauthorizedAccessException)
        {
            throw Unusable(fault);
        }
    }

    /// <summary>
    /// EF's own lock is a row that outlives a process killed while it migrates, and would block every later start; the file lock dies with
    /// its process, so whoever holds it may throw that row away.
    /// </summary>
    public override async Task<IAsyncDisposable> LockSchemaAsync(GatewayDb db, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                var held = new FileStream(
                    _file + "-schema", FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
                await db.Database.ExecuteSqlRawAsync("""DROP TABLE IF EXISTS "__EFMigrationsLock" """, cancel);
                return held;
            }
            catch (IOException)
            {
                await Task.Delay(SchemaLockInterval, _time, cancel);
            }
        }
    }

    public override bool IsUnavailable(Exception fault) => fault switch
    {
        SqliteException sqlite => sqlite.SqliteErrorCode is
            5 or 6       // SQLITE_BUSY, SQLITE_LOCKED: somebody else keeps the write lock beyond our patience
            or 8 or 10   // SQLITE_READONLY, SQLITE_IOERR
            or 11 or 26  // SQLITE_CORRUPT, SQLITE_NOTADB
            or 13 or 14, // SQLITE_FULL, SQLITE_CANTOPEN
        { InnerException: { } inner } => IsUnavailable(inner),
        _ => false,
    };

    // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE
    public override bool IsRepeatedKey(Exception fault) => fault is SqliteException { SqliteExtendedErrorCode: 1555 or 2067 };

    public override void PrepareWriter(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        // 16 MiB of pages: the inner ones of large indexes and the leaves at work. Where a leaf was split, the commit looks at every page there is here.
        // A log that grew under load is cut back at its new start.
        command.CommandText = "PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864";
        command.ExecuteNonQuery();
    }

    public override void AfterCommit(DbConnection connection, int rows) => _checkpointer.AfterCommit((SqliteConnection)connection, rows);

    public override RowStatements Statements(DbConnection connection) => new SqliteRowStatements((SqliteConnection)connection);

    public override ValueTask DisposeAsync()
    {
        _checkpointer.Dispose();
        _disposed = true;
        while (_readers.TryPop(out var reader))
            reader.Dispose();
        // The pool would keep the file open, and its log beside it.
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
        return default;
    }
}
