using Gateway.Provisioning;
using Gateway.Store;
using Gateway.Tests.Store;
using Gateway.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Webhooks;

/// <summary>The sender over a store of its own, on a clock that the test moves.</summary>
internal sealed class Sending : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly SqliteFolder _folder = new();
    private readonly LiveDirectory _directory;
    private readonly WebhookClient _client;
    private WebhookSender? _sender;

    private Sending(AccountSettings account, bool allowPrivateTargets)
    {
        _directory = new LiveDirectory(new GatewaySettings { Accounts = [account, Other, .. Many] });
        _client = new WebhookClient(allowPrivateTargets, Time);
        Store = new GatewayStore(_folder.Options, Time, NullLoggerFactory.Instance);
    }

    public FakeTimeProvider Time { get; } = new(Start);
    public GatewayStore Store { get; }
    public WebhookBell Bell { get; } = new();
    /// <summary>Nothing is going out.</summary>
    public bool IsIdle => _sender!.Held == 0;
    public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A second account, with the defaults.</summary>
    public static AccountSettings Other { get; } = new() { ApiKey = "shop0002" };

    public static IReadOnlyList<AccountSettings> Many { get; } = [.. Enumerable.Range(0, 60).Select(i => new AccountSettings { ApiKey = $"many{i:D4}" })];

    public static AccountSettings Account(string format = "PostJson", string? secret = null, string method = "sha256") =>
        new() { ApiKey = "bank0001", WebhookFormat = format, SignatureSecret = secret, SignatureMethod = method };

    public static async Task<Sending> StartAsync(AccountSettings? account = null, bool allowPrivateTargets = true, bool running = true)
    {
        var sending = new Sending(account ?? Account(), allowPrivateTargets);
        await sending.Store.MigrateAsync(CancellationToken.None);
        if (running)
            await sending.RunAsync();
        return sending;
    }

    public Task RunAsync()
    {
        _sender = new WebhookSender(Store, Bell, _client, _directory, Time, NullLogger<WebhookSender>.Instance);
        return _sender.StartAsync(CancellationToken.None);
    }

    public async Task StopAsync()
    {
        await _sender!.StopAsync(CancellationToken.None);
        _sender.Dispose();
        _sender = null;
    }

    public WebhookRow Row(long messageId, string url, string text = "x", long? createdAt = null) => new()
    {
        Account = "bank0001", MessageId = messageId, Url = url, Fields = $$"""{"messageId":"{{MessageId.Format(messageId)}}","text":"{{text}}"}""",
        CreatedAt = createdAt ?? Now, DueAt = createdAt ?? Now,
    };

    public async Task StoreAsync(params WebhookRow[] webhooks)
    {
        var change = new StoreChange();
        change.NewWebhooks.AddRange(webhooks);
        await Store.Writer.WriteAsync(change, CancellationToken.None);
    }

    /// <summary>Stored and rung, as a conclusion does it.</summary>
    public async Task TellAsync(params WebhookRow[] webhooks)
    {
        await StoreAsync(webhooks);
        foreach (var webhook in webhooks)
            Bell.Ring(webhook.MessageId);
    }

    public async Task<WebhookRow> ReadAsync(WebhookRow webhook)
    {
        await using var db = Store.Open();
        return db.Webhooks.Single(row => row.Id == webhook.Id);
    }

    public Task WaitForAsync(WebhookRow webhook, WebhookState state, int attempts) => Wait.UntilAsync(
        async () => await ReadAsync(webhook) is var row && row.State == state && row.Attempts == attempts, $"webhook {state} after {attempts} tries");

    /// <summary>Moves the clock to where the webhook is due again, once its last try is over and done with.</summary>
    public async Task PassAsync(WebhookRow webhook)
    {
        await Wait.UntilAsync(() => IsIdle, "nothing is going out");
        var due = (await ReadAsync(webhook)).DueAt!.Value;
        Time.Advance(TimeSpan.FromMilliseconds(Math.Max(0, due - Now) + 1001));
    }

    public async ValueTask DisposeAsync()
    {
        if (_sender is not null)
            await StopAsync();
        await Store.DisposeAsync();
        _client.Dispose();
        _folder.Dispose();
    }
}
