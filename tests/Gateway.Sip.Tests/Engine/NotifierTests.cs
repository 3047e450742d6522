using System.Text;
using Gateway.Sip.Events;
using Microsoft.Extensions.Logging.Abstractions;
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
public sealed class NotifierTests : EngineTest
{
    private static readonly TimeSpan AroundTheInterval = TimeSpan.FromMilliseconds(100);
    private readonly UdpPeer _subscriber = new();
    private SipEndpoint _endpoint = null!;
    private Notifier _notifier = null!;
    private string? _changes = "changes";
    private TimeSpan? _changesIn;
    private Exception? _fault;
    private int _told;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _subscriber.Dispose();
    }

    [Fact]
    public async Task A_subscription_is_granted_and_notified_at_once()
    {
        await ServeAsync();
        _subscriber.Send(Subscribe("Expires: 600\r\n"), _endpoint.Udp());

        var granted = await _subscriber.ReceiveAsync();
        Assert.StartsWith("SIP/2.0 200", granted.StartLine, StringComparison.Ordinal);
        Assert.Equal("600", granted.Header("Expires"));
        Assert.Equal($"<sip:smsc@{_endpoint.Udp()}>", granted.Header("Contact"));
        var notify = await _subscriber.ReceiveAsync();
        Assert.Equal($"NOTIFY sip:watcher@{_subscriber.Address} SIP/2.0", notify.StartLine);
        Assert.Equal(Received.Parameter(granted.Header("To"), "tag"), Received.Parameter(notify.Header("From"), "tag"));
        Assert.Equal("watcher-tag", Received.Parameter(notify.Header("To"), "tag"));
        Assert.Equal(granted.Header("Call-ID"), notify.Header("Call-ID"));
        Assert.Equal("reg", notify.Header("Event"));
        Assert.Matches("^active;expires=(600|599)$", notify.Header("Subscription-State"));
        Assert.Equal("application/reginfo+xml", notify.Header("Content-Type"));
        Assert.Equal($"<sip:smsc@{_endpoint.Udp()}>", notify.Header("Contact"));
        Assert.Equal("full 1", notify.Body);
    }

    [Theory]
    [InlineData("", "3761")]
    [InlineData("Expires: 60\r\n", "60")]
    [InlineData("Expires: 4294967295\r\n", "86400")]
    public async Task What_is_granted_is_within_bounds(string expires, string granted)
    {
        await ServeAsync();
        _subscriber.Send(Subscribe(expires), _endpoint.Udp());
        Assert.Equal(granted, (await _subscriber.ReceiveAsync()).Header("Expires"));
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
        _subscriber.Send(Subscribe(headers, @event: package), _endpoint.Udp());

        var answer = await _subscriber.ReceiveAsync();
        Assert.StartsWith($"SIP/2.0 {status}", answer.StartLine, StringComparison.Ordinal);
        if (header is not null)
            Assert.Equal(value, answer.Header(header));
        Assert.Equal(0, _notifier.Count);
    }

    [Theory]
    [InlineData("Accept: application/*\r\n")]
    [InlineData("Accept: text/plain, application/reginfo+xml;level=1\r\n")]
    [InlineData("Accept: */*\r\n")]
    public async Task An_accept_that_admits_reginfo_is_served(string accept)
    {
        await ServeAsync();
        _subscriber.Send(Subscribe(accept), _endpoint.Udp());
        Assert.StartsWith("SIP/2.0 200", (await _subscriber.ReceiveAsync()).StartLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_contact_there_is_nobody_to_notify()
    {
        await ServeAsync();
        var subscribe = Subscribe().Replace($"Contact: <sip:watcher@{_subscriber.Address}>\r\n", "", StringComparison.Ordinal);
        _subscriber.Send(subscribe, _endpoint.Udp());
        Assert.StartsWith("SIP/2.0 400", (await _subscriber.ReceiveAsync()).StartLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refresh_lengthens_it_and_tells_everything_again()
    {
        var (granted, _) = await SubscribedAsync("Expires: 600\r\n");
        Time.Advance(TimeSpan.FromSeconds(500));

        _subscriber.Send(Subscribe("Expires: 600\r\n", within: granted, cseq: 2), _endpoint.Udp());

        Assert.Equal("600", (await _subscriber.ReceiveAsync()).Header("Expires"));
        var notify = await NotifiedAsync();
        Assert.Equal("full 2", notify.Body);
        Assert.Equal("2 NOTIFY", notify.Header("CSeq"));
        Assert.Matches("^active;expires=(600|599)$", notify.Header("Subscription-State"));
        Time.Advance(TimeSpan.FromSeconds(590));   // the first grant is long over
        Assert.Equal(1, _notifier.Count);
    }

    [Fact]
    public async Task A_refresh_of_nothing_is_answered_481_and_one_out_of_order_500()
    {
        var (granted, _) = await SubscribedAsync();
        _subscriber.Send(Subscribe(within: granted, cseq: 5), _endpoint.Udp());
        await _subscriber.ReceiveAsync();
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

        _subscriber.Send(Subscribe("Expires: 0\r\n", within: granted, cseq: 2), _endpoint.Udp());

        Assert.Equal("0", (await _subscriber.ReceiveAsync()).Header("Expires"));
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
        _subscriber.Send(Subscribe("Expires: 0\r\n"), _endpoint.Udp());

        Assert.Equal("0", (await _subscriber.ReceiveAsync()).Header("Expires"));
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
    public async Task Changes_are_told_together_and_not_more_often_than_every_5_seconds()
    {
        await SubscribedAsync();
        _notifier.Changed("49171");
        _notifier.Changed("49171");
        _notifier.Changed("49172");   // somebody else
        Time.Advance(TimeSpan.FromSeconds(5) - AroundTheInterval);
        Assert.Empty(_subscriber.Pending());

        Time.Advance(AroundTheInterval * 2);

        Assert.Equal("changes 2", (await NotifiedAsync()).Body);
        Time.Advance(TimeSpan.FromSeconds(30));
        _notifier.Changed("49171");   // after a while: at once
        Assert.Equal("changes 3", (await NotifiedAsync()).Body);
        Assert.Equal(3, _told);
    }

    [Fact]
    public async Task What_changes_by_itself_is_told_when_it_does()
    {
        _changesIn = TimeSpan.FromSeconds(100);
        await SubscribedAsync();
        Time.Advance(TimeSpan.FromSeconds(100) - AroundTheInterval);
        Assert.Empty(_subscriber.Pending());
        _changesIn = null;

        Time.Advance(AroundTheInterval * 2);

        Assert.Equal("changes 2", (await NotifiedAsync()).Body);
    }

    [Fact]
    public async Task Where_nothing_is_new_nobody_is_notified()
    {
        await SubscribedAsync();
        _changes = null;
        Time.Advance(TimeSpan.FromSeconds(10));
        _notifier.Changed("49171");
        await Wait.UntilAsync(() => Volatile.Read(ref _told) == 2, "the source is asked");
        Assert.Empty(_subscriber.Pending());

        _changes = "news";
        Time.Advance(TimeSpan.FromSeconds(10));
        _notifier.Changed("49171");
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
        _subscriber.Send(Subscribe(), _endpoint.Udp());
        await _subscriber.ReceiveAsync();

        var notify = await _subscriber.ReceiveAsync();
        _subscriber.Send(notify.Reply(status, headers), _endpoint.Udp());

        await EndsAsync();
    }

    [Fact]
    public async Task A_notify_met_by_silence_ends_it()
    {
        await ServeAsync();
        _subscriber.Send(Subscribe(), _endpoint.Udp());
        await _subscriber.ReceiveAsync();
        await _subscriber.ReceiveAsync();

        AdvanceByTicks(TimeSpan.FromSeconds(33));

        await EndsAsync();
    }

    [Fact]
    public async Task A_subscriber_who_is_busy_is_told_everything_when_he_asked_to_be()
    {
        await ServeAsync();
        _subscriber.Send(Subscribe(), _endpoint.Udp());
        await _subscriber.ReceiveAsync();
        var notify = await _subscriber.ReceiveAsync();
        _subscriber.Send(notify.Reply(503, "Retry-After: 30\r\n"), _endpoint.Udp());
        await Wait.UntilAsync(() => _endpoint.ClientTransactions.Count == 0 && _endpoint.Wheel.Waiting == 2, "timer J of the SUBSCRIBE and the pause");

        Time.Advance(TimeSpan.FromSeconds(30) - AroundTheInterval);
        Assert.Empty(_subscriber.Pending());
        Time.Advance(AroundTheInterval * 2);

        Assert.Equal("full 2", (await NotifiedAsync()).Body);
        Assert.Equal(1, _notifier.Count);
    }

    [Fact]
    public async Task A_state_that_cannot_be_had_is_told_when_it_can()
    {
        _fault = new IOException("the database is away");
        await ServeAsync();
        _subscriber.Send(Subscribe(), _endpoint.Udp());
        await _subscriber.ReceiveAsync();
        await Wait.UntilAsync(() => _endpoint.Wheel.Waiting == 2, "timer J and the pause");
        _fault = null;

        Time.Advance(TimeSpan.FromSeconds(5) + AroundTheInterval);

        Assert.StartsWith("full", (await NotifiedAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscriptions_are_bounded()
    {
        await ServeAsync(NotifierOptions.Reg with { MaxSubscriptions = 3, MaxPerResource = 2 });
        Assert.Equal("200", await AnswerToAsync(Subscribe(callId: "a")));
        Assert.Equal("200", await AnswerToAsync(Subscribe(callId: "b")));
        Assert.Equal("403", await AnswerToAsync(Subscribe(callId: "c")));
        Assert.Equal("200", await AnswerToAsync(Subscribe(callId: "d", resource: "49172")));

        _subscriber.Send(Subscribe(callId: "e", resource: "49173"), _endpoint.Udp());
        Received answer;
        while (!(answer = await _subscriber.ReceiveAsync()).StartLine.StartsWith("SIP/2.0", StringComparison.Ordinal))
        {
        }

        Assert.StartsWith("SIP/2.0 503", answer.StartLine, StringComparison.Ordinal);
        Assert.Equal("60", answer.Header("Retry-After"));
        Assert.Equal(3, _notifier.Count);
    }

    [Fact]
    public async Task The_record_route_of_the_subscribe_is_the_route_of_the_notify()
    {
        await ServeAsync();
        var routes = $"Record-Route: <sip:{_subscriber.Address};lr>\r\nRecord-Route: <sip:edge.example.org;lr>\r\n";
        _subscriber.Send(Subscribe(routes), _endpoint.Udp());

        var granted = await _subscriber.ReceiveAsync();
        Assert.Equal([$"<sip:{_subscriber.Address};lr>", "<sip:edge.example.org;lr>"], granted.Headers("Record-Route"));
        var notify = await _subscriber.ReceiveAsync();
        Assert.Equal([$"<sip:{_subscriber.Address};lr>", "<sip:edge.example.org;lr>"], notify.Headers("Route"));
    }

    [Fact]
    public async Task Who_subscribes_on_a_connection_is_notified_on_it()
    {
        await ServeAsync(listen: "tcp://127.0.0.1:0");
        using var client = await TcpPeer.ConnectAsync(_endpoint.Tcp());
        var behindNat = Subscribe().Replace($"<sip:watcher@{_subscriber.Address}>", "<sip:watcher@192.0.2.77;transport=tcp>", StringComparison.Ordinal);

        await client.SendAsync(behindNat.Replace("SIP/2.0/UDP", "SIP/2.0/TCP", StringComparison.Ordinal));

        Assert.StartsWith("SIP/2.0 200", (await client.ReceiveAsync()).StartLine, StringComparison.Ordinal);
        Assert.Equal("NOTIFY sip:watcher@192.0.2.77;transport=tcp SIP/2.0", (await client.ReceiveAsync()).StartLine);
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
            ResourceUri = SipUri.Parse($"sip:49171@{_endpoint.Udp()}"),
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
        _notifier.Changed("49171");
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

    private async Task ServeAsync(NotifierOptions? options = null, string listen = "udp://127.0.0.1:0")
    {
        _endpoint = await StartAsync(null, listen);
        _notifier = new Notifier(_endpoint, options ?? NotifierOptions.Reg, _ => SourceAsync, NullLogger<Notifier>.Instance);
        _endpoint.OnRequest = incoming => _notifier.Refusal(incoming.Request) is { } refusal
            ? incoming.RespondAsync(refusal)
            : _notifier.SubscribeAsync(incoming, incoming.Request.RequestUri.User!, "smsc");
    }

    private Task<Notice> SourceAsync(bool full)
    {
        var number = Interlocked.Increment(ref _told);
        var body = full ? $"full {number}" : _changes is null ? null : $"{_changes} {number}";
        return _fault is { } fault ? Task.FromException<Notice>(fault) : Task.FromResult(new Notice(body is null ? null : Encoding.UTF8.GetBytes(body), _changesIn));
    }

    private async Task<(Received Granted, Received Notify)> SubscribedAsync(string headers = "")
    {
        await ServeAsync();
        _subscriber.Send(Subscribe(headers), _endpoint.Udp());
        return (await _subscriber.ReceiveAsync(), await NotifiedAsync());
    }

    /// <summary>The next NOTIFY, answered, and the answer taken: timer K of its transaction runs.</summary>
    private async Task<Received> NotifiedAsync()
    {
        var notify = await _subscriber.ReceiveAsync();
        Assert.StartsWith("NOTIFY", notify.StartLine, StringComparison.Ordinal);
        _subscriber.Send(notify.Reply(200), _endpoint.Udp());
        await BarrierAsync(_subscriber, _endpoint);
        await Wait.UntilAsync(() => !_notifier.IsNotifying, "the answer is taken");
        return notify;
    }

    private async Task<string> AnswerToAsync(string request)
    {
        _subscriber.Send(request, _endpoint.Udp());
        Received answer;
        while (!(answer = await _subscriber.ReceiveAsync()).StartLine.StartsWith("SIP/2.0", StringComparison.Ordinal))
        {
        }

        return answer.StartLine[8..11];
    }

    private Task EndsAsync() => Wait.UntilAsync(() => _notifier.Count == 0, "the subscription is dropped");

    private string Subscribe(
        string headers = "", string @event = "reg", Received? within = null, int cseq = 1, string? callId = null, string resource = "49171") =>
        $"SUBSCRIBE sip:{resource}@{_endpoint.Bound[0].EndPoint} SIP/2.0\r\nVia: SIP/2.0/UDP {_subscriber.Address};branch=z9hG4bK{Guid.NewGuid():N}\r\n"
        + $"From: <sip:watcher@ims.example.org>;tag=watcher-tag\r\nTo: {within?.Header("To") ?? $"<sip:{resource}@ims.example.org>"}\r\n"
        + $"Call-ID: {callId ?? within?.Header("Call-ID") ?? "subscription-1"}\r\nCSeq: {cseq} SUBSCRIBE\r\nMax-Forwards: 70\r\n"
        + $"Contact: <sip:watcher@{_subscriber.Address}>\r\nEvent: {@event}\r\n{headers}Content-Length: 0\r\n\r\n";
}
