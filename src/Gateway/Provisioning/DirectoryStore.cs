using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Diagnostics;
using Gateway.Store;

namespace Gateway.Provisioning;

/// <summary>
/// The directory in the store, which is the truth for every node; <see cref="LiveDirectory"/> has what was last read of it. The settings file begins an
/// empty directory and is ignored from then on, which is told when it says something else than it said then. A change is decided on what is stored and
/// written only if that is still so; here it shows at once, at other nodes when they look next (<see cref="DirectoryWatch"/>).
/// <para>
/// What Development generates anew at each start (secrets of accounts without one, the handsets' users) is never stored: it is laid over what is read.
/// </para>
/// </summary>
public sealed partial class DirectoryStore(GatewayStore store, LiveDirectory directory, DirectoryJson json, GatewaySettings settings,
    IHostEnvironment environment, TimeProvider time, ILogger<DirectoryStore> log, DevelopmentWorld? world = null)
{
    private const int Tries = 10;

    private readonly SemaphoreSlim _reading = new(1), _changing = new(1);

    /// <summary>At start, before anybody reads the directory.</summary>
    /// <exception cref="SettingsFaultException">Settings and store do not fit together.</exception>
    public async Task LoadAsync(CancellationToken cancel)
    {
        var rows = await store.Directory.ChangedSinceAsync(0, cancel);
        for (var left = Tries; left > 0 && !rows.Exists(row => row.Kind != DirectoryKind.Counter && row.Body is not null) && !FileIsEmpty; left--)
        {
            // Another node may be first; then what it has written is there.
            await store.Directory.TryChangeAsync(VersionOf(rows), Seed(), Now, null, cancel);
            rows = await store.Directory.ChangedSinceAsync(0, cancel);
        }
        directory.Current = Changed(WithGenerated(DirectorySnapshot.Empty), rows);
        if (!FileIsEmpty && SecretHash.TryParse(rows.Find(row => row.Kind == DirectoryKind.Counter)?.Body)?.Is(Fingerprint()) != true) LogFileIgnored();
        // H(A1) has the realm in it: after a change of the domain every password must be given anew.
        if (directory.Current.Users.Values.Count(user => user.Settings.Hashes is { } hashes && hashes.Realm != settings.Sip.Domain) is > 0 and var strangers)
            LogOtherRealm(strangers, settings.Sip.Domain);
        if (environment.IsProduction() && directory.Current.Accounts.IsEmpty && string.IsNullOrEmpty(settings.Admin.Key))
            throw new SettingsFaultException("Accounts: no account is set, none is in the store, and without Admin:Key none can be made: nobody could send");
    }

    /// <summary>Reads what has changed since it was last read.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read now.</exception>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        await _reading.WaitAsync(cancel);
        try
        {
            var rows = await store.Directory.ChangedSinceAsync(directory.Current.Version, cancel);
            if (rows.Count > 0) directory.Current = Changed(directory.Current, rows);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Changes one entry.</summary>
    /// <param name="decide">From the directory as it is: the answer to whoever asks, and the row to write; without one nothing is written. May be asked
    /// several times, when others change the directory meanwhile.</param>
    /// <param name="more">Rows of other tables that change with it.</param>
    /// <param name="cancel">Gives up before the write.</param>
    /// <exception cref="StoreUnavailableException">It cannot be written now.</exception>
    public async Task<T> ChangeAsync<T>(Func<DirectorySnapshot, (T Answer, DirectoryRow? Row)> decide, Action<GatewayDb>? more, CancellationToken cancel)
    {
        // One after the other on this node: a change may take as long as a slow hash, and would lose to quicker ones time after time.
        await _changing.WaitAsync(cancel);
        try
        {
            for (var left = Tries; left > 0; left--)
            {
                await RefreshAsync(cancel);
                var current = directory.Current;
                var (answer, row) = decide(current);
                if (row is null) return answer;
                if (!await store.Directory.TryChangeAsync(current.Version, [row], Now, more, cancel)) continue;
                await RefreshAsync(cancel);
                return answer;
            }
            throw new StoreUnavailableException("The directory is changed by too many at once");
        }
        finally
        {
            _changing.Release();
        }
    }

    public static DirectoryRow Row(DirectoryKind kind, string name, JsonObject? body) => new() { Kind = kind, Name = name, Body = body?.ToJsonString() };

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private bool FileIsEmpty => settings.Accounts.Count == 0 && settings.Carriers.Count == 0 && FileUsers.Count == 0;

    private List<RegistrarUserSettings> FileUsers => settings.Sip.Registrar.Users.FindAll(user => !IsGenerated(user));

    private bool IsGenerated(RegistrarUserSettings user) => world is not null && user.Password == world.HandsetPassword;

    private bool IsGenerated(AccountSettings account) => world is not null && account.ApiSecret == world.ApiSecret;

    private List<DirectoryRow> Seed()
    {
        LogSeeded(settings.Accounts.Count, settings.Carriers.Count, FileUsers.Count);
        return
        [
            new DirectoryRow { Kind = DirectoryKind.Counter, Body = SecretHash.Of(Fingerprint()) },
            .. settings.Accounts.Select(account => Row(DirectoryKind.Account, account.ApiKey, WithoutGenerated(account))),
            .. settings.Carriers.Select(carrier => Row(DirectoryKind.Carrier, carrier.Name, json.Protect(DirectoryKind.Carrier, carrier.Name, carrier))),
            .. FileUsers.Select(user => Row(DirectoryKind.User, user.Msisdn, DirectoryJson.Of(user.WithoutPassword(settings.Sip.Domain)))),
        ];
    }

    private JsonObject WithoutGenerated(AccountSettings account)
    {
        var body = json.Protect(DirectoryKind.Account, account.ApiKey, account);
        if (IsGenerated(account)) body.Remove(nameof(AccountSettings.ApiSecret));
        return body;
    }

    /// <summary>All that the file says of the directory; with its secrets, so it is kept as slow a hash as they are.</summary>
    private string Fingerprint()
    {
        var accounts = settings.Accounts.ConvertAll(account =>
        {
            var body = DirectoryJson.Given(account);
            if (IsGenerated(account)) body.Remove(nameof(AccountSettings.ApiSecret));
            return body;
        });
        return JsonSerializer.Serialize(new
        {
            Accounts = accounts, Carriers = settings.Carriers.ConvertAll(DirectoryJson.Given), Users = FileUsers.ConvertAll(DirectoryJson.Given),
        });
    }

    private DirectorySnapshot WithGenerated(DirectorySnapshot snapshot) => snapshot.With(0, [], [], [.. settings.Sip.Registrar.Users.Where(IsGenerated)
        .Select(user => (user.Msisdn, (DirectoryEntry<RegistrarUserSettings>?)new DirectoryEntry<RegistrarUserSettings>(user, 0, null)))]);

    private DirectorySnapshot Changed(DirectorySnapshot snapshot, List<DirectoryRow> rows) => snapshot.With(Math.Max(snapshot.Version, VersionOf(rows)),
        Entries<AccountSettings>(rows, DirectoryKind.Account), Entries<CarrierSettings>(rows, DirectoryKind.Carrier),
        Entries<RegistrarUserSettings>(rows, DirectoryKind.User));

    private List<(string, DirectoryEntry<T>?)> Entries<T>(List<DirectoryRow> rows, DirectoryKind kind) where T : class =>
        [.. rows.Where(row => row.Kind == kind).Select(row => (row.Name, row.Body is null ? null : EntryOf<T>(row)))];

    private DirectoryEntry<T> EntryOf<T>(DirectoryRow row) where T : class
    {
        var stored = JsonNode.Parse(row.Body!)!.AsObject();
        var used = stored;
        if (world is not null && row.Kind == DirectoryKind.Account && stored[nameof(AccountSettings.ApiSecret)] is null)
        {
            used = stored.DeepClone().AsObject();
            used[nameof(AccountSettings.ApiSecret)] = world.ApiSecret;
        }
        return new DirectoryEntry<T>(json.Read<T>(row.Kind, row.Name, used), row.Version, stored);
    }

    private static long VersionOf(List<DirectoryRow> rows) => rows.Count == 0 ? 0 : rows.Max(row => row.Version);

    [LoggerMessage(4001, LogLevel.Information, "The directory in the store was empty: it begins with the settings' {Accounts} accounts, {Carriers} carriers and {Users} users")]
    private partial void LogSeeded(int accounts, int carriers, int users);

    [LoggerMessage(4002, LogLevel.Warning,
        "Accounts, Carriers or Sip:Registrar:Users of the settings are not what the directory in the store was begun with. They are ignored: what counts is the store, changed by /api")]
    private partial void LogFileIgnored();

    [LoggerMessage(4003, LogLevel.Warning, "The passwords of {Count} registrar's users are of another domain than {Domain}: they cannot register until they get new ones by /api")]
    private partial void LogOtherRealm(int count, string domain);
}
