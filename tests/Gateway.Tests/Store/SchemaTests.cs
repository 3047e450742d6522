using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Gateway.Tests.Store;

public sealed class SchemaTests(PostgresCluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreProvider.Sqlite, "Data Source=none.db")]
    [InlineData(StoreProvider.Postgres, "Host=127.0.0.1;Port=1")]
    public async Task No_change_of_the_model_lacks_its_migration(StoreProvider provider, string connectionString)
    {
        await using var store = Open(provider, connectionString);
        await using var db = store.Open();
        Assert.False(db.Database.HasPendingModelChanges());
        Assert.NotEmpty(db.Database.GetMigrations());
    }

    [Fact]
    public async Task A_new_file_is_made_in_the_working_directory_for_its_owner_alone()
    {
        using var folder = new SqliteFolder();
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, folder.File);
        await using var store = Open(StoreProvider.Sqlite, $"Data Source={relative}");
        Assert.False(await store.IsReadyAsync(Cancel));
        await store.MigrateAsync(Cancel);

        Assert.True(await store.IsReadyAsync(Cancel));
        Assert.True(File.Exists(folder.File));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File));
        await using var db = store.Open();
        Assert.Equal("wal", (await db.Database.SqlQueryRaw<string>("PRAGMA journal_mode").ToListAsync(Cancel)).Single());
        Assert.Equal(2, (await db.Database.SqlQueryRaw<int>("PRAGMA synchronous").ToListAsync(Cancel)).Single()); // FULL
    }

    [Fact]
    public async Task Several_that_migrate_one_new_file_at_once_all_succeed()
    {
        using var folder = new SqliteFolder();
        await MigrateAtOnceAsync(StoreProvider.Sqlite, folder.Options.ConnectionString);
    }

    [Fact, Trait("Category", "Postgres")]
    public async Task Several_nodes_that_migrate_one_new_database_at_once_all_succeed() =>
        await MigrateAtOnceAsync(StoreProvider.Postgres, await cluster.NewDatabaseAsync(Cancel));

    [Fact]
    public async Task A_migration_that_was_killed_does_not_block_the_next()
    {
        using var folder = new SqliteFolder();
        await using var store = Open(StoreProvider.Sqlite, folder.Options.ConnectionString);
        await using (var db = store.Open())
        {
            // What EF's lock leaves behind when its process dies.
            await db.Database.ExecuteSqlRawAsync("""
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01');
                """, Cancel);
        }
        await store.MigrateAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.True(await store.IsReadyAsync(Cancel));
    }

    [Fact]
    public async Task What_an_earlier_version_has_stored_in_a_file_is_delivered_by_this_one()
    {
        using var folder = new SqliteFolder();
        await UpgradeAsync(StoreProvider.Sqlite, folder.Options.ConnectionString);
    }

    [Fact, Trait("Category", "Postgres")]
    public async Task What_an_earlier_version_has_stored_on_a_server_is_delivered_by_this_one() =>
        await UpgradeAsync(StoreProvider.Postgres, await cluster.NewDatabaseAsync(Cancel));

    [Theory]
    [InlineData(StoreProvider.Sqlite, "Data Source=:memory:")]
    [InlineData(StoreProvider.Sqlite, "")]
    [InlineData(StoreProvider.Sqlite, "Host=127.0.0.1")]
    [InlineData(StoreProvider.Postgres, "Data Source=gateway.db")]
    [InlineData(StoreProvider.Postgres, "Port=x")]
    public void A_connection_string_that_cannot_be_right_names_the_setting(StoreProvider provider, string connectionString)
    {
        var fault = Assert.Throws<ArgumentException>(() => Open(provider, connectionString));
        Assert.StartsWith("Store:ConnectionString ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_used_is_named()
    {
        using var folder = new SqliteFolder();
        var missing = Path.Combine(Path.GetDirectoryName(folder.File)!, "no", "such.db");
        await AssertUnusableAsync(StoreProvider.Sqlite, $"Data Source={missing}", missing);
        await File.WriteAllTextAsync(folder.File, new string('x', 5000), Cancel);
        await AssertUnusableAsync(StoreProvider.Sqlite, folder.Options.ConnectionString, folder.File);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_without_its_password()
    {
        const string Nowhere = "Host=127.0.0.1;Port=1;Database=gw;Username=u;Password=secret1";
        await AssertUnusableAsync(StoreProvider.Postgres, Nowhere, "gw at 127.0.0.1:1");
    }

    [Fact, Trait("Category", "Postgres")]
    public async Task A_store_that_may_only_read_is_not_ready()
    {
        var connectionString = await cluster.NewDatabaseAsync(Cancel);
        await using (var store = Open(StoreProvider.Postgres, connectionString))
        {
            await store.MigrateAsync(Cancel);
            Assert.True(await store.IsReadyAsync(Cancel));
        }
        var readOnly = new NpgsqlConnectionStringBuilder(connectionString) { Options = "-c default_transaction_read_only=on" };
        await using var standby = Open(StoreProvider.Postgres, readOnly.ToString());
        await standby.MigrateAsync(Cancel);
        Assert.False(await standby.IsReadyAsync(Cancel));
    }

    private static async Task UpgradeAsync(StoreProvider provider, string connectionString)
    {
        await using var store = Open(provider, connectionString);
        await using (var db = store.Open())
        {
            await db.GetService<IMigrator>().MigrateAsync("Initial", Cancel);
            await db.Database.ExecuteSqlRawAsync("""
                INSERT INTO "ShortMessages" ("Id", "Source", "Route", "RouteReason", "Recipient", "Originator", "Content", "Text", "UserDataLength",
                    "HasUserDataHeader", "DataCodingScheme", "ProtocolIdentifier", "LockingShift", "SingleShift", "SegmentCount", "ConcatenationReference",
                    "State", "SegmentsDone", "Attempts", "AcceptedAt", "ExpiresAt", "DueAt", "ErrorCode", "ReceiptRequested", "SubmitReference")
                VALUES (16, 0, 0, '', '4940100001', 'Bank', 0, 'kept', 0, FALSE, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1000, 900000, 1000, 0, FALSE, 0);
                INSERT INTO "Contacts" ("Subscriber", "PublicUserIdentity", "Source", "Uri", "FeatureTags", "SmsOverIp", "Q", "RegisteredAt", "ExpiresAt",
                    "CallId", "CSeq", "ReginfoVersion")
                VALUES ('4940100001', 'sip:a@b', 0, 'sip:a@c', '', TRUE, 1000, 1, 900000, 'x', 1, 0), ('4940100001', 'sip:a@b', 0, 'sip:a@d', '', TRUE, 1000, 1, 900000, 'y', 1, 0);
                """, Cancel);
        }

        await store.MigrateAsync(Cancel);

        var row = Assert.Single(await store.DueMessages.WaitingForAsync("4940100001", default, 10, Cancel));
        Assert.Equal(("kept", MessageLane.Normal), (row.Text, row.Lane));
        await using var after = store.Open();
        Assert.All(await after.Contacts.ToListAsync(Cancel), contact => Assert.Equal(contact.Uri, contact.Binding));
        Assert.Equal(2, await after.Contacts.CountAsync(Cancel));
    }

    private static async Task MigrateAtOnceAsync(StoreProvider provider, string connectionString)
    {
        var stores = Enumerable.Range(0, 4).Select(_ => Open(provider, connectionString)).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(() => store.MigrateAsync(Cancel), Cancel)));
        foreach (var store in stores)
        {
            Assert.True(await store.IsReadyAsync(Cancel));
            await store.DisposeAsync();
        }
    }

    private static async Task AssertUnusableAsync(StoreProvider provider, string connectionString, string place)
    {
        await using var store = Open(provider, connectionString);
        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.MigrateAsync(Cancel));
        Assert.Contains(place, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret1", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.False(await store.IsReadyAsync(Cancel));
    }

    private static GatewayStore Open(StoreProvider provider, string connectionString) =>
        new(new StoreOptions { Provider = provider, ConnectionString = connectionString }, TimeProvider.System, NullLoggerFactory.Instance);
}
