using System.Globalization;
using Gateway.Tests.Support;
using Xunit;

[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.All, MaxThreads = 6)]

namespace Gateway.Interop.Tests;

/// <summary>The gateway in a network, with a customer's web server. Tests share it, and each uses numbers of its own.</summary>
public abstract class World : IAsyncLifetime
{
    public const string SignatureSecret = "signature-secret";

    private static int _numbers = 100_000;

    private GatewayProcess? _gateway;
    private KamailioLab? _lab;
    private WebhookReceiver? _webhooks;

    internal GatewayProcess Gateway => _gateway!;
    internal KamailioLab Lab => _lab!;
    internal WebhookReceiver Webhooks => _webhooks!;

    public async ValueTask InitializeAsync()
    {
        var cancel = TestContext.Current.CancellationToken;
        _webhooks = await WebhookReceiver.StartAsync(cancel);
        var sip = FreePort.Next();
        _lab = await StartLabAsync(sip, cancel);
        _gateway = await GatewayProcess.StartAsync(cancel, sip, [
            ("Accounts__0__SignatureSecret", SignatureSecret), ("Accounts__0__DeliveryReceiptUrl", _webhooks.ReceiptUrl),
            ("Accounts__0__InboundUrl", _webhooks.InboundUrl), .. _lab.Settings, .. Settings]);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_lab is not null) await _lab.DisposeAsync();
        if (_webhooks is not null) await _webhooks.DisposeAsync();
    }

    /// <summary>A subscriber that no other test uses.</summary>
    public static string NewNumber() => "4940" + Interlocked.Increment(ref _numbers).ToString(CultureInfo.InvariantCulture);

    /// <summary>Until the gateway has learnt from the network how many contacts the subscriber has.</summary>
    internal Task LearntAsync(RawUe ue, int contacts, CancellationToken cancel, int times = 1) =>
        Gateway.SaysAsync($"{ue.Identity} has {contacts} contacts in the network", cancel, times);

    private protected abstract Task<KamailioLab> StartLabAsync(int applicationServer, CancellationToken cancel);

    private protected virtual (string, string?)[] Settings => [];
}

/// <summary>An IMS core: Kamailio as S-CSCF, with an HSS.</summary>
public class ScscfWorld : World
{
    private protected override Task<KamailioLab> StartLabAsync(int applicationServer, CancellationToken cancel) =>
        KamailioLab.StartScscfAsync(applicationServer, cancel);
}

/// <summary>Tests of any class that share one <see cref="ScscfWorld"/>.</summary>
[CollectionDefinition]
public sealed class ScscfCollection : ICollectionFixture<ScscfWorld>;

/// <summary>A test in a world; when it fails, what the gateway and the network said is shown with it.</summary>
public abstract class WorldTest(World world, ITestOutputHelper output) : IAsyncDisposable
{
    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private protected ITestOutputHelper Output => output;

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
            output.WriteLine($"gateway:\n{world.Gateway.Output}\nnetwork:\n{world.Lab.Output}");
        return default;
    }
}
