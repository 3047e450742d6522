using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Store;

/// <summary>The directory's rows: changes come one after the other, and each is found by who looks.</summary>
public abstract class DirectoryRowsTests(PostgresCluster? cluster) : TestStore(cluster)
{
    [Fact]
    public async Task A_change_is_written_on_what_it_was_decided_on_alone()
    {
        Assert.True(await ChangeAsync(0, Row("a", "{}")));
        Assert.False(await ChangeAsync(0, Row("b", "{}")));
        Assert.True(await ChangeAsync(1, Row("b", "{}")));
        Assert.False(await ChangeAsync(1, Row("a", "lost")));
        Assert.False(await ChangeAsync(3, Row("a", "lost")));

        Assert.Equal([("", 2), ("a", 1), ("b", 2)], await SinceAsync(0));
        Assert.Equal([("", 2), ("b", 2)], await SinceAsync(1));
        Assert.Empty(await SinceAsync(2));
    }

    [Fact]
    public async Task What_was_deleted_is_found_as_deleted_and_may_come_back()
    {
        await ChangeAsync(0, Row("a", "{}"));
        await ChangeAsync(1, Row("a", null));
        Assert.Null((await Store.Directory.ChangedSinceAsync(1, Cancel)).Single(row => row.Name == "a").Body);
        Assert.True(await ChangeAsync(2, Row("a", """{"x":1}""")));
        Assert.Equal("""{"x":1}""", (await Store.Directory.ChangedSinceAsync(2, Cancel)).Single(row => row.Name == "a").Body);
    }

    [Fact]
    public async Task Of_many_changes_at_once_one_is_written()
    {
        await using var other = new GatewayStore(Options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        for (var version = 0; version < 3; version++)
        {
            var written = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => (i % 2 == 0 ? Store : other).Directory
                .TryChangeAsync(version, [Row($"{i}", "{}")], 1000, null, Cancel)));
            Assert.Single(written, one => one);
        }
        Assert.Contains(("", 3L), await SinceAsync(0));
    }

    private Task<bool> ChangeAsync(long decidedOn, DirectoryRow row) => Store.Directory.TryChangeAsync(decidedOn, [row], 1000, null, Cancel);

    private async Task<List<(string, long)>> SinceAsync(long version) =>
        [.. (await Store.Directory.ChangedSinceAsync(version, Cancel)).Select(row => (row.Name, row.Version)).Order()];

    private static DirectoryRow Row(string name, string? body) => new() { Kind = DirectoryKind.Account, Name = name, Body = body };
}

public sealed class SqliteDirectoryRowsTests() : DirectoryRowsTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresDirectoryRowsTests(PostgresCluster cluster) : DirectoryRowsTests(cluster);
