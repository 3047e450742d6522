using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>
/// Which node of the cluster this is, and which numbers nobody has. Rows that one node alone works on (webhooks, watches) carry its number;
/// when it is dead another takes them over, or a new node that gets its number has them. A single gateway is node 0.
/// </summary>
public sealed class Nodes
{
    private readonly StoreDatabase _database;
    private volatile bool _clustered;
    private volatile short _own;
    private volatile int _living = 1;

    internal Nodes(StoreDatabase database) => _database = database;

    public short Own => _own;

    /// <summary>There may be others.</summary>
    public bool Clustered => _clustered;

    /// <summary>The cluster has taken us in under this number (0 to 63).</summary>
    public void Join(short node) => (_own, _clustered) = (node, true);

    /// <summary>How many nodes share the work, this one included, as last counted.</summary>
    public int Living => _living;

    /// <summary>Counts the nodes anew.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be counted now; the count stays.</exception>
    public async Task CountAsync(CancellationToken cancel)
    {
        if (!_clustered) return;
        _living = Math.Max(1, await _database.ReadAsync(db =>
            new ValueTask<int>(db.Members.CountAsync(member => member.Status == MemberRow.Active, cancel))));
    }

    /// <summary>Numbers that no living node has.</summary>
    public async Task<short[]> DeadAsync(CancellationToken cancel)
    {
        var all = Enumerable.Range(0, MemberRow.MaxNodes).Select(node => (short)node);
        if (!_clustered) return [.. all.Where(node => node != Own)];
        var living = await _database.ReadAsync(db => new ValueTask<List<short>>(
            db.Members.Where(member => member.Status != MemberRow.Dead).Select(member => member.Node).ToListAsync(cancel)));
        return [.. all.Except(living).Where(node => node != Own)];
    }
}
