using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Gateway.Provisioning;

/// <summary>An entry of the directory: the settings as they are used, and as they are stored (null: they come from the settings file alone).</summary>
public sealed record DirectoryEntry<T>(T Settings, long Version, JsonObject? Stored) where T : class;

/// <summary>
/// Accounts, carriers and registrar's users at one moment; immutable. What a change does not touch stays the same object from one snapshot to the next,
/// so whatever is kept for it can be kept by reference.
/// </summary>
public sealed class DirectorySnapshot
{
    private ImmutableDictionary<string, AccountSettings> _byNumber = ImmutableDictionary.Create<string, AccountSettings>(StringComparer.Ordinal);
    private ImmutableDictionary<string, AccountSettings> _byApplication = ImmutableDictionary.Create<string, AccountSettings>(StringComparer.OrdinalIgnoreCase);
    private ImmutableDictionary<string, RegistrarUserSettings> _byUsername = ImmutableDictionary.Create<string, RegistrarUserSettings>(StringComparer.Ordinal);

    private DirectorySnapshot() { }

    public static readonly DirectorySnapshot Empty = new();

    /// <summary>Of the store's counter when it was read; 0: nothing was.</summary>
    public long Version { get; private init; }

    /// <summary>By api_key.</summary>
    public ImmutableSortedDictionary<string, DirectoryEntry<AccountSettings>> Accounts { get; private init; } = New<AccountSettings>(StringComparer.Ordinal);

    /// <summary>By name, in whatever case it is written.</summary>
    public ImmutableSortedDictionary<string, DirectoryEntry<CarrierSettings>> Carriers { get; private init; } = New<CarrierSettings>(StringComparer.OrdinalIgnoreCase);

    /// <summary>By E.164 digits.</summary>
    public ImmutableSortedDictionary<string, DirectoryEntry<RegistrarUserSettings>> Users { get; private init; } = New<RegistrarUserSettings>(StringComparer.Ordinal);

    /// <summary>What the settings file says.</summary>
    public static DirectorySnapshot Of(GatewaySettings settings) => Empty.With(0,
        [.. settings.Accounts.Select(account => (account.ApiKey, (DirectoryEntry<AccountSettings>?)new DirectoryEntry<AccountSettings>(account, 0, null)))],
        [.. settings.Carriers.Select(carrier => (carrier.Name, (DirectoryEntry<CarrierSettings>?)new DirectoryEntry<CarrierSettings>(carrier, 0, null)))],
        [.. settings.Sip.Registrar.Users.Select(user => (user.Msisdn, (DirectoryEntry<RegistrarUserSettings>?)new DirectoryEntry<RegistrarUserSettings>(user, 0, null)))]);

    public AccountSettings? Account(string apiKey) => Accounts.GetValueOrDefault(apiKey)?.Settings;

    /// <summary>The account whose application has this number (digits), or null.</summary>
    public AccountSettings? AccountOf(string number) => _byNumber.GetValueOrDefault(number);

    /// <summary>The account whose application has this id, or null.</summary>
    public AccountSettings? AccountOfApplication(string id) => _byApplication.GetValueOrDefault(id);

    public CarrierSettings? Carrier(string name) => Carriers.GetValueOrDefault(name)?.Settings;

    public RegistrarUserSettings? User(string msisdn) => Users.GetValueOrDefault(msisdn)?.Settings;

    public RegistrarUserSettings? UserNamed(string username) => _byUsername.GetValueOrDefault(username);

    /// <summary>This with some entries changed; null takes one away.</summary>
    internal DirectorySnapshot With(long version, IReadOnlyList<(string Name, DirectoryEntry<AccountSettings>? Entry)> accounts,
        IReadOnlyList<(string Name, DirectoryEntry<CarrierSettings>? Entry)> carriers, IReadOnlyList<(string Name, DirectoryEntry<RegistrarUserSettings>? Entry)> users) => new()
    {
        Version = version,
        Accounts = Set(Accounts, accounts),
        Carriers = Set(Carriers, carriers),
        Users = Set(Users, users),
        _byNumber = Reindex(_byNumber, Accounts, accounts, account => account.Numbers.Select(number => number.TrimStart('+'))),
        _byApplication = Reindex(_byApplication, Accounts, accounts, account => string.IsNullOrEmpty(account.ApplicationId) ? [] : [account.ApplicationId]),
        _byUsername = Reindex(_byUsername, Users, users, user => [user.DigestUsername]),
    };

    private static ImmutableSortedDictionary<string, DirectoryEntry<T>> New<T>(StringComparer names) where T : class =>
        ImmutableSortedDictionary.Create<string, DirectoryEntry<T>>(names);

    private static ImmutableSortedDictionary<string, DirectoryEntry<T>> Set<T>(
        ImmutableSortedDictionary<string, DirectoryEntry<T>> entries, IReadOnlyList<(string Name, DirectoryEntry<T>? Entry)> changes) where T : class
    {
        var builder = entries.ToBuilder();
        foreach (var (name, entry) in changes)
        {
            builder.Remove(name); // the key may be written in another case now
            if (entry is not null) builder[name] = entry;
        }
        return builder.ToImmutable();
    }

    /// <summary>All old keys go before any new one comes: a number may have moved from one account to another.</summary>
    private static ImmutableDictionary<string, T> Reindex<T>(ImmutableDictionary<string, T> index, ImmutableSortedDictionary<string, DirectoryEntry<T>> old,
        IReadOnlyList<(string Name, DirectoryEntry<T>? Entry)> changes, Func<T, IEnumerable<string>> keys) where T : class
    {
        var builder = index.ToBuilder();
        foreach (var (name, _) in changes)
            if (old.GetValueOrDefault(name) is { } gone) builder.RemoveRange(keys(gone.Settings));
        foreach (var (_, entry) in changes)
        {
            if (entry is null) continue;
            foreach (var key in keys(entry.Settings)) builder[key] = entry.Settings;
        }
        return builder.ToImmutable();
    }
}
