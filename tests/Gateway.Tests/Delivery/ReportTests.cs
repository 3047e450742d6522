using System.Net;
using System.Net.Sockets;
using Gateway.Delivery;
using Gateway.Registration;
using Gateway.Sip;
using Gateway.Store;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>RP reports to handsets that sent us something.</summary>
public sealed class ReportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_the_contacts_cannot_be_read_a_report_goes_back_the_way_the_message_came()
    {
        var settings = new SipSettings();
        var missing = new StoreOptions { Provider = StoreProvider.Sqlite, ConnectionString = $"Data Source={Path.GetTempPath()}no-such-folder-{Guid.NewGuid():N}/x.db" };
        await using var store = new GatewayStore(missing, TimeProvider.System, NullLoggerFactory.Instance);
        await using var endpoint = new SipEndpoint(
            new SipEndpointOptions { Listen = [SipListenAddress.Parse("udp://127.0.0.1:0")] }, TimeProvider.System, NullLoggerFactory.Instance);
        await endpoint.StartAsync(Cancel);
        using var handset = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var flows = new Flows(endpoint);
        var contacts = new Contacts(store, null!, flows, TimeProvider.System);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => contacts.OfAsync("49171", Cancel));
        var channels = new Channels(endpoint, contacts, flows, null!, new Volte(settings, TimeProvider.System), null!, null!,
            null!, new LocalMailboxes(), new WorkUnderWay(TimeProvider.System), settings, null!);
        var from = new SipFlow(SipTransportKind.Udp, (IPEndPoint)handset.Client.LocalEndPoint!, endpoint.Bound[0].EndPoint);

        var report = channels.SendReportAsync("sip:+49171@ims.example.org", "49171", from, Pdu.RpError(7, 41), "call-1");

        var received = await handset.ReceiveAsync(Cancel).AsTask().WaitAsync(Deadline.Answer, Cancel);
        var message = RawSip.TryRead(received.Buffer)!;
        Assert.Equal("MESSAGE sip:+49171@ims.example.org SIP/2.0", message.StartLine);
        Assert.Equal(("call-1", Convert.ToHexString(Pdu.RpError(7, 41))), (message["In-Reply-To"], Convert.ToHexString(message.Body)));
        await handset.SendAsync(message.Response("200 OK", "tag"), received.RemoteEndPoint, Cancel);
        Assert.Equal(200, (await report).Response!.StatusCode);
    }
}
