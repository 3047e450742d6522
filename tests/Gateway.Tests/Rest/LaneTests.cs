using Gateway.Store;
using Xunit;
using static Gateway.Tests.Rest.Replies;

namespace Gateway.Tests.Rest;

/// <summary>The lane of a message: its account's, or a lower one by X-Priority.</summary>
public sealed class LaneTests
{
    [Theory]
    [InlineData("Otp", null, MessageLane.Otp)]
    [InlineData("Normal", null, MessageLane.Normal)]
    [InlineData("Bulk", null, MessageLane.Bulk)]
    [InlineData("Otp", "OTP", MessageLane.Otp)]
    [InlineData("Otp", "Normal", MessageLane.Normal)]
    [InlineData("Otp", "bulk", MessageLane.Bulk)]
    [InlineData("Normal", "bulk", MessageLane.Bulk)]
    public async Task A_request_has_its_accounts_lane_or_asks_for_a_lower_one(string account, string? priority, MessageLane lane)
    {
        await using var gateway = await StartAsync(account, priority);
        (await gateway.FormAsync(Whole)).IsAccepted();
        Assert.Equal(lane, Assert.Single(await gateway.MessagesAsync()).Lane);
    }

    [Theory]
    [InlineData("Bulk", "otp", "X-Priority otp is above this account's lane, which is bulk")]
    [InlineData("Bulk", "Normal", "X-Priority normal is above this account's lane, which is bulk")]
    [InlineData("Normal", "otp", "X-Priority otp is above this account's lane, which is normal")]
    [InlineData("Otp", "urgent", "X-Priority must be otp, normal or bulk")]
    [InlineData("Otp", "0", "X-Priority must be otp, normal or bulk")]
    [InlineData("Otp", "otp, bulk", "X-Priority must be otp, normal or bulk")]
    public async Task Another_priority_is_refused_by_name(string account, string priority, string text)
    {
        await using var gateway = await StartAsync(account, priority);
        (await gateway.FormAsync(Whole)).IsRefused(3, text);
        Assert.Empty(await gateway.MessagesAsync());
    }

    private static async Task<GatewayOverHttp> StartAsync(string lane, string? priority)
    {
        var account = new AccountSettings { ApiKey = "bank0001", ApiSecret = "s3cret-s3cret", Lane = lane };
        var gateway = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(account));
        if (priority is not null) gateway.Client.DefaultRequestHeaders.Add("X-Priority", priority);
        return gateway;
    }
}
