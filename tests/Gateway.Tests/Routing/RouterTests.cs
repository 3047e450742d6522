using Gateway.Provisioning;
using Gateway.Routing;
using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Routing;

public sealed class RouterTests
{
    private static readonly GatewaySettings Settings = new()
    {
        Numbering = new NumberingSettings { LocalPrefixes = ["4940"] },
        Sip = new SipSettings { Registrar = new RegistrarSettings { Users = [new RegistrarUserSettings { Number = "+33123456789", Password = "x" }] } },
        Accounts = [new AccountSettings { ApiKey = "bank", Numbers = ["+4940999", "2255"] }],
        Carriers =
        [
            new CarrierSettings { Name = "world", Prefixes = [""], Priority = 1 },
            new CarrierSettings { Name = "uk-cheap", Prefixes = ["44"], Priority = 2 },
            new CarrierSettings { Name = "uk-good", Prefixes = ["44", "353"], Priority = 1 },
            new CarrierSettings { Name = "london", Prefixes = ["4420"], Priority = 9 },
        ],
    };

    private readonly Router _router = new(new LiveDirectory(Settings), new NumberPlan(Settings.Numbering), Settings.Sip);

    [Theory]
    [InlineData("4940999", RouteKind.Application)]      // an application's number, though its prefix is local
    [InlineData("2255", RouteKind.Application)]
    [InlineData("4940100001", RouteKind.Subscriber)]
    [InlineData("33123456789", RouteKind.Subscriber)]   // a user of the registrar, though not local
    [InlineData("15551234567", RouteKind.Carrier)]
    public void Applications_come_before_subscribers_before_carriers(string recipient, RouteKind kind) =>
        Assert.Equal(kind, _router.Find(recipient)!.Value.Kind);

    [Theory]
    [InlineData("442071234567", "london,uk-good,uk-cheap,world")]
    [InlineData("447700900000", "uk-good,uk-cheap,world")]
    [InlineData("15551234567", "world")]
    public void The_longest_prefix_wins_and_then_the_priority(string recipient, string carriers) =>
        Assert.Equal(carriers, string.Join(',', _router.Carriers(recipient).Select(route => route.Carrier)));

    [Fact]
    public void A_number_that_nobody_serves_has_no_route()
    {
        var router = new Router(new LiveDirectory(new GatewaySettings()), new NumberPlan(new NumberingSettings()), new SipSettings());
        Assert.Null(router.Find("15551234567"));
    }

    [Fact]
    public void The_reason_tells_what_decided() =>
        Assert.Equal("carrier uk-good: prefix \"44\", priority 1", _router.Find("447700900000")!.Value.Reason);
}
