using System.Data;
using System.Globalization;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Orleans.Runtime;

namespace Gateway.Delivery.Clustering;

/// <summary>
/// The table of Orleans' membership protocol, in the gateway's own database. Every change but a heartbeat raises the one version row first, on
/// the condition that it is still what the silo has read: so changes come one after the other, and a row needs no tag of its own. A silo that is
/// taken in gets the lowest node number that no other has had as long as is remembered, else the lowest that no living one has.
/// </summary>
internal sealed class StoreMembershipTable(GatewayStore store, MessageId ids) : IMembershipTable
{
    // The silo that is to join, until it knows its number: what it inserts may be there though the insert seemed to fail, and is updated then.
    private volatile SiloAddress? _joining;

    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        await using var db = store.Open();
        if (await db.MembershipVersions.AnyAsync()) return;
        db.MembershipVersions.Add(new MembershipVersionRow());
        try
        {
            await db.SaveChangesAsync();
        }
        catch (DbUpdateException)
        {
            db.ChangeTracker.Clear();
            if (!await db.MembershipVersions.AnyAsync()) throw; // else another node was first
        }
    }

    public async Task DeleteMembershipTableEntries(string clusterId)
    {
        await using var db = store.Open();
        await db.Members.ExecuteDeleteAsync();
    }

    public async Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
    {
        var before = beforeDate.ToUnixTimeMilliseconds();
        await using var db = store.Open();
        var old = await db.Members.AsNoTracking().Where(member => member.Status == MemberRow.Dead && member.AliveAt < before && member.StartedAt < before)
            .ToListAsync();
        // The last news of a member may be a vote for its death.
        var silos = old.Where(member => VotesOf(member).TrueForAll(vote => MillisecondsOf(vote.Item2) < before))
            .Select(member => member.Silo).ToList();
        await db.Members.Where(member => silos.Contains(member.Silo)).ExecuteDeleteAsync();
    }

    public Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        var silo = key.ToParsableString();
        return ReadAsync(members => members.Where(member => member.Silo == silo));
    }

    public Task<MembershipTableData> ReadAll() => ReadAsync(members => members);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        _joining = entry.SiloAddress;
        return ChangeAsync(tableVersion, entry.SiloAddress, async db =>
        {
            var row = new MemberRow { Silo = entry.SiloAddress.ToParsableString() };
            if (await db.Members.AnyAsync(member => member.Silo == row.Silo)) return false;
            var had = await db.Members.Select(member => new { member.Node, member.Status }).ToListAsync();
            var taken = had.Where(member => member.Status != MemberRow.Dead).Select(member => member.Node);
            // Who is thought dead may still write down what it has given an id.
            var free = Enumerable.Range(0, MemberRow.MaxNodes).Select(node => (short)node).Except(taken)
                .OrderBy(node => had.Exists(member => member.Node == node)).ToList();
            if (free.Count == 0) throw new InvalidOperationException($"the cluster has {MemberRow.MaxNodes} nodes, and there is no number for another");
            row.Node = free[0];
            Fill(row, entry);
            db.Members.Add(row);
            await db.SaveChangesAsync();
            return true;
        });
    }

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => ChangeAsync(tableVersion, entry.SiloAddress, async db =>
    {
        if (await db.Members.FindAsync(entry.SiloAddress.ToParsableString()) is not { } row) return false;
        Fill(row, entry);
        await db.SaveChangesAsync();
        return true;
    });

    public async Task UpdateIAmAlive(MembershipEntry entry)
    {
        var (silo, alive) = (entry.SiloAddress.ToParsableString(), MillisecondsOf(entry.IAmAliveTime));
        await using var db = store.Open();
        await db.Members.Where(member => member.Silo == silo).ExecuteUpdateAsync(set => set.SetProperty(member => member.AliveAt, alive));
    }

    private async Task JoinAsync(SiloAddress silo)
    {
        var own = silo.ToParsableString();
        await using var db = store.Open();
        var node = await db.Members.Where(member => member.Silo == own).Select(member => member.Node).SingleAsync();
        ids.ContinueAfter(await store.DueMessages.LastIdAsync(CancellationToken.None));
        ids.Join(node);
        store.Nodes.Join(node);
        _joining = null;
    }

    private async Task<bool> ChangeAsync(TableVersion version, SiloAddress of, Func<GatewayDb, Task<bool>> change)
    {
        var read = int.Parse(version.VersionEtag, CultureInfo.InvariantCulture);
        await using (var db = store.Open())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            var raised = await db.MembershipVersions.Where(row => row.Version == read)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Version, version.Version));
            if (raised == 0 || !await change(db)) return false;
            await transaction.CommitAsync();
        }
        if (of.Equals(_joining)) await JoinAsync(of);
        return true;
    }

    private async Task<MembershipTableData> ReadAsync(Func<IQueryable<MemberRow>, IQueryable<MemberRow>> which)
    {
        await using var db = store.Open();
        // One snapshot for both.
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        var version = await db.MembershipVersions.Select(row => row.Version).SingleAsync();
        var members = await which(db.Members.AsNoTracking()).ToListAsync();
        var etag = version.ToString(CultureInfo.InvariantCulture);
        return new MembershipTableData([.. members.Select(member => Tuple.Create(EntryOf(member), etag))], new TableVersion(version, etag));
    }

    private static void Fill(MemberRow row, MembershipEntry entry)
    {
        row.Status = (byte)entry.Status;
        (row.ProxyPort, row.HostName, row.SiloName) = (entry.ProxyPort, entry.HostName ?? "", entry.SiloName ?? "");
        (row.StartedAt, row.AliveAt) = (MillisecondsOf(entry.StartTime), MillisecondsOf(entry.IAmAliveTime));
        row.Suspicions = string.Join(',', (entry.SuspectTimes ?? []).Select(vote =>
            string.Create(CultureInfo.InvariantCulture, $"{vote.Item1.ToParsableString()} {MillisecondsOf(vote.Item2)}")));
    }

    private static MembershipEntry EntryOf(MemberRow row) => new()
    {
        SiloAddress = SiloAddress.FromParsableString(row.Silo),
        Status = (SiloStatus)row.Status,
        ProxyPort = row.ProxyPort,
        HostName = row.HostName,
        SiloName = row.SiloName,
        StartTime = TimeOf(row.StartedAt),
        IAmAliveTime = TimeOf(row.AliveAt),
        SuspectTimes = VotesOf(row),
    };

    private static List<Tuple<SiloAddress, DateTime>> VotesOf(MemberRow row) =>
    [
        .. row.Suspicions.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(vote => vote.Split(' '))
            .Select(vote => Tuple.Create(SiloAddress.FromParsableString(vote[0]), TimeOf(long.Parse(vote[1], CultureInfo.InvariantCulture)))),
    ];

    private static long MillisecondsOf(DateTime time) => new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)).ToUnixTimeMilliseconds();

    private static DateTime TimeOf(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime;
}
