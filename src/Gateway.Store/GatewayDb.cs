using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>
/// The one model of both databases; <see cref="SqliteGatewayDb"/> and <see cref="PostgresGatewayDb"/> add only their differences.
/// </summary>
public abstract class GatewayDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<ShortMessageRow> ShortMessages => Set<ShortMessageRow>();
    public DbSet<AttemptRow> Attempts => Set<AttemptRow>();
    public DbSet<WebhookRow> Webhooks => Set<WebhookRow>();
    public DbSet<ContactRow> Contacts => Set<ContactRow>();
    public DbSet<WatchRow> Watches => Set<WatchRow>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<ShortMessageRow>(row =>
        {
            row.ToTable("ShortMessages").HasKey(m => m.Id);
            row.Property(m => m.Id).ValueGeneratedNever();
            // The next due message, whatever the backlog: concluded rows have no DueAt and so no place in these two. Ids come last in every
            // index, so that reading in order needs no sorting.
            row.HasIndex(m => new { m.DueAt, m.Id }).HasFilter("\"DueAt\" IS NOT NULL");
            row.HasIndex(m => new { m.Recipient, m.Id }).HasFilter("\"DueAt\" IS NOT NULL");
            row.HasIndex(m => new { m.ForeignId, m.Originator, m.Id }).HasFilter("\"ForeignId\" IS NOT NULL");
        });
        model.Entity<AttemptRow>(row =>
        {
            row.ToTable("Attempts").HasKey(a => a.Id);
            row.HasIndex(a => new { a.MessageId, a.Id });
        });
        model.Entity<WebhookRow>(row =>
        {
            row.ToTable("Webhooks").HasKey(w => w.Id);
            row.HasIndex(w => new { w.DueAt, w.Id }).HasFilter("\"DueAt\" IS NOT NULL");
            row.HasIndex(w => new { w.MessageId, w.Id }).HasFilter("\"DueAt\" IS NOT NULL");
        });
        model.Entity<ContactRow>(row =>
        {
            row.ToTable("Contacts").HasKey(c => c.Id);
            row.HasIndex(c => new { c.Subscriber, c.Source, c.Binding }).IsUnique();
            row.HasIndex(c => c.ExpiresAt);
        });
        model.Entity<WatchRow>(row => row.ToTable("Watches").HasKey(w => w.Subscriber));
    }
}

/// <summary>The embedded default: one file, WAL, every commit synced.</summary>
public sealed class SqliteGatewayDb(DbContextOptions<SqliteGatewayDb> options) : GatewayDb(options);

/// <summary>PostgreSQL, for production and for several nodes.</summary>
public sealed class PostgresGatewayDb(DbContextOptions<PostgresGatewayDb> options) : GatewayDb(options);
