using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    notifier                              subscriber                 owner
//     |  NOTIFY cseq=101                        |                       |
//     |---------------------------------------->|                       |
//     |  200                                    |  one after the other  |
//     |<----------------------------------------|---------------------->|
//     |  NOTIFY of a fork, of another event,    |
//     |  out of order, of nothing known         |
//     |---------------------------------------->|
//     |  481, 489, 500                          |
//     |<----------------------------------------|
public sealed class NotifyTests : SubscriptionTest
{
    [Fact]
    public async Task A_notify_may_come_before_the_2xx()
    {
        var (subscription, subscribe) = await SubscribeAsync();

        Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));
        await AreNotifiedAsync(1);
        Accept(subscribe);
        await Wait.UntilAsync(() => subscription.IsActive, "the 2xx is taken");

        var (refresh, _) = NextSubscribe(3_600);
        Assert.Equal("notifier", Received.Parameter(refresh.Header("To"), "tag"));
    }

    [Fact]
    public async Task A_2xx_that_is_lost_does_no_harm_when_the_notify_came()
    {
        var (subscription, subscribe) = await SubscribeAsync();
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, "active;expires=600")));

        AdvanceByTicks(TimeSpan.FromSeconds(32.1));
        await Wait.UntilAsync(() => subscription.IsActive, "the subscription stands");
        Notifier.Pending();

        var (refresh, _) = NextSubscribe(600);
        Assert.Equal("2 SUBSCRIBE", refresh.Header("CSeq"));
    }

    [Fact]
    public async Task The_notify_is_answered_before_its_owner_works_on_it()
    {
        var working = new TaskCompletionSource();
        var (_, subscribe) = await SubscribeAsync(onNotify: _ => working.Task);
        Accept(subscribe);

        for (var i = 1; i <= 5; i++)
            Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));
        Assert.Single(Notified);   // one after the other
        working.SetResult();
        await AreNotifiedAsync(5);
        Assert.Equal([101u, 102u, 103u, 104u, 105u], Notified.Select(n => n.CSeq));
    }

    [Fact]
    public async Task An_owner_far_behind_makes_notifies_wait_and_not_pile_up()
    {
        var working = new TaskCompletionSource();
        var (_, subscribe) = await SubscribeAsync(onNotify: _ => working.Task);
        Accept(subscribe);
        for (var i = 0; i < 65; i++)
            Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));

        Assert.Equal("503", await AnswerToAsync(Notify(subscribe)));

        working.SetResult();
        await AreNotifiedAsync(65);
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));
    }

    [Fact]
    public async Task An_owner_who_throws_is_told_of_the_next_notify_all_the_same()
    {
        var (_, subscribe) = await SubscribeAsync(onNotify: _ => throw new InvalidOperationException("the owner is broken"));
        Accept(subscribe);

        Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));
        await AreNotifiedAsync(2);
    }

    [Fact]
    public async Task A_forked_notify_is_refused()
    {
        var (_, subscribe) = await EstablishAsync();

        Assert.Equal("481", await AnswerToAsync(Notify(subscribe, tag: "another-fork")));
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe)));
    }

    [Fact]
    public async Task Out_of_order_and_repeated_notifies_are_told_apart()
    {
        var (_, subscribe) = await EstablishAsync();
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, cseq: 200)));
        Assert.Equal("500", await AnswerToAsync(Notify(subscribe, cseq: 150)));
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, cseq: 200)));   // came by another way once more
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, cseq: 201)));
        await AreNotifiedAsync(3);

        Assert.Equal([101u, 200u, 201u], Notified.Select(n => n.CSeq));
    }

    [Theory]
    [InlineData("presence", "489")]
    [InlineData("reg;id=7", "481")]
    public async Task A_notify_of_something_else_is_refused(string @event, string status)
    {
        var (_, subscribe) = await EstablishAsync();
        Assert.Equal(status, await AnswerToAsync(Notify(subscribe, @event: @event)));
    }

    [Fact]
    public async Task A_notify_without_subscription_state_is_refused()
    {
        var (_, subscribe) = await EstablishAsync();
        Assert.Equal("400", await AnswerToAsync(Notify(subscribe, state: "")));
    }

    [Fact]
    public async Task A_notify_of_nothing_we_subscribed_to_is_answered_481()
    {
        var (_, subscribe) = await EstablishAsync();
        var stranger = Notify(subscribe).Replace(subscribe.Header("Call-ID"), "unheard-of", StringComparison.Ordinal);
        Assert.Equal("481", await AnswerToAsync(stranger));
    }
}
