using System.Reflection;
using Gateway.Acceptance;
using Gateway.Carriers;
using Gateway.Delivery;
using Gateway.Diagnostics;
using Gateway.Provisioning;
using Gateway.Rest;
using Gateway.Routing;
using Gateway.Store;
using Gateway.Tests.Store;
using Gateway.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Orleans;

namespace Gateway.Tests.Rest;

/// <summary>
/// The HTTP side of the gateway on a free port with a store of its own: everything real but the mailboxes, which take every call and do nothing,
/// so what was accepted stays in the store to be looked at.
/// </summary>
internal sealed class GatewayOverHttp : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly SqliteFolder _folder = new();
    private readonly WebApplication _app;

    private GatewayOverHttp(GatewaySettings settings, StoreOptions? store, bool provisioned)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton(settings).AddSingleton(settings.Sip).AddSingleton(settings.Numbering).AddSingleton(settings.Sms);
        var grains = DispatchProxy.Create<IGrainFactory, IdleGrains>();
        ((IdleGrains)(object)grains).Receipts = Receipts;
        builder.Services.AddSingleton(grains).AddSingleton<WorkUnderWay>().AddSingleton<WebhookBell>().AddSingleton<LocalMailboxes>().AddSingleton<Mailboxes>();
        builder.Services.AddSingleton(_ => new GatewayStore(store ?? _folder.Options, Time, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance));
        if (provisioned) builder.AddProvisioning(settings);
        builder.AddRest(settings).AddAcceptance().AddRouting().AddCarriers(settings);
        _app = builder.Build();
        _app.MapRest();
    }

    public FakeTimeProvider Time { get; } = new(Start);
    public List<CarrierReceipt> Receipts { get; } = [];
    public HttpClient Client { get; private set; } = null!;
    public GatewayStore Store => Service<GatewayStore>();

    public T Service<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    /// <param name="settings">Null: those with one account.</param>
    /// <param name="store">A store that other nodes use as well; null: one of its own.</param>
    /// <param name="provisioned">The directory is in the store; else it is what the settings say.</param>
    public static async Task<GatewayOverHttp> StartAsync(GatewaySettings? settings = null, StoreOptions? store = null, bool provisioned = false)
    {
        var gateway = new GatewayOverHttp(settings ?? Settings(), store, provisioned);
        await gateway.Store.MigrateAsync(CancellationToken.None);
        if (provisioned) await gateway.Service<DirectoryStore>().LoadAsync(CancellationToken.None);
        await gateway._app.StartAsync();
        gateway.Client = new HttpClient { BaseAddress = new Uri(gateway._app.Urls.Single()) };
        return gateway;
    }

    public static GatewaySettings Settings(AccountSettings? account = null, params CarrierSettings[] carriers) => new()
    {
        Numbering = new NumberingSettings { CountryCode = "49", LocalPrefixes = ["4940"] },
        Accounts = [account ?? Account()],
        Carriers = [.. carriers],
        Webhooks = new WebhookSettings { AllowPrivateTargets = true },
    };

    public static AccountSettings Account(int rate = 1000, string? signatureSecret = null, string method = "sha256") => new()
    {
        ApiKey = "bank0001", ApiSecret = "s3cret-s3cret", SignatureSecret = signatureSecret, SignatureMethod = method, MaxRequestsPerSecond = rate,
        Numbers = ["4940999"],
    };

    /// <summary>All messages in the store, the oldest first.</summary>
    public async Task<List<ShortMessageRow>> MessagesAsync()
    {
        await using var db = Store.Open();
        return [.. db.ShortMessages.OrderBy(message => message.Id)];
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>A cluster whose every mailbox is idle, and keeps the receipts it gets.</summary>
public class IdleGrains : DispatchProxy
{
    internal List<CarrierReceipt> Receipts { get; set; } = [];

    protected override object? Invoke(MethodInfo? method, object?[]? args)
    {
        var mailbox = DispatchProxy.Create<IMailbox, IdleMailbox>();
        ((IdleMailbox)(object)mailbox).Receipts = Receipts;
        return mailbox;
    }
}

public class IdleMailbox : DispatchProxy
{
    internal List<CarrierReceipt> Receipts { get; set; } = [];

    protected override object? Invoke(MethodInfo? method, object?[]? args)
    {
        if (args is [CarrierReceipt receipt])
            Receipts.Add(receipt);
        return method!.ReturnType == typeof(Task) ? Task.CompletedTask : Task.FromResult(true);
    }
}
