using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>An S-CSCF with the stock rule: who subscribes to a registration must be asserted to be its user.</summary>
public sealed class StrictWorld : ScscfWorld
{
    private protected override Task<KamailioLab> StartLabAsync(int applicationServer, CancellationToken cancel) =>
        KamailioLab.StartScscfAsync(applicationServer, cancel, "STRICT_SUBSCRIBE");

    private protected override (string, string?)[] Settings => [("Sip__Watch__AssertedIdentity", "User")];
}

[Trait("Category", "Interop")]
public sealed class StrictNetworkTests(StrictWorld world, ITestOutputHelper output) : WorldTest(world, output), IClassFixture<StrictWorld>
{
    [Fact]
    public async Task The_subscription_is_allowed_and_a_handset_is_served()
    {
        await using var ue = world.Lab.NewUe(World.NewNumber());
        await ue.RegisterAsync(Cancel);
        await world.LearntAsync(ue, 1, Cancel);
        var id = await world.Gateway.SendSmsAsync(ue.Number, "strictly yours", Cancel);

        Assert.Equal("strictly yours", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(id, Cancel))["status"]);
    }
}

/// <summary>
/// A registrar with a presence server, by other authors: reginfo documents without feature tags, whose version never grows, and no third-party
/// REGISTER.
/// </summary>
public sealed class PresenceWorld : World
{
    private protected override Task<KamailioLab> StartLabAsync(int applicationServer, CancellationToken cancel) =>
        KamailioLab.StartPresenceAsync(applicationServer, cancel);
}

[Trait("Category", "Interop")]
public sealed class PresenceNetworkTests(PresenceWorld world, ITestOutputHelper output) : WorldTest(world, output), IClassFixture<PresenceWorld>
{
    [Fact]
    public async Task The_first_message_asks_who_is_there()
    {
        await using var client = world.Lab.NewUe(World.NewNumber());
        await client.RegisterAsync(Cancel, RawUe.OttTags);

        var id = await world.Gateway.SendSmsAsync(client.Number, "found you", Cancel);

        Assert.Equal("found you", (await client.TextAsync(Cancel)).Text);
        Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(id, Cancel))["status"]);
    }

    [Fact]
    public async Task Later_registration_and_return_bring_what_waits()
    {
        await using var client = world.Lab.NewUe(World.NewNumber());
        await world.Gateway.SendSmsAsync(client.Number, "before you came", Cancel);
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        Assert.Equal("before you came", (await client.TextAsync(Cancel)).Text);

        await client.DeregisterAsync(Cancel, RawUe.OttTags);
        await world.LearntAsync(client, 0, Cancel);
        await world.Gateway.SendSmsAsync(client.Number, "while you were away", Cancel);
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        Assert.Equal("while you were away", (await client.TextAsync(Cancel)).Text);
    }
}
