using System.Net;
using System.Text.Json.Nodes;
using Gateway.Provisioning;
using Gateway.Rest;
using Gateway.Store;
using Gateway.Tests.Rest.Management;
using Gateway.Tests.Store;
using Gateway.Webhooks;
using Xunit;
using static Gateway.Tests.Rest.Replies;

namespace Gateway.Tests.Rest;

/// <summary>Nexmo's endpoints around sending: balance, settings, numbers, rejections.</summary>
public sealed class AccountApiTests : IAsyncLifetime
{
    private readonly SqliteFolder _folder = new();
    private GatewayOverHttp _gateway = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _gateway = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_balance_is_numbers_and_falls_with_each_message()
    {
        Assert.Equal("""{"value":10.5,"autoReload":false}""", await TextAsync("/account/get-balance?" + Key));
        (await _gateway.FormAsync(Whole)).IsAccepted();
        Assert.Equal("""{"value":10.25,"autoReload":false}""", await TextAsync("/account/get-balance?" + Key));
    }

    [Theory]
    [InlineData("GET", "/account/get-balance")]
    [InlineData("POST", "/account/settings")]
    [InlineData("GET", "/account/numbers")]
    [InlineData("POST", "/number/update")]
    [InlineData("GET", "/search/rejections")]
    public async Task Who_gives_no_right_secret_is_told_in_nexmos_words(string method, string path)
    {
        using var response = await _gateway.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path + "?api_key=bank0001&api_secret=wrong"), Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("""{"error-code":"401","error-code-label":"authentication failed"}""", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Settings_change_one_url_at_a_time_and_other_nodes_follow()
    {
        await using var other = await StartAsync();
        var before = await PostAsync("/account/settings", Key);
        Assert.Equal(["mo-callback-url", "dr-callback-url", "max-outbound-request", "max-inbound-request", "max-calls-per-second"], before.AsObject().Select(field => field.Key));
        Assert.Equal(("", "", 1000), (Text(before, "mo-callback-url"), Text(before, "dr-callback-url"), before["max-outbound-request"]!.GetValue<int>()));

        await PostAsync("/account/settings?" + Key + "&moCallBackUrl=http%3A%2F%2Fshop.example%2Fin", ""); // as the nexmo package does
        var after = await PostAsync("/account/settings", Key + "&drCallBackUrl=http%3A%2F%2Fshop.example%2Fdlr");
        Assert.Equal(("http://shop.example/in", "http://shop.example/dlr"), (Text(after, "mo-callback-url"), Text(after, "dr-callback-url")));
        await other.Service<DirectoryStore>().RefreshAsync(Cancel);
        var there = other.Service<LiveDirectory>().Current.Account("bank0001")!;
        Assert.Equal(("http://shop.example/in", "http://shop.example/dlr"), (there.InboundUrl, there.DeliveryReceiptUrl));

        var cleared = await PostAsync("/account/settings", Key + "&moCallBackUrl=");
        Assert.Equal(("", "http://shop.example/dlr"), (Text(cleared, "mo-callback-url"), Text(cleared, "dr-callback-url")));
        (await _gateway.FormAsync(Whole)).IsAccepted(); // the secret is still the same
    }

    [Theory]
    [InlineData("moCallBackUrl=ftp%3A%2F%2Fx", "moCallBackUrl is not an http or https URL of up to 2000 characters")]
    [InlineData("drCallBackUrl=nonsense", "drCallBackUrl is not an http or https URL of up to 2000 characters")]
    [InlineData("newSecret=abcdefgh", "newSecret cannot be set here")]
    public async Task Settings_that_cannot_be_are_refused(string form, string label)
    {
        var refused = await PostAsync("/account/settings", Key + "&" + form, (HttpStatusCode)420);
        Assert.Equal(("420", label), (Text(refused, "error-code"), Text(refused, "error-code-label")));
    }

    [Fact]
    public async Task Numbers_come_in_pages_and_by_pattern()
    {
        var all = await GetAsync("/account/numbers?" + Key);
        Assert.Equal(3, all["count"]!.GetValue<int>());
        Assert.Equal("""{"country":"DE","msisdn":"4940999","moHttpUrl":"","type":"mobile-lvn","features":["SMS"]}""", all["numbers"]![2]!.ToJsonString());
        Assert.Equal(["447700900001"], Numbers(await GetAsync("/account/numbers?size=1&index=2&" + Key + "&pattern=7700&search_pattern=1")));
        Assert.Equal(["447700900000", "447700900001"], Numbers(await GetAsync("/account/numbers?country=gb&" + Key)));
        Assert.Equal(["447700900001"], Numbers(await GetAsync("/account/numbers?pattern=01&search_pattern=2&" + Key)));
        Assert.Empty(Numbers(await GetAsync("/account/numbers?index=2147483647&size=100&" + Key)));
        await GetAsync("/account/numbers?size=101&" + Key, (HttpStatusCode)420);

        static IEnumerable<string> Numbers(JsonNode reply) => reply["numbers"]!.AsArray().Select(number => Text(number!, "msisdn"));
    }

    [Fact]
    public async Task A_numbers_own_url_takes_its_messages_until_it_is_cleared()
    {
        Assert.Equal("""{"error-code":"200","error-code-label":"success"}""",
            (await PostAsync("/number/update", Key + "&country=DE&msisdn=4940999&moHttpUrl=http%3A%2F%2Fshop.example%2Fn")).ToJsonString());
        Assert.Equal("http://shop.example/n", Text((await GetAsync("/account/numbers?" + Key))["numbers"]!.AsArray().Single(n => Text(n!, "msisdn") == "4940999")!, "moHttpUrl"));
        var message = new ShortMessageRow { Recipient = "4940999", Originator = "4940111", Text = "Hi" };
        Assert.Equal("http://shop.example/n", Assert.Single(InboundMessage.For(message, Account, 0)).Url);
        await PostAsync("/number/update", Key + "&country=DE&msisdn=4940999&moHttpUrl=");
        Assert.Empty(InboundMessage.For(message, Account, 0));
    }

    [Theory]
    [InlineData("country=DE&msisdn=4940111&moHttpUrl=http%3A%2F%2Fx.example", "method failed")]
    [InlineData("country=DE", "method failed")]
    [InlineData("country=FR&msisdn=4940999", "country is not the number's")]
    [InlineData("country=DE&msisdn=4940999&moHttpUrl=file%3A%2F%2Fx", "moHttpUrl is not an http or https URL of up to 2000 characters")]
    public async Task A_number_that_cannot_be_updated_is_refused(string form, string label) =>
        Assert.Equal(label, Text(await PostAsync("/number/update", Key + "&" + form, (HttpStatusCode)420), "error-code-label"));

    [Fact]
    public async Task What_was_refused_is_found_by_its_day_and_recipient_and_goes_with_the_history()
    {
        (await _gateway.FormAsync(Key + "&from=A&to=4940111%00x&text=x")).IsRefused(3, "to address is not numeric");
        (await _gateway.FormAsync(Key + "&from=A&to=33600000000&text=x")).IsRefused(6, "Unroutable message - rejected");
        (await _gateway.FormAsync(Whole)).IsAccepted();
        (await _gateway.FormAsync("api_key=bank0001&api_secret=wrong&from=A&to=4940111&text=x")).IsRefused(4, "Bad Credentials"); // nobody's
        await _gateway.Service<Rejections>().WriteAsync(Cancel);

        var found = await GetAsync("/search/rejections?date=2026-06-01&" + Key);
        Assert.Equal(2, found["count"]!.GetValue<int>());
        Assert.Equal(
            """{"account-id":"bank0001","from":"A","to":"33600000000","date-received":"2026-06-01 12:00:00","error-code":"6","error-code-label":"Unroutable message - rejected"}""",
            found["items"]![0]!.ToJsonString());
        Assert.Equal(1, (await GetAsync("/search/rejections?date=2026-06-01&to=33600000000&" + Key))["count"]!.GetValue<int>());
        Assert.Equal(0, (await GetAsync("/search/rejections?date=2026-06-02&" + Key))["count"]!.GetValue<int>());
        Assert.Equal("Must be YYYY-MM-DD.", (await GetAsync("/search/rejections?date=today&" + Key, HttpStatusCode.BadRequest))["invalid_parameters"]!["date"]!.GetValue<string>());

        Assert.True(await _gateway.Store.History.ForgetAsync(GatewayOverHttp.Start.ToUnixTimeMilliseconds() + 1, Cancel));
        Assert.Equal(0, (await GetAsync("/search/rejections?date=2026-06-01&" + Key))["count"]!.GetValue<int>());
    }

    [Fact]
    public async Task More_rejections_than_fit_are_left_out_and_cost_nobody_anything()
    {
        var rejections = _gateway.Service<Rejections>();
        for (var i = 0; i < 1500; i++) rejections.Add("bank0001", "A", "1", NexmoFault.Unroutable);
        await rejections.WriteAsync(Cancel);
        await using var db = _gateway.Store.Open();
        Assert.Equal(1000, db.Rejections.Count());
    }

    private AccountSettings Account => _gateway.Service<LiveDirectory>().Current.Account("bank0001")!;

    private Task<GatewayOverHttp> StartAsync() => GatewayOverHttp.StartAsync(AdminClient.Settings(new AccountSettings
    {
        ApiKey = "bank0001", ApiSecret = "s3cret-s3cret", MaxRequestsPerSecond = 1000, Numbers = ["+4940999", "447700900001", "447700900000"],
        Prices = new() { [""] = 0.25m }, Balance = 10.5m,
    }), _folder.Options, provisioned: true);

    private async Task<string> TextAsync(string path) => await _gateway.Client.GetStringAsync(path, Cancel);

    private async Task<JsonNode> GetAsync(string path, HttpStatusCode status = HttpStatusCode.OK) => await JsonOfAsync(await _gateway.Client.GetAsync(path, Cancel), status);

    private async Task<JsonNode> PostAsync(string path, string form, HttpStatusCode status = HttpStatusCode.OK) =>
        await JsonOfAsync(await _gateway.Client.PostAsync(path, Body(form, "application/x-www-form-urlencoded"), Cancel), status);

    private static async Task<JsonNode> JsonOfAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == status, $"{response.StatusCode}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        return JsonNode.Parse(text)!;
    }

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();
}
