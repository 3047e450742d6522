using System.Net;
using System.Text;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>Several contacts behind a network: the identity is addressed, once for each class of contacts.</summary>
public sealed class NetworkDeviceTests
{
    private const string Number = "4940100001", Identity = $"sip:+{Number}@{GatewayProcess.Domain}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Preferred")]
    [InlineData("All")]
    public async Task The_identity_is_asked_once_for_all_its_3GPP_contacts_and_then_once_for_its_text_clients(string devices)
    {
        var sipPort = FreePort.Next();
        await using var webhooks = await WebhookReceiver.StartAsync(Cancel);
        // The network and all handsets behind it are one socket.
        await using var network = new RawUe(Number, new(IPAddress.Loopback, sipPort));
        network.Answer = request => request.Method == "SUBSCRIBE" ? $"200 OK\r\nExpires: 600\r\nContact: <{network.Contact}>"
            : request.Is3gppSms ? "480 Temporarily Unavailable" : "200 OK";
        await using var gateway = await GatewayProcess.StartAsync(Cancel, sipPort, ("Sip__OutboundProxy", network.Contact.Replace($"+{Number}@", "") + ";lr"),
            ("Delivery__Devices", devices), ("Delivery__RetrySeconds", "3600"), ("Accounts__0__DeliveryReceiptUrl", webhooks.ReceiptUrl));
        await network.RequestAsync("REGISTER", $"sip:{gateway.Sip}", Cancel, to: Identity, from: "sip:scscf.ims.lab",
            headers: ["Event: registration", "Expires: 600", $"Contact: <{network.Contact}>"]);
        var subscribe = await network.Requests.NextAsync(request => request.Method == "SUBSCRIBE", Cancel);
        await network.NotifyAsync(subscribe, Encoding.UTF8.GetBytes(Reginfo), Cancel);

        foreach (var text in (string[])["first", "second"])
        {
            var id = await gateway.SendSmsAsync(Number, text, Cancel);
            Assert.Equal("delivered", (await webhooks.ReceiptAsync(id, Cancel))["status"]);
        }

        var messages = network.Requests.Snapshot().Where(request => request.IsMessage).ToList();
        Assert.All(messages, message => Assert.Equal(Identity, message.RequestUri));
        // The second one knows that the identity's handsets are away.
        Assert.Equal(["3gpp", "first", "second"], messages.Select(message => message.Is3gppSms ? "3gpp" : message.Text));
        Assert.Empty(webhooks.Received.Snapshot());
    }

    private static string Reginfo =>
        $"""
        <?xml version="1.0"?>
        <reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full">
          <registration aor="{Identity}" id="a1" state="active">
            {ContactOf("c1", "<unknown-param name=\"+g.3gpp.smsip\"></unknown-param>")}
            {ContactOf("c2", "<unknown-param name=\"+g.3gpp.smsip\"></unknown-param>")}
            {ContactOf("c3", "")}
            {ContactOf("c4", "")}
          </registration>
        </reginfo>
        """;

    private static string ContactOf(string id, string parameters) =>
        $"""<contact id="{id}" state="active" event="registered" expires="600"><uri>sip:{id}@127.0.0.1:5062</uri>{parameters}</contact>""";
}
