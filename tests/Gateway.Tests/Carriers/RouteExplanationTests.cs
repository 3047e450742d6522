using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Rest;
using Gateway.Tests.Rest.Management;
using Xunit;

namespace Gateway.Tests.Carriers;

/// <summary>GET /api/routes/explain: the way of a message that is not sent.</summary>
public sealed class RouteExplanationTests : IAsyncLifetime
{
    private GatewayOverHttp _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await GatewayOverHttp.StartAsync(new GatewaySettings
    {
        Numbering = new NumberingSettings { CountryCode = "49", LocalPrefixes = ["4940"] },
        Accounts = [GatewayOverHttp.Account()],
        Carriers =
        [
            new CarrierSettings { Name = "uk", BaseUrl = "http://127.0.0.1:1", ApiKey = "k", ApiSecret = "s", Prefixes = ["44"], Priority = 2 },
            new CarrierSettings
            {
                Name = "good", BaseUrl = "http://127.0.0.1:1", ApiKey = "k", ApiSecret = "s", Prefixes = ["44"],
                SenderRewrite = [new SenderRewriteSettings { Pattern = "[A-Za-z]+", Replacement = "4420" }],
            },
        ],
        Admin = new AdminSettings { Key = AdminClient.Key },
    });

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Carriers_are_told_in_their_order_with_the_sender_they_would_see()
    {
        var told = await _gateway.ReadAsync("/api/routes/explain?to=%2B44+7700+900001&from=AcmeInc");
        Assert.Equal(("447700900001", "Carrier", "carrier good: prefix \"44\", priority 1"), (Text(told, "number"), Text(told, "kind"), Text(told, "reason")));
        Assert.Equal([("good", "4420", false), ("uk", "AcmeInc", false)],
            told["routes"]!.AsArray().Select(route => (Text(route!, "carrier"), Text(route!, "sender"), route!["passedOver"]!.GetValue<bool>())));
    }

    [Theory]
    [InlineData("4940999", "Application", "4940999 is a number of account bank0001")]
    [InlineData("040123456", "Subscriber", "4940123456 is a subscriber's number")]
    [InlineData("15551234567", null, "15551234567 is nobody's here and no carrier serves it")]
    public async Task Who_else_would_get_it_too(string to, string? kind, string reason)
    {
        var told = await _gateway.ReadAsync($"/api/routes/explain?to={to}");
        Assert.Equal((kind, reason), (Text(told, "kind"), Text(told, "reason")));
        Assert.Empty(told["routes"]!.AsArray());
    }

    [Theory]
    [InlineData("to=Bank", "to")]
    [InlineData("", "to")]
    [InlineData("to=447700900001&from=%01", "from")]
    public async Task What_is_no_number_or_sender_is_named(string query, string field) =>
        Assert.Equal([field], await _gateway.RefusedAsync(HttpMethod.Get, $"/api/routes/explain?{query}", HttpStatusCode.BadRequest));

    private static string? Text(JsonNode node, string name) => node[name]?.GetValue<string>();
}
