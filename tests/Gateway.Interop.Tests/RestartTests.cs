using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>A gateway that crashes in a network.</summary>
[Trait("Category", "Interop")]
public sealed class RestartTests(RestartTests.OwnWorld world, ITestOutputHelper output)
    : WorldTest(world, output), IClassFixture<RestartTests.OwnWorld>
{
    /// <summary>Shared with no test that would miss the gateway.</summary>
    public sealed class OwnWorld : ScscfWorld;

    [Fact]
    public async Task After_kill_9_it_serves_registered_handsets_and_hears_of_changes()
    {
        await using var handset = world.Lab.NewUe(World.NewNumber());
        await using var client = world.Lab.NewUe(World.NewNumber());
        await handset.RegisterAsync(Cancel);
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        await world.LearntAsync(handset, 1, Cancel);
        await world.LearntAsync(client, 1, Cancel);

        await world.Gateway.KillAsync();
        await world.Gateway.StartAsync(Cancel);

        await world.Gateway.SendSmsAsync(handset.Number, "still yours", Cancel);
        await world.Gateway.SendSmsAsync(client.Number, "yours too", Cancel);
        Assert.Equal("still yours", (await handset.SmsAsync(Cancel)).Tpdu.Text);
        Assert.Equal("yours too", (await client.TextAsync(Cancel)).Text);

        // The new process subscribes anew by itself: it hears of a handset that goes.
        await world.LearntAsync(handset, 1, Cancel);
        await handset.DeregisterAsync(Cancel);
        await world.LearntAsync(handset, 0, Cancel);
    }
}
