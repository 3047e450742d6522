using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>A running gateway with its own registrar, shared by tests that use subscribers of their own.</summary>
public sealed class LocalGateway : IAsyncLifetime
{
    /// <summary>The one user of the registrar who must prove who he is; his password is "secret".</summary>
    public const string UserNumber = "4940800800";

    private GatewayProcess? _process;

    internal GatewayProcess Process => _process!;

    public async ValueTask InitializeAsync() => _process = await GatewayProcess.StartAsync(TestContext.Current.CancellationToken, null,
        ("Carriers__0__Name", "vonage"), ("Carriers__0__BaseUrl", "http://127.0.0.1:9"), ("Carriers__0__ApiKey", "key"),
        ("Carriers__0__ApiSecret", "secret"), ("Carriers__0__WebhookSecret", "carrier-secret"),
        ("Sip__Registrar__Users__0__Number", UserNumber), ("Sip__Registrar__Users__0__Password", "secret"));

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
    }
}

[CollectionDefinition]
public sealed class LocalGatewayCollection : ICollectionFixture<LocalGateway>;
