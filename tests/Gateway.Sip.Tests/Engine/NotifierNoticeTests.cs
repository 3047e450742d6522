using Xunit;

namespace Gateway.Sip.Tests.Engine;

/// <summary>When a NOTIFY is sent, what it tells and where it goes, and what becomes of the subscription when it fails.</summary>
public sealed class NotifierNoticeTests : NotifierTest
{
    [Fact]
    public async Task Changes_are_told_together_and_not_more_often_than_every_5_seconds()
    {
        await SubscribedAsync();
        Notifier.Changed("49171");
        Notifier.Changed("49171");
        Notifier.Changed("49172");   // somebody else
        Time.Advance(TimeSpan.FromSeconds(5) - AroundTheInterval);
        Assert.Empty(Subscriber.Pending());

        Time.Advance(AroundTheInterval * 2);

        Assert.Equal("changes 2", (await NotifiedAsync()).Body);
        Time.Advance(TimeSpan.FromSeconds(30));
        Notifier.Changed("49171");   // after a while: at once
        Assert.Equal("changes 3", (await NotifiedAsync()).Body);
        Assert.Equal(3, Told);
    }

    [Fact]
    public async Task What_changes_by_itself_is_told_when_it_does()
    {
        ChangesIn = TimeSpan.FromSeconds(100);
        await SubscribedAsync();
        Time.Advance(TimeSpan.FromSeconds(100) - AroundTheInterval);
        Assert.Empty(Subscriber.Pending());
        ChangesIn = null;

        Time.Advance(AroundTheInterval * 2);

        Assert.Equal("changes 2", (await NotifiedAsync()).Body);
    }

    [Fact]
    public async Task Where_nothing_is_new_nobody_is_notified()
    {
        await SubscribedAsync();
        Changes = null;
        Time.Advance(TimeSpan.FromSeconds(10));
        Notifier.Changed("49171");
        await Wait.UntilAsync(() => Told == 2, "the source is asked");
        Assert.Empty(Subscriber.Pending());

        Changes = "news";
        Time.Advance(TimeSpan.FromSeconds(10));
        Notifier.Changed("49171");
        Assert.Equal("news 3", (await NotifiedAsync()).Body);
    }

    [Theory]
    [InlineData(481, "")]
    [InlineData(481, "Retry-After: 5\r\n")]
    [InlineData(404, "")]
    [InlineData(500, "")]
    public async Task A_notify_that_fails_ends_it(int status, string headers)
    {
        await ServeAsync();
        Subscriber.Send(Subscribe(), Endpoint.Udp());
        await Subscriber.ReceiveAsync();

        var notify = await Subscriber.ReceiveAsync();
        Subscriber.Send(notify.Reply(status, headers), Endpoint.Udp());

        await EndsAsync();
    }

    [Fact]
    public async Task A_notify_met_by_silence_ends_it()
    {
        await ServeAsync();
        Subscriber.Send(Subscribe(), Endpoint.Udp());
        await Subscriber.ReceiveAsync();
        await Subscriber.ReceiveAsync();

        AdvanceByTicks(TimeSpan.FromSeconds(33));

        await EndsAsync();
    }

    [Fact]
    public async Task A_subscriber_who_is_busy_is_told_everything_when_he_asked_to_be()
    {
        await ServeAsync();
        Subscriber.Send(Subscribe(), Endpoint.Udp());
        await Subscriber.ReceiveAsync();
        var notify = await Subscriber.ReceiveAsync();
        Subscriber.Send(notify.Reply(503, "Retry-After: 30\r\n"), Endpoint.Udp());
        await Wait.UntilAsync(() => Endpoint.ClientTransactions.Count == 0 && Endpoint.Wheel.Waiting == 2, "timer J of the SUBSCRIBE and the pause");

        Time.Advance(TimeSpan.FromSeconds(30) - AroundTheInterval);
        Assert.Empty(Subscriber.Pending());
        Time.Advance(AroundTheInterval * 2);

        Assert.Equal("full 2", (await NotifiedAsync()).Body);
        Assert.Equal(1, Notifier.Count);
    }

    [Fact]
    public async Task A_state_that_cannot_be_had_is_told_when_it_can()
    {
        Fault = new IOException("the database is away");
        await ServeAsync();
        Subscriber.Send(Subscribe(), Endpoint.Udp());
        await Subscriber.ReceiveAsync();
        await Wait.UntilAsync(() => Endpoint.Wheel.Waiting == 2, "timer J and the pause");
        Fault = null;

        Time.Advance(TimeSpan.FromSeconds(5) + AroundTheInterval);

        Assert.StartsWith("full", (await NotifiedAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_record_route_of_the_subscribe_is_the_route_of_the_notify()
    {
        await ServeAsync();
        var routes = $"Record-Route: <sip:{Subscriber.Address};lr>\r\nRecord-Route: <sip:edge.example.org;lr>\r\n";
        Subscriber.Send(Subscribe(routes), Endpoint.Udp());

        var granted = await Subscriber.ReceiveAsync();
        Assert.Equal([$"<sip:{Subscriber.Address};lr>", "<sip:edge.example.org;lr>"], granted.Headers("Record-Route"));
        var notify = await Subscriber.ReceiveAsync();
        Assert.Equal([$"<sip:{Subscriber.Address};lr>", "<sip:edge.example.org;lr>"], notify.Headers("Route"));
    }

    [Fact]
    public async Task Who_subscribes_on_a_connection_is_notified_on_it()
    {
        await ServeAsync(listen: "tcp://127.0.0.1:0");
        using var client = await TcpPeer.ConnectAsync(Endpoint.Tcp());
        var behindNat = Subscribe().Replace($"<sip:watcher@{Subscriber.Address}>", "<sip:watcher@192.0.2.77;transport=tcp>", StringComparison.Ordinal);

        await client.SendAsync(behindNat.Replace("SIP/2.0/UDP", "SIP/2.0/TCP", StringComparison.Ordinal));

        Assert.StartsWith("SIP/2.0 200", (await client.ReceiveAsync()).StartLine, StringComparison.Ordinal);
        Assert.Equal("NOTIFY sip:watcher@192.0.2.77;transport=tcp SIP/2.0", (await client.ReceiveAsync()).StartLine);
    }
}
