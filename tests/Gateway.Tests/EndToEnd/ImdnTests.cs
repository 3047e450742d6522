using System.Text;
using System.Xml.Linq;
using Gateway.Handset;
using Gateway.Sip;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Phone = Gateway.Handset.Handset;

namespace Gateway.Tests.EndToEnd;

/// <summary>message/cpim with IMDN (RFC 3862, RFC 5438) between a text client and a VoLTE handset.</summary>
[Collection<LocalGatewayCollection>]
public sealed class ImdnTests(LocalGateway local)
{
    private const string Both = "positive-delivery, negative-delivery";
    private static int _numbers = 700_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_that_asks_is_told_of_the_delivery_under_its_message_id()
    {
        await using var client = await ClientAsync();
        await using var handset = await HandsetAsync();

        Assert.Equal(202, (await SendAsync(client, handset.Number, "Hello World", "positive-delivery")).Status);
        Assert.Equal("Hello World", (await handset.SmsAsync(Cancel)).Tpdu.Text);

        var notification = await CpimAsync(client);
        Assert.Equal("message/cpim", notification["Content-Type"]);
        Assert.Contains(handset.Number, notification["P-Asserted-Identity"], StringComparison.Ordinal);
        var (headers, part, imdn) = Parts(notification);
        Assert.Contains("NS: imdn <urn:ietf:params:imdn>", headers);
        Assert.Single(headers, header => header.StartsWith("imdn.Message-ID: ", StringComparison.Ordinal));
        Assert.DoesNotContain(headers, header => header.Contains("Disposition-Notification", StringComparison.Ordinal));
        Assert.Contains("Content-Type: message/imdn+xml", part);
        Assert.Contains("Content-Disposition: notification", part);
        Assert.Equal(("34jk324j", "delivered", $"im:+{handset.Number}@example.com"), Read(imdn));
    }

    [Fact]
    public async Task A_message_that_fails_is_told_of_as_failed()
    {
        await using var client = await ClientAsync();
        await using var handset = await HandsetAsync();
        handset.Answer = request => request.Method == "MESSAGE" ? "403 Forbidden" : "200 OK";

        Assert.Equal(202, (await SendAsync(client, handset.Number, "in vain", Both)).Status);

        Assert.Equal(("34jk324j", "failed", $"im:+{handset.Number}@example.com"), Read(Parts(await CpimAsync(client)).Imdn));
    }

    [Fact]
    public async Task Only_what_was_asked_for_is_told_of()
    {
        await using var client = await ClientAsync();
        await using var handset = await HandsetAsync();

        foreach (var (asked, id) in new[] { ("negative-delivery", "not-told"), ("display", "not-told"), (Both, "told") })
        {
            Assert.Equal(202, (await SendAsync(client, handset.Number, "x", asked, id)).Status);
            await handset.SmsAsync(Cancel);
        }

        Assert.Equal("told", Read(Parts(await CpimAsync(client)).Imdn).MessageId);
        Assert.DoesNotContain(client.Requests.Snapshot(), request => request.Method == "MESSAGE");
    }

    [Fact]
    public async Task A_notification_waits_for_a_text_client_and_holds_up_no_text()
    {
        await using var client = await ClientAsync();
        await using var handset = await HandsetAsync();
        await using var other = new RawUe(client.Number, local.Process.Sip);
        handset.Report = _ => null;
        Assert.Equal(202, (await SendAsync(client, handset.Number, "then", "positive-delivery")).Status);
        var sms = await handset.SmsAsync(Cancel);
        await client.DeregisterAsync(Cancel, RawUe.OttTags);
        await other.RegisterAsync(Cancel);
        await handset.SendRpAsync(Pdu.RpAck(sms.Rp.Reference), Cancel, inReplyTo: sms.Message["Call-ID"], to: sms.Message["P-Asserted-Identity"]!.Trim('<', '>'));

        foreach (var text in new[] { "one", "two" })
        {
            await local.Process.SendSmsAsync(client.Number, text, Cancel);
            Assert.Equal(text, (await other.SmsAsync(Cancel)).Tpdu.Text);
        }
        await client.RegisterAsync(Cancel, RawUe.OttTags);

        Assert.Equal("delivered", Read(Parts(await CpimAsync(client)).Imdn).Status);
        Assert.DoesNotContain(other.Requests.Snapshot(), request => request.Method == "MESSAGE");
    }

    [Fact]
    public async Task A_notification_from_a_client_is_taken_and_other_content_is_not()
    {
        await using var client = await ClientAsync();
        const string Imdn = "<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\"><message-id>7</message-id><display-notification><status><displayed/></status>"
            + "</display-notification></imdn>";

        Assert.Equal(200, (await PostAsync(client, $"\r\nContent-Type: message/imdn+xml\r\n\r\n{Imdn}")).Status);
        Assert.Equal(200, (await PostAsync(client, "\r\nContent-Type: application/im-iscomposing+xml\r\n\r\n<isComposing/>")).Status);
        Assert.Equal(400, (await PostAsync(client, "\r\nContent-Type: message/imdn+xml\r\n\r\n<imdn/>")).Status);
        Assert.Equal(400, (await PostAsync(client, "no cpim")).Status);
        Assert.Equal(488, (await PostAsync(client, "NS: my <urn:my>\r\nRequire: my.Feature\r\n\r\nContent-Type: text/plain\r\n\r\nx")).Status);
        var unsupported = await PostAsync(client, "\r\nContent-Type: image/png\r\n\r\nx");
        Assert.Equal(415, unsupported.Status);
        Assert.Equal("text/plain, message/cpim, application/vnd.3gpp.sms", unsupported["Accept"]);
    }

    [Theory]
    [InlineData(HandsetKind.Ott)]
    [InlineData(HandsetKind.Volte)]
    public async Task Two_software_handsets_are_told_of_what_they_send_each_other(HandsetKind other)
    {
        await using var first = await PhoneAsync(HandsetKind.Ott);
        await using var second = await PhoneAsync(other);

        await IsToldAsync(first, second, "there");
        if (other == HandsetKind.Ott) await IsToldAsync(second, first, "and back");
    }

    private static async Task IsToldAsync(Phone from, Phone to, string text)
    {
        var told = new TaskCompletionSource<DispositionNotification>(TaskCreationOptions.RunContinuationsAsynchronously);
        from.OnNotification += told.SetResult;

        var result = await from.SendAsync(to.Options.Number, text, new SendOptions { DeliveryNotification = true }, Cancel);

        Assert.Equal((SendVerdict.Accepted, 202), (result.Verdict, result.StatusCode));
        var notification = await told.Task.WaitAsync(Deadline.Answer, Cancel);
        Assert.Equal(text, to.Received[^1].Text);
        Assert.Equal(new DispositionNotification(to.Options.Number, result.NotifiedAs!, ImdnNotification.Delivery, ImdnStatus.Delivered, Fits: true), notification);
    }

    private async Task<Phone> PhoneAsync(HandsetKind kind)
    {
        var phone = new Phone(new HandsetOptions
        {
            Kind = kind, Number = $"+4940{Interlocked.Increment(ref _numbers)}", Registrar = SipUri.Parse($"sip:{local.Process.Sip}"),
            Domain = GatewayProcess.Domain, ServiceCentre = SipUri.Parse(GatewayProcess.ServiceCentre),
        }, TimeProvider.System, NullLoggerFactory.Instance);
        await phone.StartAsync(Cancel);
        await phone.WhenRegisteredAsync(Cancel);
        return phone;
    }

    private Task<RawSip> PostAsync(RawUe client, string cpim) =>
        client.MessageAsync($"sip:+4940{_numbers}@{GatewayProcess.Domain}", "message/cpim", Encoding.UTF8.GetBytes(cpim), Cancel);

    private static Task<RawSip> SendAsync(RawUe client, string number, string text, string notifications, string id = "34jk324j") =>
        client.MessageAsync($"sip:+{number}@{GatewayProcess.Domain}", "message/cpim", Encoding.UTF8.GetBytes(
            $"From: <im:{client.Number}@example.com>\r\nTo: Somebody <im:+{number}@example.com>\r\nNS: imdn <urn:ietf:params:imdn>\r\n"
            + $"imdn.Message-ID: {id}\r\nDateTime: 2026-04-04T12:16:49-05:00\r\nimdn.Disposition-Notification: {notifications}\r\n\r\n"
            + $"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"), Cancel);

    private static Task<RawSip> CpimAsync(RawUe client) =>
        client.Requests.NextAsync(request => request.Method == "MESSAGE" && request["Content-Type"] == "message/cpim", Cancel);

    private static (string[] Headers, string[] Part, string Imdn) Parts(RawSip message)
    {
        var blocks = message.Text.Split("\r\n\r\n", 3);
        return (blocks[0].Split("\r\n"), blocks[1].Split("\r\n"), blocks[2]);
    }

    private static (string MessageId, string Status, string OriginalRecipient) Read(string imdn)
    {
        XNamespace ns = "urn:ietf:params:xml:ns:imdn";
        var root = XDocument.Parse(imdn).Root!;
        Assert.Equal(ns + "imdn", root.Name);
        return (root.Element(ns + "message-id")!.Value, root.Element(ns + "delivery-notification")!.Element(ns + "status")!.Elements().Single().Name.LocalName,
            root.Element(ns + "original-recipient-uri")!.Value);
    }

    private async Task<RawUe> ClientAsync()
    {
        var client = NewUe();
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        return client;
    }

    private async Task<RawUe> HandsetAsync()
    {
        var handset = NewUe();
        await handset.RegisterAsync(Cancel);
        return handset;
    }

    private RawUe NewUe() => new($"4940{Interlocked.Increment(ref _numbers)}", local.Process.Sip);
}
