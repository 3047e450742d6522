using System.Globalization;
using System.Net;
using System.Text;
using Gateway.Provisioning;
using Gateway.Rest;
using Gateway.Store;
using Gateway.Tests.Rest.Management;
using Gateway.Tests.Store;
using Gateway.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Rest;

/// <summary>Secrets at rest, in rotation and under guessing; where an account may be used from; limits that hold across nodes.</summary>
public sealed class SecretTests : IDisposable
{
    private const string Signing = "what webhooks are signed with", Calling = "what carriers are called with", Presented = "what carriers present";

    private readonly SqliteFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private string KeyFile => $"{_folder.File}.key";

    [Fact]
    public async Task The_database_has_no_secret_in_clear()
    {
        var settings = AdminClient.Settings(Account(signatureSecret: Signing));
        settings.Carriers.Add(new CarrierSettings
        {
            Name = "uk", BaseUrl = "http://127.0.0.1:9", ApiKey = "k", ApiSecret = Calling, WebhookSecret = Presented, Prefixes = ["44"],
        });
        settings.Sip.Registrar.Users.Add(new RegistrarUserSettings { Number = "4940100001", Password = "a handset's password" });
        await using (var gateway = await GatewayOverHttp.StartAsync(settings, _folder.Options, provisioned: true))
        {
            await gateway.PutAsync("/api/accounts/shop", """{"apiSecret":"shop-s3cret-1","apiSecret2":"shop-s3cret-2"}""", HttpStatusCode.Created);
            await gateway.PutAsync("/api/subscribers/4940100002", """{"password":"another handset's"}""", HttpStatusCode.Created);
            (await SendAsync(gateway, "shop", "shop-s3cret-2")).IsAccepted();
        }

        var octets = string.Concat(Directory.GetFiles(Path.GetDirectoryName(_folder.File)!).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        Assert.Contains("bank0001", octets); // it is the right file
        foreach (var secret in new[] { "s3cret-s3cret", Signing, Calling, Presented, "shop-s3cret-1", "shop-s3cret-2", "a handset's password", "another handset's" })
            Assert.DoesNotContain(secret, octets);

        await using var again = await GatewayOverHttp.StartAsync(settings, _folder.Options, provisioned: true);
        var directory = again.Service<LiveDirectory>().Current;
        Assert.Equal((Signing, Calling, Presented),
            (directory.Account("bank0001")!.SignatureSecret, directory.Carrier("uk")!.ApiSecret, directory.Carrier("uk")!.WebhookSecret));
    }

    [Fact]
    public async Task A_secret_moved_to_another_entry_or_under_another_key_is_not_read()
    {
        await using (var gateway = await GatewayOverHttp.StartAsync(AdminClient.Settings(Account(signatureSecret: Signing)), _folder.Options, provisioned: true))
            await gateway.Store.Writer.WriteAsync(new StoreChange
            {
                Other = db =>
                {
                    var body = db.Directory.AsNoTracking().Single(row => row.Kind == DirectoryKind.Account).Body;
                    db.Directory.Add(new DirectoryRow { Kind = DirectoryKind.Account, Name = "thief", Body = body, Version = 2 });
                },
            }, Cancel);
        await IsRefusedAsync(AdminClient.Settings());
        var other = new GatewaySettings { Store = new StoreSettings { SecretKey = Convert.ToBase64String(Enumerable.Repeat((byte)1, 32).ToArray()) } };
        await IsRefusedAsync(other);

        async Task IsRefusedAsync(GatewaySettings settings)
        {
            var fault = await Assert.ThrowsAsync<SettingsFaultException>(() => GatewayOverHttp.StartAsync(settings, _folder.Options, provisioned: true));
            Assert.StartsWith("Store:SecretKey: ", fault.Message);
        }
    }

    [Fact]
    public async Task Without_a_key_in_the_settings_one_is_made_beside_the_database_and_belongs_to_it()
    {
        var settings = new GatewaySettings
        {
            Store = new StoreSettings { ConnectionString = _folder.Options.ConnectionString }, Accounts = [Account(signatureSecret: Signing)],
            Admin = new AdminSettings { Key = AdminClient.Key },
        };
        for (var start = 0; start < 2; start++)
        {
            await using var gateway = await GatewayOverHttp.StartAsync(settings, _folder.Options, provisioned: true);
            await gateway.PutAsync($"/api/accounts/shop{start}", """{"apiSecret":"shop-secret","signatureSecret":"x"}""", HttpStatusCode.Created);
        }
        File.Delete(KeyFile);
        var fault = await Assert.ThrowsAsync<SettingsFaultException>(() => GatewayOverHttp.StartAsync(settings, _folder.Options, provisioned: true));
        Assert.StartsWith("Store:SecretKey: is not the key", fault.Message);
    }

    [Fact]
    public void The_key_that_is_made_is_its_owners_alone_and_opens_nothing_elsewhere()
    {
        var settings = new GatewaySettings { Store = new StoreSettings { ConnectionString = _folder.Options.ConnectionString } };
        var box = NewBox().Encrypt(Signing, "here");

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.Equal(Signing, NewBox().Decrypt(box, "here"));
        Assert.Throws<SettingsFaultException>(() => NewBox().Decrypt(box, "there"));
        Assert.Throws<SettingsFaultException>(() => NewBox().Decrypt("in clear", "here"));

        SecretBox NewBox() => new(settings, NullLogger<SecretBox>.Instance);
    }

    [Fact]
    public async Task Without_any_account_and_without_the_means_to_make_one_nothing_starts()
    {
        var fault = await Assert.ThrowsAsync<SettingsFaultException>(() => GatewayOverHttp.StartAsync(new GatewaySettings(), _folder.Options, provisioned: true));
        Assert.StartsWith("Accounts: ", fault.Message);
    }

    [Fact]
    public async Task Both_secrets_are_good_while_clients_change_over()
    {
        await using var gateway = await GatewayOverHttp.StartAsync(AdminClient.Settings(Account()), provisioned: true);
        await gateway.PutAsync("/api/accounts/bank0001",
            """{"apiSecret2":"the-next-one","signatureSecret":"old signing","signatureSecret2":"new signing","maxRequestsPerSecond":100}""");
        foreach (var secret in new[] { "s3cret-s3cret", "the-next-one", "s3cret-s3cret", "the-next-one" })
            (await SendAsync(gateway, "bank0001", secret)).IsAccepted();
        (await SendAsync(gateway, "bank0001", "neither")).IsRefused(4, "Bad Credentials");
        (await gateway.FormAsync(Signed("old signing"))).IsAccepted();
        (await gateway.FormAsync(Signed("new signing"))).IsAccepted();
        (await gateway.FormAsync(Signed("no signing"))).IsRefused(14, "Invalid Signature");

        await gateway.PutAsync("/api/accounts/bank0001", """{"apiSecret":"the-next-one","apiSecret2":""}""");
        (await SendAsync(gateway, "bank0001", "the-next-one")).IsAccepted();
        (await SendAsync(gateway, "bank0001", "s3cret-s3cret")).IsRefused(4, "Bad Credentials");
    }

    [Fact]
    public async Task After_a_start_all_that_come_at_once_with_the_right_secret_are_taken()
    {
        const int requests = 200;
        await using var gateway = await GatewayOverHttp.StartAsync(AdminClient.Settings(Account()), _folder.Options, provisioned: true);
        await gateway.PutAsync("/api/accounts/busy", """{"apiSecret":"one of many","maxRequestsPerSecond":1000}""", HttpStatusCode.Created);
        foreach (var reply in await Task.WhenAll(Enumerable.Range(0, requests).Select(_ => SendAsync(gateway, "busy", "one of many")))) reply.IsAccepted();
    }

    [Fact]
    public async Task Who_guesses_secrets_is_held_off_and_who_is_known_is_not()
    {
        var settings = AdminClient.Settings(Account());
        await using var gateway = await GatewayOverHttp.StartAsync(settings, _folder.Options, provisioned: true);
        for (var i = 0; i < Guesses.Allowed; i++) (await SendAsync(gateway, "bank0001", $"wrong {i}")).IsRefused(4, "Bad Credentials");
        (await SendAsync(gateway, "bank0001", "s3cret-s3cret")).IsRefused(4, "Bad Credentials"); // not even looked at
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        (await SendAsync(gateway, "bank0001", "s3cret-s3cret")).IsAccepted();
        for (var i = 0; i < 2 * Guesses.Allowed; i++) (await SendAsync(gateway, "bank0001", $"wrong {i}")).IsRefused(4, "Bad Credentials");
        (await SendAsync(gateway, "bank0001", "s3cret-s3cret")).IsAccepted(); // known, so it costs nothing
    }

    [Theory]
    [InlineData("127.0.0.0/8", 0)]
    [InlineData("::ffff:0:0/96,10.0.0.1", 4)]
    [InlineData("10.0.0.0/8", 4)]
    [InlineData("10.0.0.0/8,127.0.0.1", 0)]
    public async Task An_account_with_allowed_addresses_is_used_from_there_alone(string networks, int status)
    {
        var account = Account(signatureSecret: Signing, networks: networks.Split(','));
        await using var gateway = await GatewayOverHttp.StartAsync(AdminClient.Settings(account));
        foreach (var reply in new[] { await SendAsync(gateway, "bank0001", "s3cret-s3cret"), await gateway.FormAsync(Signed(Signing)) })
        {
            if (status == 0) reply.IsAccepted();
            else reply.IsRefused(status, "Bad Credentials");
        }
    }

    [Fact]
    public async Task A_signature_that_one_node_has_taken_is_refused_by_another_and_after_a_restart()
    {
        var settings = AdminClient.Settings(Account(signatureSecret: Signing));
        var request = Signed(Signing);
        await using (var gateway = await GatewayOverHttp.StartAsync(settings, _folder.Options))
        await using (var other = await GatewayOverHttp.StartAsync(settings, _folder.Options))
        {
            var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => (i % 2 == 0 ? gateway : other).FormAsync(request)));
            Assert.Single(replies, reply => reply[0]["status"] == "0");
            Assert.All(replies, reply => Assert.Contains(reply[0]["status"], new[] { "0", "14" }));
            Assert.Single(await gateway.MessagesAsync());
        }

        await using var again = await GatewayOverHttp.StartAsync(settings, _folder.Options);
        (await again.FormAsync(request)).IsRefused(14, "Invalid Signature - sig was used before");
        (await again.FormAsync(request.Replace("sig=", "%73ig=", StringComparison.Ordinal))).IsRefused(14, "Invalid Signature - sig was used before");
    }

    [Fact]
    public void Nodes_give_their_share_of_an_accounts_rate()
    {
        var time = new FakeTimeProvider();
        var rate = new RequestRate(30, time);
        Assert.Equal(10, Enumerable.Range(0, 40).Count(_ => rate.TryTake(3, out var _)));
        Assert.False(rate.TryTake(3, out var wait));
        Assert.Equal(100, wait.TotalMilliseconds, 0.001);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(30, Enumerable.Range(0, 40).Count(_ => rate.TryTake(1, out var _)));
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(1, Enumerable.Range(0, 40).Count(_ => rate.TryTake(64, out var _))); // less than one a second, but one
    }

    private static AccountSettings Account(string? signatureSecret = null, params string[] networks) => new()
    {
        ApiKey = "bank0001", ApiSecret = "s3cret-s3cret", SignatureSecret = signatureSecret, MaxRequestsPerSecond = 1000, AllowedAddresses = [.. networks],
    };

    private static Task<List<Dictionary<string, string>>> SendAsync(GatewayOverHttp gateway, string key, string secret) =>
        gateway.FormAsync($"api_key={key}&api_secret={secret}&from=A&to=4940111&text=x");

    private static string Signed(string secret)
    {
        var fields = new Dictionary<string, string>
        {
            ["api_key"] = "bank0001", ["from"] = "AcmeInc", ["to"] = "4940111", ["text"] = "signed",
            ["timestamp"] = GatewayOverHttp.Start.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        };
        fields["sig"] = Signature.Sign(SignatureMethod.Sha256, secret, fields);
        return string.Join('&', fields.Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value)}"));
    }
}
