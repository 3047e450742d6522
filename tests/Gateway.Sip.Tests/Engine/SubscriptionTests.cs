using System.Text;
using Gateway.Sip.Events;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    subscriber                               notifier
//     |  SUBSCRIBE                               |
//     |----------------------------------------->|
//     |        200 Expires                       |   these two in any order
//     |<-----------------------------------------|
//     |        NOTIFY active                     |
//     |<-----------------------------------------|
//     |  200                                     |   at once, then the owner is told
//     |----------------------------------------->|
//     |  SUBSCRIBE in the dialog, before expiry  |
//     |----------------------------------------->|
//     |        NOTIFY terminated;reason=         |
//     |<-----------------------------------------|   and the subscription has ended
public sealed class SubscriptionTests : SubscriptionTest
{
    [Fact]
    public async Task A_subscription_is_made_and_notified()
    {
        var (subscription, subscribe) = await SubscribeAsync();

        Assert.Equal("SUBSCRIBE sip:491711234567@ims.example.org SIP/2.0", subscribe.StartLine);
        Assert.Equal("reg", subscribe.Header("Event"));
        Assert.Equal("3600", subscribe.Header("Expires"));
        Assert.Equal("application/reginfo+xml", subscribe.Header("Accept"));
        Assert.Equal("<sip:491711234567@ims.example.org>", subscribe.Header("P-Asserted-Identity"));
        Assert.Equal($"<sip:smsc@{Endpoint.Udp()}>", subscribe.Header("Contact"));
        Assert.Contains("tag=", subscribe.Header("From"), StringComparison.Ordinal);
        Assert.DoesNotContain("tag=", subscribe.Header("To"), StringComparison.Ordinal);

        Accept(subscribe);
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, "active;expires=3600", body: "<reginfo version=\"0\"/>")));
        await AreNotifiedAsync(1);
        Assert.Equal("active", Notified[0].State.State);
        Assert.Equal("application/reginfo+xml", Notified[0].ContentType);
        Assert.Equal("<reginfo version=\"0\"/>", Encoding.UTF8.GetString(Notified[0].Body.Span));
        Assert.Equal(101u, Notified[0].CSeq);
        Assert.Equal(Notifier.Address, Notified[0].Flow.Remote);
        Assert.False(subscription.HasEnded);
    }

    [Theory]
    [InlineData(3_600, 2_700, 3_001)]   // 600 s before expiry, and up to a tenth earlier
    [InlineData(1_201, 540, 602)]
    [InlineData(1_200, 540, 601)]       // at half the time
    [InlineData(60, 27, 31)]
    public async Task It_is_refreshed_in_the_dialog_before_it_expires(int granted, double earliest, double latest)
    {
        var (subscription, first) = await EstablishAsync(granted);

        var (refresh, after) = NextSubscribe(latest);

        Assert.InRange(after, earliest, latest);
        Assert.Equal($"SUBSCRIBE sip:{Notifier.Address} SIP/2.0", refresh.StartLine);   // the Contact of the peer
        Assert.Equal(first.Header("Call-ID"), refresh.Header("Call-ID"));
        Assert.Equal(first.Header("From"), refresh.Header("From"));
        Assert.Equal("notifier", Received.Parameter(refresh.Header("To"), "tag"));
        Assert.Equal("2 SUBSCRIBE", refresh.Header("CSeq"));
        Assert.Equal("3600", refresh.Header("Expires"));
        Assert.Equal("reg", refresh.Header("Event"));

        // A refresh without a NOTIFY (Kamailio) is followed by the next refresh.
        Accept(refresh, granted);
        await Wait.UntilAsync(() => subscription.IsActive, "the refresh is granted");
        Assert.Equal("3 SUBSCRIBE", NextSubscribe(latest).Item1.Header("CSeq"));
    }

    [Fact]
    public async Task A_notify_may_shorten_it_and_never_lengthens_it()
    {
        var (_, subscribe) = await EstablishAsync(3_600);
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, "active;expires=100")));
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, "active;expires=9999")));

        Assert.InRange(NextSubscribe(100).Item2, 45, 51);
    }

    [Fact]
    public async Task A_notify_before_the_2xx_may_shorten_it_too()
    {
        var (subscription, subscribe) = await SubscribeAsync();
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, "active;expires=100")));
        Accept(subscribe, 3_600);
        await Wait.UntilAsync(() => subscription.IsActive, "the 2xx is taken");

        Assert.InRange(NextSubscribe(100).Item2, 45, 51);
    }

    [Fact]
    public async Task In_dialog_requests_go_where_the_dialog_was_made_when_the_contact_leads_nowhere()
    {
        var (subscription, subscribe) = await SubscribeAsync();
        Notifier.Send(subscribe.Reply(200, "Expires: 60\r\nContact: <sip:scscf.ims.lab:5060>\r\n", "notifier"), Endpoint.Udp());
        var notify = Notify(subscribe)
            .Replace($"Contact: <sip:{Notifier.Address}>", "Contact: <sip:scscf.ims.lab:5060>", StringComparison.Ordinal);
        Assert.Equal("200", await AnswerToAsync(notify));
        await Wait.UntilAsync(() => subscription.IsActive, "the dialog is made");

        Time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal("SUBSCRIBE sip:scscf.ims.lab:5060 SIP/2.0", (await Notifier.ReceiveAsync()).StartLine);
        Assert.Contains("A scscf.ims.lab", Dns.Asked);
    }

    [Fact]
    public async Task The_record_route_of_the_2xx_is_the_route_of_what_follows()
    {
        var (subscription, subscribe) = await SubscribeAsync();
        using var proxy = new UdpPeer();
        await AcceptFirstAsync(subscribe, 60, $"Record-Route: <sip:192.0.2.1;lr>, <sip:{proxy.Address};lr>\r\n");
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));
        await Wait.UntilAsync(() => subscription.IsActive, "the dialog is made");

        Time.Advance(TimeSpan.FromSeconds(31));

        var refresh = await proxy.ReceiveAsync();
        Assert.Equal([$"<sip:{proxy.Address};lr>", "<sip:192.0.2.1;lr>"], refresh.Headers("Route"));
    }

    [Fact]
    public async Task A_strict_router_gets_the_request_in_its_own_name()
    {
        var (subscription, subscribe) = await SubscribeAsync();
        await AcceptFirstAsync(subscribe, 60, $"Record-Route: <sip:{Notifier.Address}>\r\n");
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));
        await Wait.UntilAsync(() => subscription.IsActive, "the dialog is made");

        Time.Advance(TimeSpan.FromSeconds(31));

        var refresh = await Notifier.ReceiveAsync();
        Assert.Equal($"SUBSCRIBE sip:{Notifier.Address} SIP/2.0", refresh.StartLine);
        Assert.Equal([$"<sip:{Notifier.Address}>"], refresh.Headers("Route"));
    }

    [Fact]
    public async Task An_interval_too_brief_is_asked_for_again_as_the_notifier_wants_it()
    {
        var (_, subscribe) = await SubscribeAsync(r => r with { Expires = TimeSpan.FromSeconds(60) });
        Notifier.Send(subscribe.Reply(423, "Min-Expires: 600\r\n"), Endpoint.Udp());

        var again = await Notifier.ReceiveAsync();

        Assert.Equal("600", again.Header("Expires"));
        Assert.Equal("2 SUBSCRIBE", again.Header("CSeq"));
        Assert.Equal(subscribe.Header("Call-ID"), again.Header("Call-ID"));
        Assert.Equal("200", await AnswerToAsync(Notify(again)));
    }

    [Fact]
    public async Task A_challenge_is_answered_when_there_are_credentials()
    {
        var (_, subscribe) = await SubscribeAsync(r => r with { Credentials = new DigestClient("smsc", "secret") });
        Notifier.Send(subscribe.Reply(401, Challenge("n1")), Endpoint.Udp());

        var again = await Notifier.ReceiveAsync();

        Assert.Equal("2 SUBSCRIBE", again.Header("CSeq"));
        Assert.Contains("username=\"smsc\"", again.Header("Authorization"), StringComparison.Ordinal);
        Assert.NotEqual(subscribe.Branch, again.Branch);

        // The same challenge again says that the password is wrong.
        Notifier.Send(again.Reply(401, Challenge("n2")), Endpoint.Udp());
        var end = await EndsAsync();
        Assert.Equal((SubscriptionEndKind.Refused, 401), (end.Kind, end.StatusCode));

        static string Challenge(string nonce) =>
            $"WWW-Authenticate: Digest realm=\"ims\", nonce=\"{nonce}\", qop=\"auth\", algorithm=SHA-256\r\n";
    }

    [Theory]
    [InlineData(403, "", null)]
    [InlineData(404, "", null)]
    [InlineData(489, "", null)]
    [InlineData(401, "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n", null)]
    [InlineData(503, "Retry-After: 17\r\n", 17)]
    public async Task A_refusal_ends_it_with_its_status(int status, string headers, int? retryAfter)
    {
        var (subscription, subscribe) = await SubscribeAsync();
        Notifier.Send(subscribe.Reply(status, headers), Endpoint.Udp());

        var end = await EndsAsync();

        Assert.Equal(SubscriptionEndKind.Refused, end.Kind);
        Assert.Equal(status, end.StatusCode);
        Assert.Equal(retryAfter, (int?)end.RetryAfter?.TotalSeconds);
        Assert.True(subscription.HasEnded);
        Assert.Equal(0, Endpoint.Subscriptions.Count);
    }

    [Fact]
    public async Task Silence_ends_it_as_unreachable()
    {
        await SubscribeAsync();
        AdvanceByTicks(TimeSpan.FromSeconds(32.1));

        Assert.Equal(SubscriptionEndKind.Unreachable, (await EndsAsync()).Kind);
    }

    [Fact]
    public async Task Without_a_notify_within_timer_N_it_ends()
    {
        var (_, subscribe) = await SubscribeAsync();
        await AcceptFirstAsync(subscribe);

        AdvanceByTicks(TimeSpan.FromSeconds(31.9));
        Assert.False(Ended.Task.IsCompleted);
        AdvanceByTicks(TimeSpan.FromSeconds(0.2));

        Assert.Equal(SubscriptionEndKind.NotNotified, (await EndsAsync()).Kind);
        Assert.Equal("481", await AnswerToAsync(Notify(subscribe)));
    }

    [Theory]
    [InlineData("terminated;reason=deactivated", "deactivated", null)]
    [InlineData("terminated;reason=probation;retry-after=120", "probation", 120)]
    [InlineData("terminated;reason=rejected", "rejected", null)]
    [InlineData("terminated;reason=timeout", "timeout", null)]
    [InlineData("terminated;reason=giveup;retry-after=5", "giveup", 5)]
    [InlineData("terminated;reason=noresource", "noresource", null)]
    [InlineData("terminated;reason=invariant", "invariant", null)]
    [InlineData("terminated", null, null)]
    public async Task The_notifiers_end_is_told_with_its_reason_after_the_last_notification(string state, string? reason, int? retryAfter)
    {
        var (_, subscribe) = await EstablishAsync();
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, state)));

        var end = await EndsAsync();

        Assert.Equal(SubscriptionEndKind.Terminated, end.Kind);
        Assert.Equal(reason, end.Reason);
        Assert.Equal(retryAfter, (int?)end.RetryAfter?.TotalSeconds);
        Assert.Equal(2, Notified.Count);
        Assert.Equal(0, Endpoint.Subscriptions.Count);
        Assert.Equal("481", await AnswerToAsync(Notify(subscribe)));
    }

    [Theory]
    [InlineData(481)]
    [InlineData(404)]
    public async Task A_refresh_that_finds_no_dialog_ends_it(int status)
    {
        await EstablishAsync(60);
        var (refresh, _) = NextSubscribe(60);
        Notifier.Send(refresh.Reply(status), Endpoint.Udp());

        var end = await EndsAsync();
        Assert.Equal((SubscriptionEndKind.Lost, status), (end.Kind, end.StatusCode));
    }

    [Fact]
    public async Task A_refresh_met_by_silence_ends_it()
    {
        await EstablishAsync(3_600);
        NextSubscribe(3_600);
        AdvanceByTicks(TimeSpan.FromSeconds(32.1));

        Assert.Equal(SubscriptionEndKind.Lost, (await EndsAsync()).Kind);
    }

    [Fact]
    public async Task A_refresh_that_fails_for_a_while_is_tried_again_while_the_subscription_lasts()
    {
        var (subscription, _) = await EstablishAsync(3_600);
        var (refresh, _) = NextSubscribe(3_600);
        Notifier.Send(refresh.Reply(500, "Retry-After: 45\r\n"), Endpoint.Udp());
        await Wait.UntilAsync(() => subscription.IsActive, "the failure is taken");

        var (again, after) = NextSubscribe(60);
        Assert.InRange(after, 45, 47);
        Accept(again);
        await BarrierAsync(Notifier, Endpoint);
        Assert.False(Ended.Task.IsCompleted);
    }

    [Fact]
    public async Task Unsubscribing_waits_for_the_last_notify()
    {
        var (subscription, _) = await EstablishAsync();
        _ = subscription.TerminateAsync();
        var unsubscribe = await Notifier.ReceiveAsync();
        Assert.Equal("0", unsubscribe.Header("Expires"));
        Accept(unsubscribe, 0);

        Assert.Equal("200", await AnswerToAsync(Notify(unsubscribe, "terminated;reason=timeout")));

        Assert.Equal(SubscriptionEndKind.Unsubscribed, (await EndsAsync()).Kind);
        Assert.Equal(2, Notified.Count);
    }

    [Fact]
    public async Task Unsubscribing_ends_without_a_last_notify_too()
    {
        var (subscription, _) = await EstablishAsync();
        _ = subscription.TerminateAsync();
        Accept(await Notifier.ReceiveAsync(), 0);
        await BarrierAsync(Notifier, Endpoint);

        AdvanceByTicks(TimeSpan.FromSeconds(32.1));

        Assert.Equal(SubscriptionEndKind.Unsubscribed, (await EndsAsync()).Kind);
        Assert.Equal(0, Endpoint.Subscriptions.Count);
        Assert.Equal(0, Endpoint.Wheel.Waiting);
    }

    [Fact]
    public async Task Unsubscribing_before_the_2xx_is_done_after_it()
    {
        var (subscription, subscribe) = await SubscribeAsync();
        await subscription.TerminateAsync();
        Accept(subscribe);

        var unsubscribe = await Notifier.ReceiveAsync();
        Assert.Equal("0", unsubscribe.Header("Expires"));
        Assert.Equal("notifier", Received.Parameter(unsubscribe.Header("To"), "tag"));
    }

    [Fact]
    public async Task A_fetch_ends_with_its_one_notify()
    {
        var (_, subscribe) = await SubscribeAsync(r => r with { Expires = TimeSpan.Zero });
        Assert.Equal("0", subscribe.Header("Expires"));
        Accept(subscribe, 0);
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, "terminated;reason=timeout")));

        Assert.Equal("timeout", (await EndsAsync()).Reason);
        Assert.Single(Notified);
    }

    [Fact]
    public async Task Many_made_at_once_do_not_refresh_together()
    {
        Endpoint = await StartAsync();
        Endpoint.OnRequest = incoming => Endpoint.Subscriptions.TryHandle(incoming) ? Task.CompletedTask : incoming.RespondAsync(404);
        List<Subscription> subscriptions = [];
        for (var i = 0; i < 200; i++)
        {
            var subscription = new Subscription(
                Endpoint,
                new SubscriptionRequest
                {
                    ResourceUri = SipUri.Parse($"sip:{i}@{Notifier.Address}"),
                    From = new NameAddr(SipUri.Parse("sip:smsc@ims.example.org")),
                    ContactUser = "smsc",
                },
                _ => Task.CompletedTask, _ => { });
            _ = subscription.StartAsync();
            subscriptions.Add(subscription);
            var subscribe = await Notifier.ReceiveAsync();
            Accept(subscribe);
            Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));
        }

        await Wait.UntilAsync(() => subscriptions.All(s => s.IsActive), "all are made");
        var refreshedAt = new Dictionary<string, double>();
        for (var second = 1; second <= 3_001; second++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            foreach (var refresh in Notifier.Pending())
            {
                refreshedAt.TryAdd(refresh.Header("Call-ID"), second);
                Accept(refresh);
            }
        }

        // 200 over the 300 s before the instant: in no second more than chance allows.
        Assert.Equal(200, refreshedAt.Count);
        Assert.InRange(refreshedAt.Values.Min(), 2_690, 2_730);
        Assert.InRange(refreshedAt.Values.GroupBy(s => s).Max(g => g.Count()), 1, 10);
    }
}
