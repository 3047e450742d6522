using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>
/// The one model of both databases; <see cref="SqliteGatewayDb"/> and <see cref="PostgresGatewayDb"/> add only their differences.
/// </summary>
public abstract class GatewayDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<ShortMessageRow> ShortMessages => Set<ShortMessageRow>(nameof(ShortMessages));
    /// <summary>Concluded messages, some time after their conclusion.</summary>
    public DbSet<ShortMessageRow> History => Set<ShortMessageRow>(nameof(History));
    public DbSet<IdempotencyKeyRow> IdempotencyKeys => Set<IdempotencyKeyRow>();
    public DbSet<AttemptRow> Attempts => Set<AttemptRow>();
    public DbSet<WebhookRow> Webhooks => Set<WebhookRow>();
    public DbSet<ContactRow> Contacts => Set<ContactRow>();
    public DbSet<WatchRow> Watches => Set<WatchRow>();
    public DbSet<MailboxRow> Mailboxes => Set<MailboxRow>();
    public DbSet<DirectoryRow> Directory => Set<DirectoryRow>();
    public DbSet<BalanceRow> Balances => Set<BalanceRow>();
    public DbSet<RejectionRow> Rejections => Set<RejectionRow>();
    public DbSet<MemberRow> Members => Set<MemberRow>();
    public DbSet<MembershipVersionRow> MembershipVersions => Set<MembershipVersionRow>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.SharedTypeEntity<ShortMessageRow>(nameof(ShortMessages), row =>
        {
            row.ToTable("ShortMessages").HasKey(m => m.Id);
            row.Property(m => m.Id).ValueGeneratedNever();
            // The next due message, whatever the backlog: concluded rows have no DueAt and so no place in these three. Ids come last in every
            // index, so that reading in order needs no sorting.
            row.HasIndex(m => new { m.Lane, m.DueAt, m.Id }).HasFilter("\"DueAt\" IS NOT NULL");
            row.HasIndex(m => new { m.Recipient, m.Lane, m.Id }).HasFilter("\"DueAt\" IS NOT NULL");
            row.HasIndex(m => new { m.ExpiresAt, m.Id }).HasFilter("\"DueAt\" IS NOT NULL");
            row.HasIndex(m => new { m.ForeignId, m.Originator, m.Id }).HasFilter("\"ForeignId\" IS NOT NULL");
        });
        model.Entity<IdempotencyKeyRow>(row =>
        {
            row.ToTable("IdempotencyKeys").HasKey(k => new { k.Account, k.Key });
            row.HasIndex(k => k.AcceptedAt);
        });
        model.SharedTypeEntity<ShortMessageRow>(nameof(History), row =>
        {
            row.ToTable("History").HasKey(m => m.Id);
            row.Property(m => m.Id).ValueGeneratedNever();
            row.HasIndex(m => new { m.Recipient, m.Id }); // by whom and when
        });
        model.Entity<AttemptRow>(row =>
        {
            row.ToTable("Attempts").HasKey(a => a.Id);
            row.HasIndex(a => new { a.MessageId, a.Id });
        });
        model.Entity<WebhookRow>(row =>
        {
            row.ToTable("Webhooks").HasKey(w => w.Id);
            row.HasIndex(w => new { w.Node, w.DueAt, w.Id }).HasFilter("\"DueAt\" IS NOT NULL");
            row.HasIndex(w => new { w.MessageId, w.Id }).HasFilter("\"DueAt\" IS NOT NULL");
        });
        model.Entity<ContactRow>(row =>
        {
            row.ToTable("Contacts").HasKey(c => c.Id);
            row.HasIndex(c => new { c.Subscriber, c.Source, c.Binding }).IsUnique();
            row.HasIndex(c => c.ExpiresAt);
        });
        model.Entity<WatchRow>(row =>
        {
            row.ToTable("Watches").HasKey(w => w.Subscriber);
            row.HasIndex(w => new { w.Node, w.Subscriber });
        });
        model.Entity<MailboxRow>(row => row.ToTable("Mailboxes").HasKey(m => m.Recipient));
        model.Entity<DirectoryRow>(row =>
        {
            row.ToTable("Directory").HasKey(d => new { d.Kind, d.Name });
            row.HasIndex(d => d.Version);
        });
        model.Entity<BalanceRow>(row => row.ToTable("Balances").HasKey(b => b.Account));
        model.Entity<RejectionRow>(row =>
        {
            row.ToTable("Rejections").HasKey(r => r.Id);
            row.HasIndex(r => new { r.Account, r.ReceivedAt, r.Id });
        });
        model.Entity<MemberRow>(row => row.ToTable("Members").HasKey(m => m.Silo));
        model.Entity<MembershipVersionRow>(row =>
        {
            row.ToTable("MembershipVersion").HasKey(v => v.Id);
            row.Property(v => v.Id).ValueGeneratedNever();
        });
    }
}

/// <summary>The embedded default: one file, WAL, every commit synced.</summary>
public sealed class SqliteGatewayDb(DbContextOptions<SqliteGatewayDb> options) : GatewayDb(options);

/// <summary>PostgreSQL, for production and for several nodes.</summary>
public sealed class PostgresGatewayDb(DbContextOptions<PostgresGatewayDb> options) : GatewayDb(options);
