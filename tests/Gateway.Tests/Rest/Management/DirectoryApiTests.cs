using System.Net;
using System.Text.Json.Nodes;
using Gateway.Carriers;
using Gateway.Provisioning;
using Gateway.Routing;
using Gateway.Store;
using Gateway.Tests.Store;
using Gateway.Tests.Webhooks;
using Xunit;

namespace Gateway.Tests.Rest.Management;

/// <summary>Accounts, numbers, carriers and subscribers, changed at run time, on both stores.</summary>
public abstract class DirectoryApiTests(PostgresCluster? cluster) : IAsyncLifetime
{
    private const string Shop = """{"apiSecret":"shop-secret","maxRequestsPerSecond":500,"numbers":["4940777"],"signatureSecret":"shop signs"}""";
    private const string Carrier = """{"baseUrl":"http://127.0.0.1:9","apiKey":"k","apiSecret":"carrier-s3cret","prefixes":["44"]}""";

    private readonly TestDatabase _database = new(cluster);
    private StoreOptions _store = new();
    private GatewayOverHttp _gateway = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await _database.NewAsync();
        _gateway = await GatewayOverHttp.StartAsync(AdminClient.Settings(GatewayOverHttp.Account()), _store, provisioned: true);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _gateway.DisposeAsync();
        _database.Dispose();
    }

    [Fact]
    public async Task An_account_is_made_read_changed_and_taken_away()
    {
        using var made = await _gateway.CallAsync(HttpMethod.Put, "/api/accounts/shop", Shop);
        Assert.Equal((HttpStatusCode.Created, "/api/accounts/shop"), (made.StatusCode, made.Headers.Location?.OriginalString));
        (await SendAsync("shop", "shop-secret")).IsAccepted();
        Assert.Equal(RouteKind.Application, _gateway.Service<Router>().Find("4940777")!.Value.Kind);

        var shown = await _gateway.ReadAsync("/api/accounts/shop");
        Assert.Equal(("shop", 500, true, false), ((string?)shown["apiKey"], (int)shown["maxRequestsPerSecond"]!, (bool)shown["hasApiSecret"]!, (bool)shown["hasApiSecret2"]!));
        shown["lane"] = "Bulk";
        var changed = await _gateway.PutAsync("/api/accounts/shop", shown.ToJsonString()); // what was read may be written back
        Assert.Equal(("Bulk", true, true), ((string?)changed["lane"], (bool)changed["hasApiSecret"]!, (bool)changed["hasSignatureSecret"]!));
        (await SendAsync("shop", "shop-secret")).IsAccepted(); // a secret that is not given stays

        using var gone = await _gateway.CallAsync(HttpMethod.Delete, "/api/accounts/shop");
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        (await SendAsync("shop", "shop-secret")).IsRefused(4, "Bad Credentials");
        await _gateway.RefusedAsync(HttpMethod.Get, "/api/accounts/shop", HttpStatusCode.NotFound);
        await _gateway.RefusedAsync(HttpMethod.Delete, "/api/accounts/shop", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task No_secret_is_given_back_and_an_empty_one_goes()
    {
        await _gateway.PutAsync("/api/accounts/shop", Shop, HttpStatusCode.Created);
        await _gateway.PutAsync("/api/carriers/uk", Carrier, HttpStatusCode.Created);
        foreach (var path in new[] { "/api/accounts/shop", "/api/accounts", "/api/carriers/uk", "/api/carriers" })
        {
            var text = (await _gateway.ReadAsync(path)).ToJsonString();
            Assert.DoesNotContain("secret\":\"", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("s3cret", text);
            Assert.DoesNotContain("pbkdf2", text);
        }
        var without = await _gateway.PutAsync("/api/accounts/shop", """{"apiSecret":""}""");
        Assert.Equal((false, true), ((bool)without["hasApiSecret"]!, (bool)without["hasSignatureSecret"]!));
        (await SendAsync("shop", "shop-secret")).IsRefused(4, "Bad Credentials");
    }

    [Theory]
    [InlineData("""{"numbers":["12","x"]}""", "numbers[1]")]
    [InlineData("""{"numbers":["12","+12"]}""", "numbers[1]")]
    [InlineData("""{"numbers":[null]}""", "numbers[0]")]
    [InlineData("""{"numbers":null}""", "numbers")]
    [InlineData("""{"lane":"Fast"}""", "lane")]
    [InlineData("""{"maxRequestsPerSecond":"many"}""", "maxRequestsPerSecond")]
    [InlineData("""{"maxRequestsPerSecond":0}""", "maxRequestsPerSecond")]
    [InlineData("""{"apiSecret":"12345"}""", "apiSecret")]
    [InlineData("""{"allowedAddresses":["10.0.0.0/40"]}""", "allowedAddresses[0]")]
    [InlineData("""{"inboundUrl":"ftp://x"}""", "inboundUrl")]
    [InlineData("""{"apiKey":"another"}""", "apiKey")]
    [InlineData("""{"webhookUrl":"http://x"}""", "webhookUrl")]
    public async Task What_is_wrong_with_an_account_is_named_by_its_field(string json, string field) =>
        Assert.Equal([field], await _gateway.RefusedAsync(HttpMethod.Put, "/api/accounts/shop", HttpStatusCode.BadRequest, json));

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("null", HttpStatusCode.BadRequest)]
    public async Task A_body_that_is_no_entry_is_refused(string json, HttpStatusCode status)
    {
        await _gateway.RefusedAsync(HttpMethod.Put, "/api/accounts/shop", status, json);
        await _gateway.RefusedAsync(HttpMethod.Put, "/api/carriers/uk", status, json);
        await _gateway.RefusedAsync(HttpMethod.Put, "/api/subscribers/494012", status, json);
    }

    [Theory]
    [InlineData("/api/subscribers/%01")]
    [InlineData("/api/accounts/%F0%9F%92%A9/numbers")]
    [InlineData("/api/accounts/bank0001/numbers/1/2")]
    public async Task What_cannot_be_there_is_not_found(string path)
    {
        await _gateway.RefusedAsync(HttpMethod.Get, path, HttpStatusCode.NotFound);
        await _gateway.RefusedAsync(HttpMethod.Get, "/api/subscribers?after=AA", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_carrier_says_what_it_lacks_and_is_used_at_once()
    {
        Assert.Equal(["baseUrl", "apiKey", "apiSecret"], await _gateway.RefusedAsync(HttpMethod.Put, "/api/carriers/uk", HttpStatusCode.BadRequest, "{}"));
        await _gateway.PutAsync("/api/carriers/uk", Carrier, HttpStatusCode.Created);
        Assert.Equal("uk", _gateway.Service<Router>().Find("447700900000")!.Value.Carrier);
        var used = _gateway.Service<CarrierRegistry>().Find("UK");
        await _gateway.PutAsync("/api/accounts/shop", Shop, HttpStatusCode.Created);
        Assert.Same(used, _gateway.Service<CarrierRegistry>().Find("uk")); // a change of something else leaves it as it is

        var changed = await _gateway.PutAsync("/api/carriers/UK", """{"baseUrl":"http://127.0.0.1:9","apiKey":"k","prefixes":["33"]}""");
        Assert.Equal(("uk", true), ((string?)changed["name"], (bool)changed["hasApiSecret"]!));
        Assert.Null(_gateway.Service<Router>().Find("447700900000"));
        Assert.Equal("carrier-s3cret", _gateway.Service<CarrierRegistry>().Settings("uk")!.ApiSecret);
    }

    [Fact]
    public async Task A_change_for_another_version_is_not_made()
    {
        using var made = await _gateway.CallAsync(HttpMethod.Put, "/api/accounts/shop", Shop, ("If-None-Match", "*"));
        var tag = made.Headers.ETag!.Tag;
        await _gateway.RefusedAsync(HttpMethod.Put, "/api/accounts/shop", HttpStatusCode.PreconditionFailed, Shop, ("If-None-Match", "*"));
        using var changed = await _gateway.CallAsync(HttpMethod.Put, "/api/accounts/shop", Shop, ("If-Match", tag));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag, changed.Headers.ETag!.Tag);
        await _gateway.RefusedAsync(HttpMethod.Put, "/api/accounts/shop", HttpStatusCode.PreconditionFailed, Shop, ("If-Match", tag));
        await _gateway.RefusedAsync(HttpMethod.Delete, "/api/accounts/shop", HttpStatusCode.PreconditionFailed, null, ("If-Match", tag));
        await _gateway.RefusedAsync(HttpMethod.Put, "/api/accounts/shop/numbers/4940778", HttpStatusCode.PreconditionFailed, null, ("If-Match", tag));
        await _gateway.RefusedAsync(HttpMethod.Put, "/api/accounts/other", HttpStatusCode.PreconditionFailed, Shop, ("If-Match", "*"));
    }

    [Fact]
    public async Task A_number_is_one_accounts_alone()
    {
        await _gateway.PutAsync("/api/accounts/shop", Shop, HttpStatusCode.Created);
        Assert.Equal(["numbers[0]"], await _gateway.RefusedAsync(HttpMethod.Put, "/api/accounts/other", HttpStatusCode.Conflict, """{"numbers":["+4940777"]}"""));
        await _gateway.RefusedAsync(HttpMethod.Put, "/api/accounts/bank0001/numbers/4940777", HttpStatusCode.Conflict);
        Assert.Equal(["number"], await _gateway.RefusedAsync(HttpMethod.Put, "/api/accounts/bank0001/numbers/abc", HttpStatusCode.BadRequest));

        using var taken = await _gateway.CallAsync(HttpMethod.Delete, "/api/accounts/shop/numbers/4940777");
        using var given = await _gateway.CallAsync(HttpMethod.Put, "/api/accounts/bank0001/numbers/4940777");
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (taken.StatusCode, given.StatusCode));
        Assert.Equal("bank0001", _gateway.Service<Router>().AccountOf("4940777")!.ApiKey);
        Assert.Equal("""["4940999","4940777"]""", (await _gateway.ReadAsync("/api/accounts/bank0001/numbers")).ToJsonString());
        Assert.Equal("""{"items":[{"number":"4940777","account":"bank0001"},{"number":"4940999","account":"bank0001"}],"next":null}""",
            (await _gateway.ReadAsync("/api/numbers")).ToJsonString());
        (await SendAsync("bank0001", "s3cret-s3cret")).IsAccepted(); // its secret is untouched
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        foreach (var key in new[] { "c", "a", "b" }) await _gateway.PutAsync($"/api/accounts/{key}", "{}", HttpStatusCode.Created);
        var (found, next) = (new List<string>(), "");
        do
        {
            var page = await _gateway.ReadAsync($"/api/accounts?limit=2&after={next}");
            Assert.True(page["items"]!.AsArray().Count <= 2);
            found.AddRange(page["items"]!.AsArray().Select(item => (string)item!["apiKey"]!));
            next = (string?)page["next"];
        }
        while (next is not null);
        Assert.Equal(["a", "b", "bank0001", "c"], found);
        Assert.Equal(["limit"], await _gateway.RefusedAsync(HttpMethod.Get, "/api/accounts?limit=501", HttpStatusCode.BadRequest));
        Assert.Equal(["limit"], await _gateway.RefusedAsync(HttpMethod.Get, "/api/accounts?limit=x", HttpStatusCode.BadRequest));
        Assert.Equal(["after"], await _gateway.RefusedAsync(HttpMethod.Get, "/api/accounts?after=!", HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Subscribers_are_made_shown_with_their_contacts_and_taken_away()
    {
        var made = await _gateway.PutAsync("/api/subscribers/+4940100009", """{"password":"right"}""", HttpStatusCode.Created);
        Assert.Equal(("4940100009", true, "4940100009"), ((string?)made["number"], (bool)made["isUser"]!, (string?)made["username"]));
        await ContactAsync("4940100009", smsOverIp: true, ContactSource.Registrar);
        await ContactAsync("4940100008", smsOverIp: false, ContactSource.Reginfo);

        var all = (await _gateway.ReadAsync("/api/subscribers"))["items"]!.AsArray();
        Assert.Equal([("4940100008", false, "text"), ("4940100009", true, "3gpp-sms")],
            all.Select(one => ((string)one!["number"]!, (bool)one["isUser"]!, (string)one["contacts"]![0]!["capability"]!)));
        Assert.Equal(("Reginfo", 0.5m), ((string?)all[0]!["contacts"]![0]!["source"], (decimal)all[0]!["contacts"]![0]!["q"]!));
        Assert.NotNull((await _gateway.ReadAsync("/api/subscribers?limit=1"))["next"]);

        Assert.Equal(["password"], await _gateway.RefusedAsync(HttpMethod.Put, "/api/subscribers/4940100009", HttpStatusCode.BadRequest, """{"username":"alice"}"""));
        await _gateway.RefusedAsync(HttpMethod.Put, "/api/subscribers/4940100007", HttpStatusCode.Conflict, """{"username":"4940100009","password":"x"}""");
        Assert.Equal(["number"], await _gateway.RefusedAsync(HttpMethod.Put, "/api/subscribers/alice", HttpStatusCode.BadRequest, "{}"));
        await _gateway.PutAsync("/api/subscribers/4940100009", "{}"); // keeps his password
        Assert.Equal(DigestHashes.Of("4940100009", new SipSettings().Domain, "right").Sha256,
            _gateway.Service<LiveDirectory>().Current.User("4940100009")!.Hashes!.Sha256);

        using var gone = await _gateway.CallAsync(HttpMethod.Delete, "/api/subscribers/4940100009");
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        await _gateway.RefusedAsync(HttpMethod.Get, "/api/subscribers/4940100009", HttpStatusCode.NotFound);
        Assert.False((bool)(await _gateway.ReadAsync("/api/subscribers/4940100008"))["isUser"]!);
    }

    [Fact]
    public async Task The_settings_begin_an_empty_directory_and_no_other()
    {
        await _gateway.PutAsync("/api/accounts/bank0001", """{"apiSecret":"another-secret"}""");
        await using var later = await GatewayOverHttp.StartAsync(AdminClient.Settings(GatewayOverHttp.Account(), new AccountSettings { ApiKey = "late", ApiSecret = "late-secret" }), _store, provisioned: true);
        (await SendAsync("bank0001", "another-secret", later)).IsAccepted();
        (await SendAsync("bank0001", "s3cret-s3cret", later)).IsRefused(4, "Bad Credentials");
        (await SendAsync("late", "late-secret", later)).IsRefused(4, "Bad Credentials");
    }

    [Fact]
    public async Task Another_node_learns_of_a_change_when_it_looks()
    {
        await using var other = await GatewayOverHttp.StartAsync(AdminClient.Settings(GatewayOverHttp.Account()), _store, provisioned: true);
        other.Store.Nodes.Join(1);
        var (account, carriers) = (other.Service<LiveDirectory>().Current.Account("bank0001"), other.Service<LiveDirectory>().Current.Carriers);
        await _gateway.PutAsync("/api/accounts/shop", Shop, HttpStatusCode.Created);
        await Wait.UntilAsync(() =>
        {
            other.Time.Advance(TimeSpan.FromMilliseconds(500));
            return Task.FromResult(other.Service<LiveDirectory>().Current.Account("shop") is not null);
        }, "the other node has the account");
        (await SendAsync("shop", "shop-secret", other)).IsAccepted();
        Assert.Same(account, other.Service<LiveDirectory>().Current.Account("bank0001")); // with its rate and what is known of its secrets
        Assert.Same(carriers, other.Service<LiveDirectory>().Current.Carriers);

        // A change decided on what the other node has changed meanwhile is decided anew.
        await _gateway.PutAsync("/api/accounts/third", "{}", HttpStatusCode.Created);
        Assert.Equal(["numbers[0]"], await other.RefusedAsync(HttpMethod.Put, "/api/accounts/fourth", HttpStatusCode.Conflict, """{"numbers":["4940777"]}"""));
        await _gateway.PutAsync("/api/accounts/third", """{"numbers":["4940555"]}""");
        Assert.Equal(["numbers[0]"], await other.RefusedAsync(HttpMethod.Put, "/api/accounts/fourth", HttpStatusCode.Conflict, """{"numbers":["4940555"]}"""));
    }

    private static Task<List<Dictionary<string, string>>> SendAsync(string key, string secret, GatewayOverHttp gateway) =>
        gateway.FormAsync($"api_key={key}&api_secret={secret}&from=A&to=4940111&text=x");

    private Task<List<Dictionary<string, string>>> SendAsync(string key, string secret) => SendAsync(key, secret, _gateway);

    private async Task ContactAsync(string number, bool smsOverIp, ContactSource source) => await _gateway.Store.Writer.WriteAsync(new StoreChange
    {
        Other = db => db.Contacts.Add(new ContactRow
        {
            Subscriber = number, PublicUserIdentity = $"sip:+{number}@ims.lab", Uri = $"sip:{number}@127.0.0.1", Binding = "b", SmsOverIp = smsOverIp,
            Source = source, Q = 500, ExpiresAt = GatewayOverHttp.Start.AddHours(1).ToUnixTimeMilliseconds(),
        }),
    }, Cancel);
}

public sealed class SqliteDirectoryApiTests() : DirectoryApiTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresDirectoryApiTests(PostgresCluster cluster) : DirectoryApiTests(cluster);
