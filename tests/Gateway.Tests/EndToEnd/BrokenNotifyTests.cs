using System.Text;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>A network whose NOTIFYs cannot be read: they are answered, what was known stays, and the next one that can be read counts.</summary>
public sealed class BrokenNotifyTests
{
    private static readonly string[] Broken =
    [
        "<reginfo", "\0\0", "{}",
        "<?xml version=\"1.0\"?><reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"0\" state=\"full\"><registration",
    ];

    private const string Number = "4940100001", Identity = $"sip:+{Number}@{GatewayProcess.Domain}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Broken_xml_harms_nothing()
    {
        var sipPort = FreePort.Next();
        // The network and the handset behind it are one socket here: MESSAGEs to the identity come to the S-CSCF.
        await using var network = new RawUe(Number, new(System.Net.IPAddress.Loopback, sipPort));
        network.Answer = request => request.Method == "SUBSCRIBE" ? $"200 OK\r\nExpires: 600\r\nContact: <{network.Contact}>" : "200 OK";
        var proxy = network.Contact.Replace($"+{Number}@", "") + ";lr";
        await using var gateway = await GatewayProcess.StartAsync(Cancel, sipPort, ("Sip__OutboundProxy", proxy));

        var registered = await network.RequestAsync("REGISTER", $"sip:{gateway.Sip}", Cancel, to: Identity, from: "sip:scscf.ims.lab",
            headers: ["Event: registration", "Expires: 600", $"Contact: <{network.Contact}>"]);
        Assert.Equal(200, registered.Status);
        var subscribe = await network.Requests.NextAsync(request => request.Method == "SUBSCRIBE", Cancel);

        foreach (var broken in Broken) Assert.Equal(200, (await NotifyAsync(broken)).Status);
        Assert.Equal(481, (await NotifyAsync(Reginfo, otherDialog: true)).Status);
        await gateway.SendSmsAsync(Number, "after all that", Cancel);
        Assert.Equal(200, (await NotifyAsync(Reginfo)).Status);

        Assert.Equal("after all that", (await network.SmsAsync(Cancel)).Tpdu.Text);

        Task<RawSip> NotifyAsync(string body, bool otherDialog = false) =>
            network.NotifyAsync(subscribe, Encoding.UTF8.GetBytes(body), Cancel, otherDialog);
    }

    private static string Reginfo =>
        $"""
        <?xml version="1.0"?>
        <reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="9" state="full">
          <registration aor="{Identity}" id="a1" state="active">
            <contact id="c1" state="active" event="registered" expires="600">
              <uri>sip:+{Number}@127.0.0.1:5062</uri>
              <unknown-param name="+g.3gpp.smsip"></unknown-param>
            </contact>
          </registration>
        </reginfo>
        """;
}
