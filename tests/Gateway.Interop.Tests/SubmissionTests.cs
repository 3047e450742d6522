using System.Globalization;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>From handsets and text clients of an IMS network to applications and to one another.</summary>
[Collection<ScscfCollection>]
[Trait("Category", "Interop")]
public sealed class SubmissionTests(ScscfWorld world, ITestOutputHelper output) : WorldTest(world, output)
{
    private static readonly string LongText = string.Join(' ', Enumerable.Range(1, 90).Select(i => $"word{i}"));
    private static readonly string LongUnicode = string.Concat(Enumerable.Range(1, 30).Select(i => $"№{i} привет 😀 "));

    [Fact]
    public async Task An_sms_to_an_application_is_acknowledged_and_becomes_its_signed_webhook()
    {
        await using var ue = await RegisteredAsync(RawUe.VolteTags);

        var report = Assert.Single(await ue.SubmitAsync(GatewayProcess.ApplicationNumber, "hello application, a = b & c", Cancel));
        var webhook = await world.Webhooks.InboundAsync(ue.Number, Cancel);

        Assert.True(report.IsAck);
        Assert.Equal(0x01, report.Tpdu[0] & 0x03); // SMS-SUBMIT-REPORT
        Assert.Equal((GatewayProcess.ApplicationNumber, "hello application, a = b & c", "text", "HELLO", GatewayProcess.ApiKey),
            (webhook["to"], webhook["text"], webhook["type"], webhook["keyword"], webhook["api-key"]));
        await NodeSdk.VerifyAsync(webhook, World.SignatureSecret, "sha256", Cancel);
    }

    [Fact]
    public async Task A_long_sms_to_an_application_becomes_a_webhook_a_part()
    {
        await using var ue = await RegisteredAsync(RawUe.VolteTags);

        var reports = await ue.SubmitAsync(GatewayProcess.ApplicationNumber, LongUnicode, Cancel);
        var webhooks = new List<ReceivedWebhook>();
        foreach (var _ in reports) webhooks.Add(await world.Webhooks.InboundAsync(ue.Number, Cancel));

        Assert.All(reports, report => Assert.True(report.IsAck));
        Assert.All(webhooks, webhook => Assert.Equal(("true", "unicode", reports.Count.ToString(CultureInfo.InvariantCulture)),
            (webhook["concat"], webhook["type"], webhook["concat-total"])));
        Assert.Single(webhooks.Select(webhook => webhook["concat-ref"]).Distinct());
        var inOrder = webhooks.OrderBy(webhook => int.Parse(webhook["concat-part"]!, CultureInfo.InvariantCulture));
        Assert.Equal(LongUnicode, string.Concat(inOrder.Select(webhook => webhook["text"])));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("long")]
    [InlineData("unicode")]
    public async Task From_VoLTE_to_a_text_client(string kind)
    {
        var text = TextOf(kind);
        await using var handset = await RegisteredAsync(RawUe.VolteTags);
        await using var client = await RegisteredAsync(RawUe.OttTags);

        Assert.All(await handset.SubmitAsync(client.Number, text, Cancel), report => Assert.True(report.IsAck));
        var message = await client.TextAsync(Cancel);

        Assert.Equal(text, message.Text);
        Assert.Contains($"+{handset.Number}@", message["From"]);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("long")]
    [InlineData("unicode")]
    public async Task From_a_text_client_to_VoLTE(string kind)
    {
        var text = TextOf(kind);
        await using var handset = await RegisteredAsync(RawUe.VolteTags);
        await using var client = await RegisteredAsync(RawUe.OttTags);

        Assert.Equal(202, (await client.SendTextAsync(handset.Number, text, Cancel)).Status);
        var parts = new List<ReceivedSms> { await handset.SmsAsync(Cancel) };
        while (parts.Count < (parts[0].Tpdu.Part?.Total ?? 1)) parts.Add(await handset.SmsAsync(Cancel));

        var seen = await Tshark.DecodeAsync(parts.Select(part => part.Message), Cancel);
        Assert.Equal(text, string.Concat(seen.Select(part => part.Text)));
        Assert.All(seen, part => Assert.Equal((client.Number, ""), (part.Originator, part.Malformed)));
    }

    [Fact]
    public async Task From_VoLTE_to_VoLTE_the_parts_stay_as_they_are()
    {
        await using var sender = await RegisteredAsync(RawUe.VolteTags);
        await using var recipient = await RegisteredAsync(RawUe.VolteTags);

        var reports = await sender.SubmitAsync(recipient.Number, LongText, Cancel);
        var parts = new List<SmsTpdu>();
        foreach (var _ in reports) parts.Add((await recipient.SmsAsync(Cancel)).Tpdu);

        Assert.Equal(Pdu.Submits(recipient.Number, LongText, 0).Count, parts.Count);
        Assert.Equal(LongText, string.Concat(parts.OrderBy(part => part.Part!.Value.Sequence).Select(part => part.Text)));
        Assert.All(parts, part => Assert.Equal(sender.Number, part.Address));
    }

    [Fact]
    public async Task A_status_report_names_reference_recipient_and_time_stamp_of_the_submission()
    {
        const byte reference = 77;
        await using var sender = await RegisteredAsync(RawUe.VolteTags);
        await using var recipient = await RegisteredAsync(RawUe.VolteTags);

        var submit = Assert.Single(Pdu.Submits(recipient.Number, "tell me", reference, statusReport: true));
        var (callId, response) = await sender.SendRpAsync(Pdu.RpData(9, submit), Cancel);
        var submitted = await sender.ReportAsync(callId, Cancel);
        var delivered = await recipient.SmsAsync(Cancel);
        var report = (await sender.SmsAsync(Cancel)).Tpdu;

        Assert.Equal((202, true, (byte)9), (response.Status, submitted.IsAck, submitted.Reference));
        Assert.True(report.IsStatusReport);
        Assert.Equal((reference, recipient.Number, submitted.SubmitReportTimeStamp, (byte)0),
            (report.Reference, report.Address, report.TimeStamp, report.Status));
        Assert.Equal(submitted.SubmitReportTimeStamp, delivered.Tpdu.TimeStamp);
    }

    [Fact]
    public async Task A_repeated_submission_is_acknowledged_again_and_delivered_once()
    {
        await using var sender = await RegisteredAsync(RawUe.VolteTags);
        await using var recipient = await RegisteredAsync(RawUe.VolteTags);
        var submit = Assert.Single(Pdu.Submits(recipient.Number, "only once", reference: 5));

        var reports = new List<RpMessage>();
        for (byte attempt = 1; attempt <= 2; attempt++)
        {
            var (callId, _) = await sender.SendRpAsync(Pdu.RpData(attempt, submit), Cancel);
            reports.Add(await sender.ReportAsync(callId, Cancel));
        }
        await sender.SubmitAsync(recipient.Number, "and then", Cancel);

        Assert.All(reports, report => Assert.True(report.IsAck));
        Assert.Equal(reports[0].SubmitReportTimeStamp, reports[1].SubmitReportTimeStamp);
        Assert.Equal("only once", (await recipient.SmsAsync(Cancel)).Tpdu.Text);
        Assert.Equal("and then", (await recipient.SmsAsync(Cancel)).Tpdu.Text);
    }

    [Fact]
    public async Task A_number_that_nobody_serves_is_refused_with_RP_ERROR_1()
    {
        await using var ue = await RegisteredAsync(RawUe.VolteTags);

        var report = Assert.Single(await ue.SubmitAsync("33612345678", "to nobody", Cancel));

        Assert.True(report.IsError);
        Assert.Equal((byte)1, report.Cause);
    }

    private async Task<RawUe> RegisteredAsync(string tags)
    {
        var ue = world.Lab.NewUe(World.NewNumber());
        await ue.RegisterAsync(Cancel, tags);
        await world.LearntAsync(ue, 1, Cancel);
        return ue;
    }

    private static string TextOf(string kind) => kind switch { "long" => LongText, "unicode" => LongUnicode, _ => "hello over there" };
}
