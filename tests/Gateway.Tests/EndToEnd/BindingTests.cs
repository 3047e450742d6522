using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>What the registrar binds, and for how long (RFC 3261 §10.3, RFC 5626 §6).</summary>
public sealed class BindingTests(BindingTests.Gateway gateway) : IClassFixture<BindingTests.Gateway>
{
    private const string Instance = ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";
    private static int _numbers = 700_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, ";reg-id=1", "path, outbound", "outbound")]
    [InlineData(true, ";reg-id=1", "path", null)]         // it could not understand the Require
    [InlineData(true, "", "path, outbound", null)]
    [InlineData(false, ";reg-id=1", "path, outbound", null)]   // over UDP there is no keep-alive that RFC 5626 would have
    public async Task Outbound_is_used_on_a_connection_by_a_client_that_asks(bool tcp, string regId, string supported, string? required)
    {
        await using var ue = NewUe(tcp);
        var response = await RegisterAsync(ue, 1, $"<{ue.Contact}>{Instance}{regId}", headers: [$"Supported: {supported}"]);

        Assert.Equal((200, required, required is null ? null : "120"), (response.Status, response["Require"], response["Flow-Timer"]));
        Assert.Equal("path, outbound", response["Supported"]);
    }

    [Fact]
    public async Task A_client_whose_first_hop_knows_no_flows_is_told_439()
    {
        await using var ue = NewUe(tcp: true);
        string[] proxied = ["Supported: path, outbound", "Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKbehind"];
        var contact = $"<{ue.Contact}>{Instance};reg-id=1";

        Assert.Equal(439, (await RegisterAsync(ue, 1, contact, headers: proxied)).Status);
        Assert.Equal(439, (await RegisterAsync(ue, 2, contact, headers: [.. proxied, "Path: <sip:192.0.2.8;lr>"])).Status);
        var response = await RegisterAsync(ue, 3, contact, headers: [.. proxied, "Path: <sip:192.0.2.8;lr;ob>"]);
        Assert.Equal((200, "outbound", null), (response.Status, response["Require"], response["Flow-Timer"]));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task A_new_contact_of_the_same_flow_takes_the_place_of_the_old(bool sameRegId, int bindings)
    {
        await using var ue = NewUe(tcp: true);
        await RegisterAsync(ue, 1, $"<sip:old@{Guid.NewGuid():N}.invalid>{Instance};reg-id=1");
        var response = await RegisterAsync(ue, 2, $"<sip:new@{Guid.NewGuid():N}.invalid>{Instance};reg-id={(sameRegId ? 1 : 2)}");

        Assert.Equal(bindings, response.All("Contact").Count());
    }

    [Fact]
    public async Task The_same_contact_may_be_bound_over_two_flows()
    {
        await using var ue = NewUe(tcp: true);
        await RegisterAsync(ue, 1, $"<{ue.Contact}>{Instance};reg-id=1");
        var response = await RegisterAsync(ue, 2, $"<{ue.Contact}>{Instance};reg-id=2");

        Assert.Equal(2, response.All("Contact").Count());
    }

    [Fact]
    public async Task All_contacts_are_removed_by_a_later_request_alone()
    {
        await using var ue = NewUe(tcp: false);
        await RegisterAsync(ue, 5, $"<{ue.Contact}>");

        Assert.Equal(500, (await RegisterAsync(ue, 5, "*", ["Expires: 0"])).Status);
        Assert.Equal(500, (await RegisterAsync(ue, 4, "*", ["Expires: 0"])).Status);
        Assert.Single((await RegisterAsync(ue, 6, null)).All("Contact"));
        Assert.Equal(200, (await RegisterAsync(ue, 7, "*", ["Expires: 0"])).Status);
        Assert.Empty((await RegisterAsync(ue, 8, null)).All("Contact"));
    }

    [Fact]
    public async Task A_tcp_client_behind_nat_is_gone_with_its_connection_and_another_is_not()
    {
        await using var asker = NewUe(tcp: false);
        await using var reachable = new RawUe(asker.Number, gateway.Process.Sip, tcp: true);
        await using (var hidden = new RawUe(asker.Number, gateway.Process.Sip, tcp: true))
        {
            await RegisterAsync(reachable, 1, $"<{reachable.Contact}>");
            var response = await RegisterAsync(hidden, 1, "<sip:hidden@192.168.1.2:5060;transport=tcp>;q=0.5", callId: "hidden");
            Assert.Equal(2, response.All("Contact").Count());
        }

        var cseq = 0;
        await Deadline.UntilAsync(
            async () => (await RegisterAsync(asker, ++cseq, null, callId: "asking")).All("Contact").Count() == 1, () => "the hidden contact is gone", Cancel);
        Assert.Contains(reachable.Contact, (await RegisterAsync(asker, ++cseq, null, callId: "asking"))["Contact"]);
    }

    [Fact]
    public async Task A_udp_client_behind_nat_is_kept_alive_and_reached_at_the_address_it_came_from()
    {
        await using var hidden = NewUe(tcp: false);
        await using var plain = NewUe(tcp: false);
        await RegisterAsync(plain, 1, $"<{plain.Contact}>");
        await RegisterAsync(hidden, 1, "<sip:hidden@192.168.1.2:5060>");

        var first = await hidden.Requests.NextAsync(request => request.Method == "OPTIONS", Cancel);
        Assert.Equal("sip:hidden@192.168.1.2:5060", first.RequestUri);
        await hidden.Requests.NextAsync(request => request.Method == "OPTIONS", Cancel);
        Assert.DoesNotContain(plain.Requests.Snapshot(), request => request.Method == "OPTIONS");
        await gateway.Process.SendSmsAsync(hidden.Number, "through the nat", Cancel);
        Assert.Equal("through the nat", (await hidden.TextAsync(Cancel)).Text);
    }

    private static Task<RawSip> RegisterAsync(RawUe ue, int cseq, string? contact, string[]? headers = null, string? callId = null) =>
        ue.RequestAsync("REGISTER", $"sip:{GatewayProcess.Domain}", Cancel, to: ue.Identity, callId: callId ?? ue.Number, cseq: cseq,
            headers: [.. contact is null ? Array.Empty<string>() : [$"Contact: {contact}"], .. headers ?? []]);

    private RawUe NewUe(bool tcp) => new($"4940{Interlocked.Increment(ref _numbers)}", gateway.Process.Sip, tcp);

    /// <summary>A gateway that keeps its clients alive every second.</summary>
    public sealed class Gateway : IAsyncLifetime
    {
        private GatewayProcess? _process;

        internal GatewayProcess Process => _process!;

        public async ValueTask InitializeAsync() =>
            _process = await GatewayProcess.StartAsync(TestContext.Current.CancellationToken, null, ("Sip__Registrar__KeepAlive", "1"));

        public async ValueTask DisposeAsync()
        {
            if (_process is not null) await _process.DisposeAsync();
        }
    }
}
