using System.Net;
using System.Text;
using Gateway.Handset;
using Gateway.Sip;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Handsets;

public sealed class HandsetEndpointTests : HandsetFixture
{
    [Fact]
    public async Task Handsets_on_one_endpoint_get_their_own_messages()
    {
        await using var endpoint = await HandsetEndpoint.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), new SipTimers(), TimeProvider.System, NullLoggerFactory.Instance, Cancellation);
        var (first, firstRegister) = await RegisteredAsync(Options(HandsetKind.Ott), endpoint);
        var (second, secondRegister) = await RegisteredAsync(Options(HandsetKind.Ott) with { Number = "4940111333" }, endpoint);

        Peer.Message(firstRegister, "text/plain", "for the first"u8.ToArray());
        Assert.Equal("for the first", (await TextAsync()).Text);
        Peer.Message(secondRegister, "text/plain", "for the second"u8.ToArray());
        Assert.Equal("for the second", (await TextAsync()).Text);

        Assert.Equal(firstRegister.From, secondRegister.From);
        Assert.Equal(("for the first", "for the second"), (Assert.Single(first.Received).Text, Assert.Single(second.Received).Text));
    }

    [Fact]
    public async Task A_request_for_nobody_here_is_answered_404_also_after_a_handset_has_gone()
    {
        await using var endpoint = await HandsetEndpoint.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), new SipTimers(), TimeProvider.System, NullLoggerFactory.Instance, Cancellation);
        var (phone, register) = await RegisteredAsync(Options(HandsetKind.Ott), endpoint);
        await phone.DisposeAsync();
        Peer.Message(register, "text/plain", Encoding.UTF8.GetBytes("x"));

        await Peer.ExpectAsync("SIP/2.0 404");
        var (again, _) = await RegisteredAsync(Options(HandsetKind.Ott), endpoint);
        Assert.Equal(phone.Contact, again.Contact);
    }

    [Fact]
    public async Task Two_of_one_number_cannot_share_an_endpoint()
    {
        await using var endpoint = await HandsetEndpoint.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), new SipTimers(), TimeProvider.System, NullLoggerFactory.Instance, Cancellation);
        await RegisteredAsync(Options(), endpoint);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Make(Options(HandsetKind.Ott), endpoint).StartAsync(Cancellation));
    }
}
