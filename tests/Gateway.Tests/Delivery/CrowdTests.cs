using Gateway.Store;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>Where as many mailboxes are awake as there may be, each that has nothing to do leaves at once.</summary>
public sealed class CrowdTests
{
    private const string Here = "4940100001", Absent = "4940100002";

    [Fact]
    public async Task Who_has_nothing_to_do_leaves_and_is_back_for_the_next_message()
    {
        await using var world = await ScheduledWorld.StartAsync(mostAwake: 0);
        world.Handset(Here);
        await world.RegisterAsync(Here);
        for (var i = 1; i <= 5; i++)
        {
            await world.SendAsync(Here, MessageLane.Normal, $"{i}");
            await world.ConcludedAsync(i);
            await Deadline.UntilAsync(() => Task.FromResult(!world.IsAwake(Here)), () => "it has left", TestContext.Current.CancellationToken);
        }
        Assert.Equal(["1", "2", "3", "4", "5"], world.Attempts);
    }

    [Fact]
    public async Task Who_is_rung_while_it_leaves_loses_nothing_and_repeats_nothing()
    {
        await using var world = await ScheduledWorld.StartAsync(mostAwake: 0);
        world.Handset(Here);
        await world.RegisterAsync(Here);
        var texts = Enumerable.Range(1, 200).Select(i => $"{i}").ToList();
        foreach (var text in texts) await world.SendAsync(Here, MessageLane.Normal, text, idle: false); // each finds it at another point
        await world.ConcludedAsync(texts.Count);
        Assert.Equal(texts, world.Attempts);
    }

    [Fact]
    public async Task Who_waits_for_somebody_stays()
    {
        await using var world = await ScheduledWorld.StartAsync(mostAwake: 0);
        world.Handset(Absent);
        await world.SendAsync(Absent, MessageLane.Normal, "waits");
        Assert.True(world.IsAwake(Absent));
        await world.RegisterAsync(Absent);
        await world.ConcludedAsync(1);
        Assert.Equal(["waits"], world.Attempts);
    }
}
