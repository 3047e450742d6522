using System.Diagnostics;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>From REST into an IMS network. The gateway learns who is registered with what from the S-CSCF alone.</summary>
[Collection<ScscfCollection>]
[Trait("Category", "Interop")]
public sealed class NetworkDeliveryTests(ScscfWorld world, ITestOutputHelper output) : WorldTest(world, output)
{
    private static readonly object Credentials = new { apiKey = GatewayProcess.ApiKey, apiSecret = GatewayProcess.ApiSecret };

    // The promise is one second; the assertion leaves room for a slow machine, and less than the minute after which the network is asked again.
    private static readonly TimeSpan SoonAfterRegistration = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task An_sms_of_the_Vonage_sdk_reaches_a_VoLTE_handset_and_its_RP_ACK_becomes_a_signed_receipt()
    {
        const string text = "Your code is 123456; 100% & never asked for {by phone}.";
        await using var ue = world.Lab.NewUe(World.NewNumber());
        await ue.RegisterAsync(Cancel);
        await world.LearntAsync(ue, 1, Cancel);

        var (error, messages) = await NodeSdk.SendAsync(NodeSdk.ServerSdk3, world.Gateway, Credentials,
            new { to = ue.Number, from = "AcmeInc", text }, Cancel);
        var sms = await ue.SmsAsync(Cancel);
        var receipt = await world.Webhooks.ReceiptAsync(Assert.Single(messages).MessageId!, Cancel);

        Assert.Null(error);
        Assert.Equal(new Tshark("0x01", "AcmeInc", text, ""), await Tshark.DecodeAsync(sms.Message, Cancel));
        Assert.Equal("*;+g.3gpp.smsip;require;explicit", sms.Message["Accept-Contact"]);
        Assert.Equal($"<{GatewayProcess.ServiceCentre}>", sms.Message["P-Asserted-Identity"]);
        Assert.Equal(("delivered", "0", ue.Number, "AcmeInc"), (receipt["status"], receipt["err-code"], receipt["msisdn"], receipt["to"]));
        await NodeSdk.VerifyAsync(receipt, World.SignatureSecret, "sha256", Cancel);
    }

    [Fact]
    public async Task An_sms_of_the_Vonage_sdk_reaches_a_text_client_whole()
    {
        var text = string.Concat(Enumerable.Repeat("Grüße aus dem Norden, 😀 und mehr. ", 20)).Trim();
        await using var client = world.Lab.NewUe(World.NewNumber());
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        await world.LearntAsync(client, 1, Cancel);

        var (_, messages) = await NodeSdk.SendAsync(NodeSdk.ServerSdk3, world.Gateway, Credentials,
            new { to = client.Number, from = "AcmeInc", text, type = "unicode" }, Cancel);
        var message = await client.TextAsync(Cancel);

        Assert.Equal(text, message.Text);
        Assert.Contains("AcmeInc@", message["From"]);
        Assert.Equal((text.Length + 66) / 67, messages.Count);
        foreach (var segment in messages) Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(segment.MessageId!, Cancel))["status"]);
        Assert.DoesNotContain(client.Requests.Snapshot(), request => request.Method == "MESSAGE");
    }

    [Theory]
    [InlineData("VoLTE", RawUe.VolteTags)]
    [InlineData("OTT", RawUe.OttTags)]
    public async Task A_waiting_message_comes_with_the_registration(string kind, string tags)
    {
        var took = new List<TimeSpan>();
        for (var round = 0; round < 3; round++) // the first one finds a program that has only just begun
        {
            await using var ue = world.Lab.NewUe(World.NewNumber());
            var id = await world.Gateway.SendSmsAsync(ue.Number, "waiting for you", Cancel);
            Assert.Empty(ue.Requests.Snapshot());

            var registered = (await ue.RegisterAsync(Cancel, tags)).ArrivedAt;
            var message = await ue.Requests.NextAsync(request => request.Method == "MESSAGE", Cancel);

            took.Add(Stopwatch.GetElapsedTime(registered, message.ArrivedAt));
            Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(id, Cancel))["status"]);
        }
        var figures = string.Join(", ", took.Select(after => $"{after.TotalMilliseconds:F0}"));
        Console.WriteLine($"figure: {kind}, waiting messages came {figures} ms after the 200 to REGISTER (three rounds)");
        Assert.All(took, after => Assert.InRange(after, TimeSpan.MinValue, SoonAfterRegistration));
    }

    [Fact]
    public async Task Away_and_back_again()
    {
        await using var ue = world.Lab.NewUe(World.NewNumber());
        await ue.RegisterAsync(Cancel);
        var first = await world.Gateway.SendSmsAsync(ue.Number, "first", Cancel);
        Assert.Equal("first", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(first, Cancel))["status"]);

        await ue.DeregisterAsync(Cancel);
        await world.LearntAsync(ue, 0, Cancel);
        var second = await world.Gateway.SendSmsAsync(ue.Number, "while you were away", Cancel);
        var third = await world.Gateway.SendSmsAsync(ue.Number, "and another", Cancel);

        await ue.RegisterAsync(Cancel);
        Assert.Equal("while you were away", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        Assert.Equal("and another", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        foreach (var id in new[] { second, third }) Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(id, Cancel))["status"]);
    }

    [Fact]
    public async Task The_network_ends_a_registration()
    {
        await using var ue = world.Lab.NewUe(World.NewNumber());
        await ue.RegisterAsync(Cancel);
        await world.LearntAsync(ue, 1, Cancel);

        await world.Lab.DeregisterAsync(ue.Identity, Cancel);
        await world.LearntAsync(ue, 0, Cancel);
        var id = await world.Gateway.SendSmsAsync(ue.Number, "for later", Cancel);

        await ue.RegisterAsync(Cancel);
        Assert.Equal("for later", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(id, Cancel))["status"]);
    }

    [Fact]
    public async Task A_second_contact_that_takes_sms_changes_the_form_and_takes_it_along_when_it_goes()
    {
        var number = World.NewNumber();
        // This network forks a MESSAGE to every contact, whatever Accept-Contact says: who cannot read it says so.
        await using var client = world.Lab.NewUe(number);
        client.Answer = request => request.Is3gppSms ? "415 Unsupported Media Type" : "200 OK";
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        await world.LearntAsync(client, 1, Cancel);
        await world.Gateway.SendSmsAsync(number, "as text", Cancel);
        Assert.Equal("as text", (await client.TextAsync(Cancel)).Text);

        await using var handset = world.Lab.NewUe(number);
        handset.Answer = request => request.IsText ? "415 Unsupported Media Type" : "200 OK";
        await handset.RegisterAsync(Cancel);
        await world.LearntAsync(handset, 2, Cancel);
        await world.Gateway.SendSmsAsync(number, "as sms", Cancel);
        Assert.Equal("as sms", (await handset.SmsAsync(Cancel)).Tpdu.Text);

        await handset.DeregisterAsync(Cancel);
        await world.LearntAsync(client, 1, Cancel, times: 2);
        await world.Gateway.SendSmsAsync(number, "as text again", Cancel);
        Assert.Equal("as text again", (await client.TextAsync(Cancel)).Text);
    }

    [Fact]
    public async Task A_long_text_comes_in_parts_that_Wireshark_reads_and_each_has_its_receipt()
    {
        var text = string.Join(' ', Enumerable.Range(1, 80).Select(i => $"word{i}"));
        await using var ue = world.Lab.NewUe(World.NewNumber());
        await ue.RegisterAsync(Cancel);

        var (_, messages) = await NodeSdk.SendAsync(NodeSdk.ServerSdk3, world.Gateway, Credentials,
            new { to = ue.Number, from = "491701234567", text }, Cancel);
        var parts = new List<ReceivedSms>();
        foreach (var _ in messages) parts.Add(await ue.SmsAsync(Cancel));

        Assert.Equal((text.Length + 152) / 153, parts.Count);
        Assert.Equal(Enumerable.Range(1, parts.Count), parts.Select(part => (int)part.Tpdu.Part!.Value.Sequence));
        Assert.Single(parts.Select(part => part.Tpdu.Part!.Value.Reference).Distinct());
        var seen = await Tshark.DecodeAsync(parts.Select(part => part.Message), Cancel);
        Assert.Equal(text, string.Concat(seen.Select(part => part.Text)));
        Assert.All(seen, part => Assert.Equal(("491701234567", ""), (part.Originator, part.Malformed)));
        foreach (var segment in messages) Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(segment.MessageId!, Cancel))["status"]);
    }
}
