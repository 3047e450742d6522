using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>A network whose gateway waits only seconds for an RP report and for its next try.</summary>
public sealed class ImpatientWorld : ScscfWorld
{
    private protected override (string, string?)[] Settings => [("Delivery__ReportTimeoutSeconds", "3"), ("Delivery__RetrySeconds", "1")];
}

/// <summary>Handsets that do not simply take what they get.</summary>
[Trait("Category", "Interop")]
public sealed class RetryTests(ImpatientWorld world, ITestOutputHelper output) : WorldTest(world, output), IClassFixture<ImpatientWorld>
{
    [Fact]
    public async Task A_full_handset_gets_it_when_it_says_that_it_has_room()
    {
        await using var ue = await RegisteredAsync();
        ue.Report = rp => Pdu.RpError(rp.Reference, 22);
        var first = await world.Gateway.SendSmsAsync(ue.Number, "no room", Cancel);
        await ue.SmsAsync(Cancel);
        await world.Gateway.SaysAsync($"{first} to {ue.Number}: RP-ERROR 22", Cancel);
        var second = await world.Gateway.SendSmsAsync(ue.Number, "no room either", Cancel);
        Assert.DoesNotContain(ue.Requests.Snapshot(), request => request.Method == "MESSAGE");

        ue.Report = rp => Pdu.RpAck(rp.Reference);
        var (callId, response) = await ue.SendRpAsync(Pdu.RpSmma(17), Cancel);

        Assert.Equal(202, response.Status);
        Assert.True(await ue.ReportAsync(callId, Cancel) is { IsAck: true, Reference: 17 });
        Assert.Equal("no room", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        Assert.Equal("no room either", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        foreach (var id in new[] { first, second }) Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(id, Cancel))["status"]);
    }

    [Fact]
    public async Task What_a_handset_refuses_again_and_again_fails_and_does_not_block_the_next()
    {
        await using var ue = await RegisteredAsync();
        ue.Report = rp => SmsTpdu.Read(rp.Tpdu).Text == "unwanted" ? Pdu.RpError(rp.Reference, 95) : Pdu.RpAck(rp.Reference);

        var unwanted = await world.Gateway.SendSmsAsync(ue.Number, "unwanted", Cancel);
        var wanted = await world.Gateway.SendSmsAsync(ue.Number, "wanted", Cancel);

        var failed = await world.Webhooks.ReceiptAsync(unwanted, Cancel);
        Assert.Equal(("failed", "10"), (failed["status"], failed["err-code"]));
        Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(wanted, Cancel))["status"]);
    }

    [Fact]
    public async Task A_silent_handset_gets_the_same_again()
    {
        await using var ue = await RegisteredAsync();
        ue.Report = _ => null;
        var id = await world.Gateway.SendSmsAsync(ue.Number, "are you there?", Cancel);
        var first = await ue.SmsAsync(Cancel);

        ue.Report = rp => Pdu.RpAck(rp.Reference);
        var second = await ue.SmsAsync(Cancel);

        Assert.Equal(first.Rp.Reference, second.Rp.Reference);
        Assert.Equal(first.Rp.Tpdu, second.Rp.Tpdu);
        Assert.NotEqual(first.Message["Call-ID"], second.Message["Call-ID"]);
        Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(id, Cancel))["status"]);
    }

    [Fact]
    public async Task A_message_whose_time_is_over_is_told_as_expired()
    {
        var number = World.NewNumber();
        var sent = await world.Gateway.SendSmsAsync(number, "too late", Cancel, more: ("ttl", "20000"));

        var expired = await world.Webhooks.ReceiptAsync(sent, Cancel, TimeSpan.FromSeconds(40));

        Assert.Equal("expired", expired["status"]);
        await using var ue = world.Lab.NewUe(number);
        await ue.RegisterAsync(Cancel);
        await world.Gateway.SendSmsAsync(number, "in time", Cancel);
        Assert.Equal("in time", (await ue.SmsAsync(Cancel)).Tpdu.Text);
    }

    private async Task<RawUe> RegisteredAsync()
    {
        var ue = world.Lab.NewUe(World.NewNumber());
        await ue.RegisterAsync(Cancel);
        await world.LearntAsync(ue, 1, Cancel);
        return ue;
    }
}
