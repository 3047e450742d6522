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
    public void The_longest_prefix_wins_and_then_the_priority(string recipient, string carriers)
    {
        Assert.Equal(carriers, string.Join(',', _router.Carriers(recipient).Select(route => route.Carrier)));
        Assert.Equal(carriers, string.Join(',', _router.CarrierNames(recipient)));
        Assert.Equal(_router.Carriers(recipient)[0], _router.Find(recipient));
    }

    [Fact]
    public void Equal_routes_share_the_recipients_by_weight_and_each_recipient_stays_with_his()
    {
        CarrierSettings[] carriers =
        [
            new() { Name = "one", Prefixes = ["44"], Weight = 1 }, new() { Name = "three", Prefixes = ["44"], Weight = 3 },
            new() { Name = "spare", Prefixes = ["44"], Weight = 0 }, new() { Name = "later", Prefixes = ["44"], Priority = 2, Weight = 100 },
        ];
        var (router, without) = (RouterOf(carriers), RouterOf(carriers[1..]));
        var first = new Dictionary<string, int>();
        for (var i = 0; i < 4000; i++)
        {
            var recipient = $"4477009{i:D5}";
            var order = router.Carriers(recipient).ConvertAll(route => route.Carrier!);
            Assert.Equal(order, RouterOf(carriers.Reverse().ToArray()).Carriers(recipient).ConvertAll(route => route.Carrier!));
            Assert.Equal(["spare", "later"], order[2..]);
            first[order[0]] = first.GetValueOrDefault(order[0]) + 1;
            // One carrier less moves its own recipients alone.
            if (order[0] == "three") Assert.Equal("three", without.Carriers(recipient)[0].Carrier);
        }
        Assert.InRange(first["one"], 900, 1100); // a thousand, give or take four standard deviations
        Assert.Equal(4000, first["one"] + first["three"]);
        Assert.Contains("weight 3 of 4", router.Carriers("4477009").Single(route => route.Carrier == "three").Reason);
    }

    private static Router RouterOf(CarrierSettings[] carriers) => 
        new(new LiveDirectory(new GatewaySettings { Carriers = [.. carriers] }), new NumberPlan(new NumberingSettings()), new SipSettings());

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
