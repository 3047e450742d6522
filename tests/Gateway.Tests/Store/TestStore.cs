using Gateway.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Store;

/// <summary>An empty migrated store of its own for each test, on a new SQLite file or in a new PostgreSQL database.</summary>
public abstract class TestStore(PostgresCluster? cluster = null) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);
    private GatewayStore? _store;

    private protected GatewayStore Store => _store!;
    private protected StoreOptions Options { get; private set; } = new();
    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        Options = await NewDatabaseAsync();
        Configure(Options);
        await OpenAsync();
        await Store.MigrateAsync(Cancel);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_store is not null)
            await _store.DisposeAsync();
        _database.Dispose();
    }

    private protected virtual Task<StoreOptions> NewDatabaseAsync() => _database.NewAsync();

    private protected virtual void Configure(StoreOptions options) { }

    private protected ValueTask OpenAsync()
    {
        _store = new GatewayStore(Options, new FakeTimeProvider(), NullLoggerFactory.Instance);
        return default;
    }

    private protected async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        await OpenAsync();
    }

    private protected async Task<bool> WriteAsync(params ShortMessageRow[] rows)
    {
        var change = new StoreChange();
        change.NewMessages.AddRange(rows);
        return await Store.Writer.TryWriteAsync(change);
    }

    private protected async Task<MessageProgress> WriteAsync(MessageProgress progress)
    {
        var change = new StoreChange();
        change.Progress.Add(progress);
        await Store.Writer.WriteAsync(change, Cancel);
        return progress;
    }

    private protected async Task<ShortMessageRow> ReadAsync(long id) =>
        Assert.IsType<ShortMessageRow>(await Store.DueMessages.FindAsync(id, Cancel));

    private protected static ShortMessageRow Message(long id, string recipient = "494012345", long? dueAt = 1000) => new()
    {
        Id = id, Recipient = recipient, Originator = "Bank", Text = "Your code is 123456", RouteReason = "local", Account = "a1",
        AcceptedAt = 1000, ExpiresAt = 100_000, DueAt = dueAt,
    };

    private protected static MessageProgress Delivered(long id) =>
        new() { Id = id, State = MessageState.Delivered, SegmentsDone = 1, Attempts = 1, ConcludedAt = 2000 };

    private protected static WebhookRow Webhook(long messageId, long? dueAt = 1000) => new()
    {
        Account = "a1", MessageId = messageId, Url = "http://127.0.0.1/receipt", Fields = """{"status":"delivered"}""",
        CreatedAt = 1000, DueAt = dueAt,
    };
}

/// <summary>Where a test's rows are: in a SQLite file that goes with the test, or in a new database of the cluster.</summary>
internal sealed class TestDatabase(PostgresCluster? cluster) : IDisposable
{
    private SqliteFolder? _folder;

    public async Task<StoreOptions> NewAsync() => cluster is null
        ? (_folder ??= new SqliteFolder()).Options
        : new StoreOptions { Provider = StoreProvider.Postgres, ConnectionString = await cluster.NewDatabaseAsync(TestContext.Current.CancellationToken) };

    public void Dispose() => _folder?.Dispose();
}

/// <summary>Options of a SQLite file that goes with the test.</summary>
internal sealed class SqliteFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-sqlite-");

    public string File => Path.Combine(_folder.FullName, "gateway.db");

    public StoreOptions Options => new() { ConnectionString = $"Data Source={File}" };

    public void Dispose() => _folder.Delete(recursive: true);
}
