using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>
/// The directory as rows. A change holds the counter's row, so changes come one after the other whichever node they are made at, and what is written
/// was decided on what is stored.
/// </summary>
public sealed class DirectoryRows
{
    private readonly StoreDatabase _database;
    private readonly StoreWriter _writer;

    internal DirectoryRows(StoreDatabase database, StoreWriter writer) => (_database, _writer) = (database, writer);

    /// <summary>All that has changed since <paramref name="version"/> (0: all there is), the counter among it. One statement, so one state.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be read now.</exception>
    public Task<List<DirectoryRow>> ChangedSinceAsync(long version, CancellationToken cancel) => _database.ReadAsync(db =>
        new ValueTask<List<DirectoryRow>>(db.Directory.AsNoTracking().Where(row => row.Version > version).ToListAsync(cancel)));

    /// <summary>Writes what was decided on the directory of <paramref name="decidedOn"/>.</summary>
    /// <param name="decidedOn">The counter as it was read; 0 when nothing has ever been written.</param>
    /// <param name="rows">Entries as they are to be, their versions given here; a counter among them sets its body.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="more">Rows of other tables that change with it, or null.</param>
    /// <param name="cancel">Gives up waiting for room; what has room is written.</param>
    /// <returns>False: it has changed since, and nothing was written.</returns>
    /// <exception cref="StoreUnavailableException">Nothing can be written now.</exception>
    public async Task<bool> TryChangeAsync(long decidedOn, IReadOnlyList<DirectoryRow> rows, long now, Action<GatewayDb>? more, CancellationToken cancel)
    {
        var written = false;
        var change = new StoreChange
        {
            Other = db =>
            {
                written = Raise(db, decidedOn, now);
                if (!written)
                    return;
                foreach (var row in rows)
                    Write(db, row, decidedOn + 1, now);
                more?.Invoke(db);
            },
        };
        try
        {
            await _writer.WriteAsync(change, cancel);
            return written;
        }
        catch (DbUpdateException fault) when (_database.IsRepeatedKey(fault))
        {
            return false; // the first change of all was made at two nodes at once
        }
    }

    private static bool Raise(GatewayDb db, long decidedOn, long now)
    {
        if (decidedOn > 0)
            return db.Directory.Where(row => row.Kind == DirectoryKind.Counter && row.Version == decidedOn)
                .ExecuteUpdate(set => set.SetProperty(row => row.Version, decidedOn + 1).SetProperty(row => row.UpdatedAt, now)) == 1;
        if (db.Directory.Any(row => row.Kind == DirectoryKind.Counter))
            return false;
        db.Directory.Add(new DirectoryRow { Kind = DirectoryKind.Counter, Version = 1, UpdatedAt = now });
        db.SaveChanges();
        db.ChangeTracker.Clear();
        return true;
    }

    private static void Write(GatewayDb db, DirectoryRow row, long version, long now)
    {
        var updated = db.Directory.Where(old => old.Kind == row.Kind && old.Name == row.Name).ExecuteUpdate(set => set
            .SetProperty(old => old.Body, row.Body).SetProperty(old => old.Version, version).SetProperty(old => old.UpdatedAt, now));
        if (updated == 0)
            db.Directory.Add(new DirectoryRow { Kind = row.Kind, Name = row.Name, Body = row.Body, Version = version, UpdatedAt = now });
    }
}
