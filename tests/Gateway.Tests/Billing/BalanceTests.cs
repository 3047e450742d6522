using System.Net;
using System.Text.Json.Nodes;
using Gateway.Billing;
using Gateway.Store;
using Gateway.Tests.Rest;
using Gateway.Tests.Rest.Management;
using Gateway.Webhooks;
using Microsoft.Extensions.Configuration;
using Xunit;
using static Gateway.Tests.Rest.Replies;

namespace Gateway.Tests.Billing;

/// <summary>What messages cost, who can pay for them, and what replies and receipts say of it.</summary>
public sealed class BalanceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("447700900000", 0.04)]
    [InlineData("441", 0.035)]
    [InlineData("44", 0.035)]
    [InlineData("4", 0.0333)]
    [InlineData("33612345678", 0.0333)]
    public void The_longest_prefix_makes_the_price(string recipient, double price)
    {
        var account = new AccountSettings { Prices = new() { [""] = 0.0333m, ["4477"] = 0.04m, ["44"] = 0.035m } };
        Assert.Equal((Tariff.ToUnits((decimal)price), (long?)null), (Tariff.ChargeFor(account, recipient).Price, Tariff.ChargeFor(account, recipient).StartingCredit));
        Assert.Equal(0, Tariff.ChargeFor(new AccountSettings { Prices = new() { ["44"] = 1 } }, "49123").Price);
    }

    [Fact]
    public void Prices_are_read_from_a_file_with_the_empty_prefix()
    {
        const string file = """{ "Accounts": [ { "ApiKey": "a", "Balance": 12.5, "Prices": { "": 0.0333, "4477": 0.04 } } ] }""";
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(file));
        var account = new ConfigurationBuilder().AddJsonStream(stream).Build().Get<GatewaySettings>()!.Accounts.Single();
        Assert.Equal((12.5m, 0.0333m, 0.04m), (account.Balance, account.Prices[""], account.Prices["4477"]));
    }

    [Fact]
    public async Task Each_segment_is_priced_and_the_balance_goes_down_from_one_to_the_next()
    {
        await using var gateway = await StartAsync(balance: 1m);

        var messages = await gateway.FormAsync(Key + "&from=A&to=4940111&text=" + new string('a', 400));

        Assert.Equal([("0.25000000", "0.75000000"), ("0.25000000", "0.50000000"), ("0.25000000", "0.25000000")],
            messages.Select(message => (message["message-price"], message["remaining-balance"])));
        var row = Assert.Single(await gateway.MessagesAsync());
        var receipt = DeliveryReceipt.For(row, 1, ReceiptStatus.Delivered, 0, new AccountSettings { DeliveryReceiptUrl = "http://shop.example" }, 0);
        Assert.Equal("0.25000000", JsonNode.Parse(receipt!.Fields)!["price"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_empty_balance_refuses_with_status_9_and_stores_nothing()
    {
        await using var gateway = await StartAsync(balance: 0.6m);
        (await gateway.FormAsync(Whole)).IsAccepted();

        var refused = await gateway.FormAsync(Key + "&from=A&to=4940111&client-ref=r&text=" + new string('a', 400));
        refused.IsRefused(9, "Quota Exceeded - rejected");
        Assert.Equal(("0.35000000", "0.25000000", "00000", "r"),
            (refused[0]["remaining-balance"], refused[0]["message-price"], refused[0]["network"], refused[0]["client-ref"]));
        (await gateway.FormAsync(Whole)).IsAccepted(); // one segment can still be paid
        Assert.Equal(2, (await gateway.MessagesAsync()).Count);
    }

    [Fact]
    public async Task A_repeat_costs_nothing_and_says_what_is_left()
    {
        await using var gateway = await StartAsync(balance: 1m);
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/sms/json") { Content = Body(Whole, "application/x-www-form-urlencoded"), Headers = { { "Idempotency-Key", "k" } } };
            var message = Assert.Single(await ReadAsync(await gateway.Client.SendAsync(request, Cancel)));
            Assert.Equal(("0", "0.75000000", "0.25000000"), (message["status"], message["remaining-balance"], message["message-price"]));
        }
    }

    [Fact]
    public async Task An_account_without_a_balance_has_prices_and_no_limit()
    {
        await using var gateway = await StartAsync(balance: null);
        var message = Assert.Single(await gateway.FormAsync(Whole));
        Assert.Equal(("0.25000000", "1000000.00000000"), (message["message-price"], message["remaining-balance"]));
        await using var db = gateway.Store.Open();
        Assert.Empty(db.Balances);
    }

    [Fact]
    public async Task A_balance_is_topped_up_by_the_management_api_and_goes_with_its_account()
    {
        await using var gateway = await GatewayOverHttp.StartAsync(AdminClient.Settings(Account(0.25m)), provisioned: true);
        (await gateway.FormAsync(Whole)).IsAccepted();
        (await gateway.FormAsync(Whole)).IsRefused(9, "Quota Exceeded - rejected");

        Assert.Equal(10m, await TopUpAsync(gateway, 10));
        Assert.Equal(9.75m, await TopUpAsync(gateway, -0.25m));
        (await gateway.FormAsync(Whole)).IsAccepted();
        var balance = await gateway.ReadAsync("/api/accounts/bank0001/balance");
        Assert.Equal((true, 9.5m), (balance["prepaid"]!.GetValue<bool>(), balance["balance"]!.GetValue<decimal>()));
        var shown = await gateway.ReadAsync("/api/accounts/bank0001");
        Assert.Equal((0.25m, 0.25m), (shown["balance"]!.GetValue<decimal>(), shown["prices"]![""]!.GetValue<decimal>()));

        await gateway.RefusedAsync(HttpMethod.Post, "/api/accounts/bank0001/balance", HttpStatusCode.Conflict, """{"amount":-100}""");
        Assert.Equal(["amount"], await gateway.RefusedAsync(HttpMethod.Post, "/api/accounts/bank0001/balance", HttpStatusCode.BadRequest, """{"amount":0.000000001}"""));
        await gateway.RefusedAsync(HttpMethod.Post, "/api/accounts/nobody/balance", HttpStatusCode.NotFound, """{"amount":1}""");

        using (var deleted = await gateway.CallAsync(HttpMethod.Delete, "/api/accounts/bank0001")) Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await gateway.PutAsync("/api/accounts/bank0001", """{"apiSecret":"s3cret-s3cret","balance":3}""", HttpStatusCode.Created);
        Assert.Equal(3m, (await gateway.ReadAsync("/api/accounts/bank0001/balance"))["balance"]!.GetValue<decimal>());
    }

    [Fact]
    public async Task An_account_that_is_not_prepaid_has_nothing_to_top_up()
    {
        await using var gateway = await GatewayOverHttp.StartAsync(AdminClient.Settings(Account(null)), provisioned: true);
        await gateway.RefusedAsync(HttpMethod.Post, "/api/accounts/bank0001/balance", HttpStatusCode.Conflict, """{"amount":1}""");
        Assert.False((await gateway.ReadAsync("/api/accounts/bank0001/balance"))["prepaid"]!.GetValue<bool>());
    }

    private static async Task<decimal> TopUpAsync(GatewayOverHttp gateway, decimal amount)
    {
        using var response = await gateway.CallAsync(HttpMethod.Post, "/api/accounts/bank0001/balance", $$"""{"amount":{{amount.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["balance"]!.GetValue<decimal>();
    }

    private static Task<GatewayOverHttp> StartAsync(decimal? balance) => GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(Account(balance)));

    private static AccountSettings Account(decimal? balance) => new()
    {
        ApiKey = "bank0001", ApiSecret = "s3cret-s3cret", MaxRequestsPerSecond = 1000, Prices = new() { [""] = 0.25m }, Balance = balance,
    };
}
