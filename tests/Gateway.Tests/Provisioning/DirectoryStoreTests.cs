using Gateway.Diagnostics;
using Gateway.Provisioning;
using Gateway.Tests.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Provisioning;

/// <summary>How a directory begins, and what a later start says of settings that it does not follow.</summary>
public sealed class DirectoryStoreTests() : TestStore(cluster: null)
{
    private const int Seeded = 4001, FileIgnored = 4002, OtherRealm = 4003;

    [Fact]
    public async Task Settings_that_are_no_longer_what_the_directory_was_begun_with_are_told_of()
    {
        Assert.Equal([Seeded], await LoadAsync(Settings("secret-1")));
        Assert.Empty(await LoadAsync(Settings("secret-1")));
        Assert.Equal([FileIgnored], await LoadAsync(Settings("secret-2")));
        Assert.Equal([FileIgnored], await LoadAsync(Settings("secret-1", users: 2)));
        Assert.Empty(await LoadAsync(new GatewaySettings { Sip = new SipSettings { Domain = "ims.lab" } })); // who has none has nothing that is ignored
    }

    [Fact]
    public async Task Passwords_of_another_domain_are_told_of()
    {
        await LoadAsync(Settings("secret-1"));
        Assert.Equal([OtherRealm], await LoadAsync(Settings("secret-1", domain: "other.example")));
    }

    [Fact]
    public async Task What_Development_generates_is_laid_over_the_store_and_never_in_it()
    {
        for (var start = 1; start <= 2; start++)
        {
            var world = DevelopmentWorld.Create();
            var settings = Settings(world.ApiSecret);
            settings.Sip.Registrar.Users.Clear();
            settings.Sip.Registrar.Users.Add(new RegistrarUserSettings { Number = world.VolteNumber, Password = world.HandsetPassword });
            var directory = new LiveDirectory(new GatewaySettings());
            Assert.Equal(start == 1 ? [Seeded] : Array.Empty<int>(), await LoadAsync(settings, directory, world));

            Assert.Equal(world.ApiSecret, directory.Current.Account("bank")!.ApiSecret);
            Assert.Equal(world.HandsetPassword, directory.Current.User(world.VolteNumber)!.Password);
            var rows = await Store.Directory.ChangedSinceAsync(0, Cancel);
            Assert.Equal(["", "bank"], rows.Select(row => row.Name));
            Assert.DoesNotContain("ApiSecret", rows[1].Body);
        }
    }

    private Task<List<int>> LoadAsync(GatewaySettings settings) => LoadAsync(settings, new LiveDirectory(settings), null);

    /// <summary>The ids of what a start logs.</summary>
    private async Task<List<int>> LoadAsync(GatewaySettings settings, LiveDirectory directory, DevelopmentWorld? world)
    {
        var environment = new HostingEnvironment { EnvironmentName = Environments.Development };
        var log = new Ids();
        await new DirectoryStore(Store, directory, new DirectoryJson(new SecretBox(settings, NullLogger<SecretBox>.Instance)), settings, environment, TimeProvider.System, log, world).LoadAsync(Cancel);
        return log.Logged;
    }

    private static GatewaySettings Settings(string secret, int users = 1, string domain = "ims.lab") => new()
    {
        Accounts = [new AccountSettings { ApiKey = "bank", ApiSecret = secret }],
        Sip = new SipSettings
        {
            Domain = domain,
            Registrar = new RegistrarSettings { Users = [.. Enumerable.Range(1, users).Select(i => new RegistrarUserSettings { Number = $"494010000{i}", Password = "p" })] },
        },
    };

    private sealed class Ids : ILogger<DirectoryStore>
    {
        public List<int> Logged { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel level) => true;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? fault, Func<TState, Exception?, string> text) => Logged.Add(id.Id);
    }
}
