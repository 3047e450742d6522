using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Store;

/// <summary>How many nodes share the work.</summary>
public abstract class NodesTests(PostgresCluster? cluster) : TestStore(cluster)
{
    [Fact]
    public async Task Living_nodes_are_counted_once_the_cluster_has_taken_this_one_in()
    {
        await Store.Writer.WriteAsync(new StoreChange
        {
            Other = db => db.Members.AddRange(Member("a", MemberRow.Active), Member("b", MemberRow.Active), Member("c", MemberRow.Dead), Member("d", status: 2)),
        }, Cancel);
        await Store.Nodes.CountAsync(Cancel);
        Assert.Equal(1, Store.Nodes.Living);

        Store.Nodes.Join(0);
        await Store.Nodes.CountAsync(Cancel);
        Assert.Equal(2, Store.Nodes.Living);
    }

    private static MemberRow Member(string silo, byte status) => new() { Silo = silo, Status = status };
}

public sealed class SqliteNodesTests() : NodesTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresNodesTests(PostgresCluster cluster) : NodesTests(cluster);
