using System.Text;
using Gateway.Sip.Events;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    subscriber                               notifier
//     |  SUBSCRIBE                               |
//     |----------------------------------------->|
//     |        200 Expires, Contact              |
//     |<-----------------------------------------|
//     |        NOTIFY active, all of the state   |   at once
//     |<-----------------------------------------|
//     |        NOTIFY active, what has changed   |   not sooner than 5 s later, then all of it
//     |<-----------------------------------------|
//     |  SUBSCRIBE in the dialog                 |
//     |----------------------------------------->|   200, and all of the state
//     |        NOTIFY terminated;reason=timeout  |   when it expires, or is ended by Expires: 0
//     |<-----------------------------------------|
public sealed class NotifierTests : NotifierTest
{
    [Fact]
    public async Task A_subscription_is_granted_and_notified_at_once()
    {
        await ServeAsync();
        Subscriber.Send(Subscribe("Expires: 600\r\n"), Endpoint.Udp());

        var granted = await Subscriber.ReceiveAsync();
        Assert.StartsWith("SIP/2.0 200", granted.StartLine, StringComparison.Ordinal);
        Assert.Equal("600", granted.Header("Expires"));
        Assert.Equal($"<sip:smsc@{Endpoint.Udp()}>", granted.Header("Contact"));
        var notify = await Subscriber.ReceiveAsync();
        Assert.Equal($"NOTIFY sip:watcher@{Subscriber.Address} SIP/2.0", notify.StartLine);
        Assert.Equal(Received.Parameter(granted.Header("To"), "tag"), Received.Parameter(notify.Header("From"), "tag"));
        Assert.Equal("watcher-tag", Received.Parameter(notify.Header("To"), "tag"));
        Assert.Equal(granted.Header("Call-ID"), notify.Header("Call-ID"));
        Assert.Equal("reg", notify.Header("Event"));
        Assert.Matches("^active;expires=(600|599)$", notify.Header("Subscription-State"));
        Assert.Equal("application/reginfo+xml", notify.Header("Content-Type"));
        Assert.Equal($"<sip:smsc@{Endpoint.Udp()}>", notify.Header("Contact"));
        Assert.Equal("full 1", notify.Body);
    }

    [Theory]
    [InlineData("", "3761")]
    [InlineData("Expires: 60\r\n", "60")]
    [InlineData("Expires: 4294967295\r\n", "86400")]
    public async Task What_is_granted_is_within_bounds(string expires, string granted)
    {
        await ServeAsync();
        Subscriber.Send(Subscribe(expires), Endpoint.Udp());
        Assert.Equal(granted, (await Subscriber.ReceiveAsync()).Header("Expires"));
    }

    [Theory]
    [InlineData("Expires: 59\r\n", "reg", 423, "Min-Expires", "60")]
    [InlineData("", "presence", 489, "Allow-Events", "reg")]
    [InlineData("Accept: application/pidf+xml\r\n", "reg", 406, "Accept", "application/reginfo+xml")]
    [InlineData("Expires: soon\r\n", "reg", 400, null, null)]
    [InlineData("Accept: a b c\r\n", "reg", 400, null, null)]
    public async Task What_cannot_be_served_is_refused(string headers, string package, int status, string? header, string? value)
    {
        await ServeAsync();
        Subscriber.Send(Subscribe(headers, @event: package), Endpoint.Udp());

        var answer = await Subscriber.ReceiveAsync();
        Assert.StartsWith($"SIP/2.0 {status}", answer.StartLine, StringComparison.Ordinal);
        if (header is not null)
            Assert.Equal(value, answer.Header(header));
        Assert.Equal(0, Notifier.Count);
    }

    [Theory]
    [InlineData("Accept: application/*\r\n")]
    [InlineData("Accept: text/plain, application/reginfo+xml;level=1\r\n")]
    [InlineData("Accept: */*\r\n")]
    public async Task An_accept_that_admits_reginfo_is_served(string accept)
    {
        await ServeAsync();
        Subscriber.Send(Subscribe(accept), Endpoint.Udp());
        Assert.StartsWith("SIP/2.0 200", (await Subscriber.ReceiveAsync()).StartLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_contact_there_is_nobody_to_notify()
    {
        await ServeAsync();
        var subscribe = Subscribe().Replace($"Contact: <sip:watcher@{Subscriber.Address}>\r\n", "", StringComparison.Ordinal);
        Subscriber.Send(subscribe, Endpoint.Udp());
        Assert.StartsWith("SIP/2.0 400", (await Subscriber.ReceiveAsync()).StartLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refresh_lengthens_it_and_tells_everything_again()
    {
        var (granted, _) = await SubscribedAsync("Expires: 600\r\n");
        Time.Advance(TimeSpan.FromSeconds(500));

        Subscriber.Send(Subscribe("Expires: 600\r\n", within: granted, cseq: 2), Endpoint.Udp());

        Assert.Equal("600", (await Subscriber.ReceiveAsync()).Header("Expires"));
        var notify = await NotifiedAsync();
        Assert.Equal("full 2", notify.Body);
        Assert.Equal("2 NOTIFY", notify.Header("CSeq"));
        Assert.Matches("^active;expires=(600|599)$", notify.Header("Subscription-State"));
        Time.Advance(TimeSpan.FromSeconds(590));   // the first grant is long over
        Assert.Equal(1, Notifier.Count);
    }

    [Fact]
    public async Task A_refresh_of_nothing_is_answered_481_and_one_out_of_order_500()
    {
        var (granted, _) = await SubscribedAsync();
        Subscriber.Send(Subscribe(within: granted, cseq: 5), Endpoint.Udp());
        await Subscriber.ReceiveAsync();
        await NotifiedAsync();

        Assert.Equal("500", await AnswerToAsync(Subscribe(within: granted, cseq: 4)));
        Assert.Equal("481", await AnswerToAsync(Subscribe(within: granted, cseq: 6).Replace(";tag=watcher-tag", ";tag=other", StringComparison.Ordinal)));
        Assert.Equal("481", await AnswerToAsync(Subscribe(within: granted, cseq: 6, @event: "reg;id=7")));
        Assert.Equal("481", await AnswerToAsync(Subscribe(within: granted, cseq: 6, callId: "unheard-of")));
    }

    [Fact]
    public async Task Expires_0_ends_it_with_a_last_notify()
    {
        var (granted, _) = await SubscribedAsync();

        Subscriber.Send(Subscribe("Expires: 0\r\n", within: granted, cseq: 2), Endpoint.Udp());

        Assert.Equal("0", (await Subscriber.ReceiveAsync()).Header("Expires"));
        var last = await NotifiedAsync();
        Assert.Equal("terminated;reason=timeout", last.Header("Subscription-State"));
        Assert.Equal("full 2", last.Body);
        await EndsAsync();
        Assert.Equal("481", await AnswerToAsync(Subscribe(within: granted, cseq: 3)));
    }

    [Fact]
    public async Task Expires_0_without_a_dialog_fetches_the_state_once()
    {
        await ServeAsync();
        Subscriber.Send(Subscribe("Expires: 0\r\n"), Endpoint.Udp());

        Assert.Equal("0", (await Subscriber.ReceiveAsync()).Header("Expires"));
        var only = await NotifiedAsync();
        Assert.Equal(("terminated;reason=timeout", "full 1"), (only.Header("Subscription-State"), only.Body));
        await EndsAsync();
    }

    [Fact]
    public async Task It_ends_when_it_expires()
    {
        await SubscribedAsync("Expires: 60\r\n");

        Time.Advance(TimeSpan.FromSeconds(60) + AroundTheInterval);

        Assert.Equal("terminated;reason=timeout", (await NotifiedAsync()).Header("Subscription-State"));
        await EndsAsync();
    }

    [Fact]
    public async Task Subscriptions_are_bounded()
    {
        await ServeAsync(NotifierOptions.Reg with { MaxSubscriptions = 3, MaxPerResource = 2 });
        Assert.Equal("200", await AnswerToAsync(Subscribe(callId: "a")));
        Assert.Equal("200", await AnswerToAsync(Subscribe(callId: "b")));
        Assert.Equal("403", await AnswerToAsync(Subscribe(callId: "c")));
        Assert.Equal("200", await AnswerToAsync(Subscribe(callId: "d", resource: "49172")));

        Subscriber.Send(Subscribe(callId: "e", resource: "49173"), Endpoint.Udp());
        var answer = await AnswerAsync();
        Assert.StartsWith("SIP/2.0 503", answer.StartLine, StringComparison.Ordinal);
        Assert.Equal("60", answer.Header("Retry-After"));
        Assert.Equal(3, Notifier.Count);
    }

    [Fact]
    public async Task Our_own_subscriber_follows_it_to_the_end()
    {
        await ServeAsync();
        var watching = await StartAsync();
        watching.OnRequest = incoming => watching.Subscriptions.TryHandle(incoming) ? Task.CompletedTask : incoming.RespondAsync(404);
        var notified = new List<string>();
        var ended = new TaskCompletionSource<SubscriptionEnd>();
        var subscription = new Subscription(watching, new SubscriptionRequest
        {
            ResourceUri = SipUri.Parse($"sip:49171@{Endpoint.Udp()}"),
            From = new NameAddr(SipUri.Parse("sip:smsc@ims.example.org")),
            ContactUser = "smsc",
            Accept = ReginfoDocument.ContentType,
            Expires = TimeSpan.FromSeconds(600),
        }, notification =>
        {
            lock (notified)
                notified.Add($"{notification.State.State} {Encoding.UTF8.GetString(notification.Body.Span)}");
            return Task.CompletedTask;
        }, ended.SetResult);
        await subscription.StartAsync().WaitAsync(Wait.Deadline, TestContext.Current.CancellationToken);
        await Wait.UntilAsync(() => subscription.IsActive && Count() == 1, "the first notification");

        Time.Advance(TimeSpan.FromSeconds(10));
        Notifier.Changed("49171");
        await Wait.UntilAsync(() => Count() == 2, "a change");
        for (var second = 0; second < 300 && Count() < 3; second++)   // the refresh at half the time
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Wait.UntilAsync(() => subscription.IsActive, "no refresh is under way");
        }

        await Wait.UntilAsync(() => Count() == 3, "all of it after the refresh");
        await subscription.TerminateAsync().WaitAsync(Wait.Deadline, TestContext.Current.CancellationToken);

        var end = await ended.Task.InTimeAsync();
        Assert.Equal((SubscriptionEndKind.Unsubscribed, "timeout"), (end.Kind, end.Reason));
        await EndsAsync();
        Assert.Equal(["active full 1", "active changes 2", "active full 3", "terminated full 4"], notified);

        int Count()
        {
            lock (notified)
                return notified.Count;
        }
    }
}
