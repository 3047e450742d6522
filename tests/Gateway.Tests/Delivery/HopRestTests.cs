using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>Whom a 503 is about: a handset that is reached directly speaks for itself, a proxy for all that is behind it (RFC 3261 §21.5.4).</summary>
public sealed class HopRestTests
{
    private const string A = "4940100001", B = "4940100002", Proxy = "49400", Ott = "";
    private const string Overloaded = "503 Service Unavailable\r\nRetry-After: 20";

    [Fact]
    public async Task A_handsets_own_503_holds_its_recipient_alone()
    {
        var answer = Overloaded;
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(A, answer: _ => answer);
        world.Handset(B);
        await world.RegisterAsync(A);
        await world.RegisterAsync(B);
        await world.SendAsync(A, MessageLane.Normal, "one");
        await world.SendAsync(A, MessageLane.Normal, "two");
        await world.SendAsync(B, MessageLane.Normal, "another's, of the same account");
        Assert.Equal(["one", "another's, of the same account"], world.Attempts);

        answer = "200 OK";
        await world.UntilAsync(19);
        Assert.Equal(2, world.Attempts.Count());
        await world.UntilAsync(21);
        Assert.Equal(["one", "two"], world.Attempts.Skip(2));
    }

    [Fact]
    public async Task A_proxys_503_with_Retry_After_rests_the_proxy_and_nothing_else()
    {
        var answer = Overloaded;
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(Proxy, answer: _ => answer);
        world.Handset(B);
        await world.RegisterAsync(B);
        string[] behind = [A, "4940100003", "4940100004"];
        foreach (var number in behind) await ScheduledWorld.RegisterAtAsync(world.Device(Proxy), number, Ott, throughIt: true);
        await world.IdleAsync(); // a registration that is heard of after the first attempt would bring a second
        await world.SendAsync(A, MessageLane.Normal, "first");
        world.Silent = 1; // those that wait for the proxy
        await world.SendAsync(behind[1], MessageLane.Normal, "waits");
        world.Silent = 2;
        await world.SendAsync(behind[2], MessageLane.Otp, "password waits", "bank");
        await world.SendAsync(B, MessageLane.Normal, "reached directly");
        Assert.Equal(["first", "reached directly"], world.Attempts);

        answer = "200 OK";
        world.Advance(19.9);
        Assert.Equal(2, world.Attempts.Count());
        world.Silent = 0;
        world.Advance(0.2);
        await world.AttemptsAsync(4);
        await world.UntilAsync(21);
        await world.ConcludedAsync(4);
        Assert.Equal(["first", "password waits", "waits"], world.Attempts.Skip(2).Order());
    }

    [Theory]
    [InlineData("503 Service Unavailable")]
    [InlineData("500 Server Internal Error\r\nRetry-After: 20")]
    public async Task What_is_no_503_with_Retry_After_rests_nobody(string answer)
    {
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(Proxy, answer: _ => answer);
        foreach (var number in (string[])[A, B]) await ScheduledWorld.RegisterAtAsync(world.Device(Proxy), number, Ott, throughIt: true);
        await world.IdleAsync(); // as above
        await world.SendAsync(A, MessageLane.Normal, "one");
        await world.SendAsync(B, MessageLane.Normal, "two");
        Assert.Equal(["one", "two"], world.Attempts);
    }
}
