using Gateway.Store;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>Several devices of one subscriber at our own registrar (<see cref="DeliverySettings.Devices"/>), on a clock that the tests move.</summary>
public sealed class DeviceTests
{
    private const string Subscriber = "4940100001", Phone = $"{Subscriber} phone", Watch = $"{Subscriber} watch", Tablet = $"{Subscriber} tablet";
    private const string Laptop = $"{Subscriber} laptop";
    private const string SecondVolte = $"{RawUe.VolteTags};q=0.5", Ott = ";q=0.9", SecondOtt = ";q=0.2";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_that_is_not_reached_is_followed_at_once_by_the_next_and_the_schedule_comes_after_the_last()
    {
        var (phone, watch, tablet) = ("480 Temporarily Unavailable", "430 Flow Failed", "408 Request Timeout");
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(Phone, answer: _ => phone);
        world.Handset(Watch, answer: _ => watch, tags: SecondVolte);
        world.Handset(Tablet, answer: _ => tablet, tags: Ott);
        foreach (var device in (string[])[Tablet, Watch, Phone]) await world.RegisterAsync(device);
        await world.SendAsync(Subscriber, MessageLane.Normal, "nobody");
        watch = "200 OK";
        await world.UntilAsync(60);
        await world.SendAsync(Subscriber, MessageLane.Normal, "the phone is known to be away");
        (phone, watch) = ("488 Not Acceptable Here", "480 Temporarily Unavailable");
        await world.UntilAsync(150);
        await world.SendAsync(Subscriber, MessageLane.Normal, "not for the phone");
        tablet = "200 OK";
        await world.UntilAsync(250);
        (phone, watch, tablet) = ("415 Unsupported Media Type", "415 Unsupported Media Type", "415 Unsupported Media Type");
        await world.SendAsync(Subscriber, MessageLane.Normal, "for none");
        await world.HistoryAsync();
        SchedulingTests.IsGolden(world, "devices");
    }

    [Fact]
    public async Task Silence_of_one_leaves_the_next_its_turn_and_those_behind_do_not_wait_for_it()
    {
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(Phone, answer: _ => null);
        world.Handset(Watch, tags: SecondVolte);
        await world.RegisterAsync(Watch);
        await world.RegisterAsync(Phone);
        await world.SendAsync(Subscriber, MessageLane.Normal, "first", idle: false);
        await world.AttemptsAsync(1);
        await world.SendAsync(Subscriber, MessageLane.Normal, "second", idle: false);
        world.Advance(33); // timer F
        await world.ConcludedAsync(2);
        await world.HistoryAsync();
        SchedulingTests.IsGolden(world, "devices-silence");
    }

    [Fact]
    public async Task What_one_answers_about_the_message_is_not_asked_of_the_next()
    {
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(Phone, answer: text => text == "declined" ? "603 Decline" : "200 OK", report: text => text == "odd" ? (byte)95 : (byte)0);
        world.Handset(Watch, tags: SecondVolte);
        await world.RegisterAsync(Watch);
        await world.RegisterAsync(Phone);
        foreach (var text in (string[])["declined", "odd", "fine"]) await world.SendAsync(Subscriber, MessageLane.Normal, text);
        await world.UntilAsync(200);
        await world.HistoryAsync();
        SchedulingTests.IsGolden(world, "devices-message");
    }

    [Fact]
    public async Task AllVolte_asks_one_3GPP_contact_after_the_other_until_one_acknowledges()
    {
        await using var world = await ScheduledWorld.StartAsync(devices: DeliverySettings.AllVolte);
        world.Handset(Phone, report: _ => 22);
        world.Handset(Watch, answer: text => text == "for the tablet" ? "500 Server Internal Error" : "200 OK", report: text => text == "for none" ? (byte)111 : (byte)0,
            tags: SecondVolte);
        world.Handset(Tablet, report: text => text == "for none" ? (byte)111 : (byte)0, tags: $"{RawUe.VolteTags};q=0.1");
        world.Handset(Laptop, tags: Ott);
        foreach (var device in (string[])[Laptop, Tablet, Watch, Phone]) await world.RegisterAsync(device);
        foreach (var text in (string[])["for the watch", "for the tablet", "for none"]) await world.SendAsync(Subscriber, MessageLane.Normal, text, ttl: 60);
        await world.UntilAsync(100);
        await world.HistoryAsync();
        SchedulingTests.IsGolden(world, "devices-volte");
    }

    [Fact]
    public async Task AllOtt_gives_a_text_to_all_clients_and_the_first_200_delivers_it_once()
    {
        await using var world = await ScheduledWorld.StartAsync(devices: DeliverySettings.AllOtt);
        world.Handset(Tablet, tags: Ott);
        world.Handset(Laptop, tags: SecondOtt);
        world.Handset(Watch, answer: _ => "486 Busy Here", tags: SecondOtt);
        foreach (var device in (string[])[Tablet, Laptop, Watch]) await world.RegisterAsync(device);
        await world.SendAsync(Subscriber, MessageLane.Normal, "one");
        await world.SendAsync(Subscriber, MessageLane.Normal, "two");
        await world.HistoryAsync();

        var lines = world.ToString().Split('\n');
        foreach (var text in (string[])["one", "two"])
        {
            Assert.Equal([Laptop, Tablet, Watch], lines.Where(line => line.Contains($" attempt 1 \"{text}\"", StringComparison.Ordinal))
                .Select(line => string.Join(' ', line.Split(' ')[1..3])).Order());
            Assert.Single(lines, line => line.Contains($"concluded \"{text}\" Delivered", StringComparison.Ordinal));
        }
        Assert.Equal(2, lines.Count(line => line.Contains("ott at " + Watch + ": 486", StringComparison.Ordinal)));
        Assert.Equal(4, lines.Count(line => line.EndsWith(": 200 0 SIP 200 OK", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AllOtt_does_not_wait_long_for_a_silent_client_and_keeps_what_came_of_it()
    {
        await using var world = await ScheduledWorld.StartAsync(devices: DeliverySettings.AllOtt);
        world.Handset(Tablet, tags: Ott);
        world.Handset(Laptop, answer: _ => null, tags: SecondOtt);
        await world.RegisterAsync(Tablet);
        await world.RegisterAsync(Laptop);
        await world.SendAsync(Subscriber, MessageLane.Normal, "one", idle: false);
        await world.ConcludedAsync(1); // by the tablet alone
        await world.SendAsync(Subscriber, MessageLane.Normal, "two", idle: false);
        Assert.InRange(await world.AdvanceUntilConcludedAsync(2), 0, 20); // timer F would end the attempt after 32 s
        await world.SendAsync(Subscriber, MessageLane.Normal, "three", idle: false);
        await world.ConcludedAsync(3); // known by now not to answer
        world.Advance(40);
        await world.HistoryAsync(attempts: 6); // what decides nothing is written down after the conclusion

        Assert.Equal(3, world.ToString().Split('\n').Count(line => line.Contains($"ott at {Laptop}: 0 0 SIP: no answer", StringComparison.Ordinal)));
        Assert.Equal(3, world.ToString().Split('\n').Count(line => line.Contains($"ott at {Tablet}: 200", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AllOtt_fails_or_waits_as_one_when_no_client_takes_it()
    {
        var laptop = "480 Temporarily Unavailable";
        await using var world = await ScheduledWorld.StartAsync(devices: DeliverySettings.AllOtt);
        world.Handset(Tablet, answer: _ => "415 Unsupported Media Type", tags: Ott);
        world.Handset(Laptop, answer: _ => laptop, tags: SecondOtt);
        await world.RegisterAsync(Tablet);
        await world.RegisterAsync(Laptop);
        await world.SendAsync(Subscriber, MessageLane.Normal, "waits");
        Assert.Equal(2, world.Attempts.Count());
        laptop = "200 OK";
        await world.UntilAsync(60);
        Assert.Equal(3, world.Attempts.Count()); // who refused it is not asked again
        laptop = "488 Not Acceptable Here";
        await world.SendAsync(Subscriber, MessageLane.Normal, "fails");

        Assert.Contains("concluded \"waits\" Delivered err-code=0 attempts=2", world.ToString(), StringComparison.Ordinal);
        Assert.Contains("concluded \"fails\" Failed err-code=12", world.ToString(), StringComparison.Ordinal);
    }
}
