using System.Net;
using DnsClient;
using Gateway.Sip.Transports;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//   URI  ── numeric host ───────────────────────────────────────► address
//        ── port ───────────────────────────────────► A/AAAA ───► addresses
//        ── transport= ──────────────────► SRV ─────► A/AAAA ───► servers by priority and weight
//        ── neither ──────────► NAPTR ───► SRV ─────► A/AAAA         (RFC 3263 §4)
public sealed class ServerLocatorTests : IDisposable
{
    private readonly DnsPeer _dns = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _dns.Dispose();

    private ServerLocator Locator(bool ipv6 = false, params SipTransportKind[] usable) => new(
        new LookupClient(new LookupClientOptions(_dns.Address) { UseCache = false, ThrowDnsErrors = false, Timeout = Wait.Deadline }),
        usable.Length > 0 ? usable.ToHashSet() : [SipTransportKind.Udp, SipTransportKind.Tcp],
        ipv6, _time, NullLogger.Instance);

    private static async Task<List<string>> LocateAsync(
        ServerLocator locator, string host, int? port = null, SipTransportKind? transport = null, bool secure = false) =>
        [.. (await locator.LocateAsync(host, port, transport, secure, TestContext.Current.CancellationToken))
            .Select(s => $"{s.Kind} {s.EndPoint}")];

    [Theory]
    [InlineData("192.0.2.1", null, null, "Udp 192.0.2.1:5060")]
    [InlineData("192.0.2.1", 5080, null, "Udp 192.0.2.1:5080")]
    [InlineData("192.0.2.1", null, SipTransportKind.Tcp, "Tcp 192.0.2.1:5060")]
    [InlineData("2001:db8::1", 5080, null, "Udp [2001:db8::1]:5080")]
    public async Task A_numeric_host_is_the_address(string host, int? port, SipTransportKind? transport, string expected)
    {
        Assert.Equal([expected], await LocateAsync(Locator(), host, port, transport));
        Assert.Empty(_dns.Asked);
    }

    [Fact]
    public async Task A_port_makes_it_an_address_look_up()
    {
        _dns.AddA("scscf.example.org", "192.0.2.1").AddA("scscf.example.org", "192.0.2.2");

        Assert.Equal(["Udp 192.0.2.1:5080", "Udp 192.0.2.2:5080"], (await LocateAsync(Locator(), "scscf.example.org", 5080)).Order());
        Assert.Equal(["A scscf.example.org"], _dns.Asked);
    }

    [Fact]
    public async Task Naptr_chooses_the_transport_and_srv_the_port()
    {
        _dns.AddNaptr("example.org", 20, 10, "SIP+D2U", "_sip._udp.example.org")
            .AddNaptr("example.org", 10, 10, "SIP+D2T", "_sip._tcp.example.org")
            .AddNaptr("example.org", 5, 10, "SIPS+D2T", "_sips._tcp.example.org")   // not usable here
            .AddNaptr("example.org", 1, 10, "E2U+sip", "enum.example.org")
            .AddSrv("_sip._tcp.example.org", 0, 0, 5070, "a.example.org")
            .AddSrv("_sip._udp.example.org", 0, 0, 5071, "b.example.org")
            .AddA("a.example.org", "192.0.2.1").AddA("b.example.org", "192.0.2.2");

        Assert.Equal(["Tcp 192.0.2.1:5070", "Udp 192.0.2.2:5071"], await LocateAsync(Locator(), "example.org"));
    }

    [Fact]
    public async Task Without_naptr_the_srv_of_each_usable_transport_is_asked_for()
    {
        _dns.AddSrv("_sip._tcp.example.org", 0, 0, 5070, "a.example.org").AddA("a.example.org", "192.0.2.1");

        Assert.Equal(["Tcp 192.0.2.1:5070"], await LocateAsync(Locator(), "example.org"));
        Assert.Equal(["NAPTR example.org", "SRV _sip._udp.example.org", "SRV _sip._tcp.example.org", "A a.example.org"], _dns.Asked);
    }

    [Fact]
    public async Task A_transport_in_the_uri_leaves_out_naptr()
    {
        _dns.AddSrv("_sip._tcp.example.org", 0, 0, 5070, "a.example.org").AddA("a.example.org", "192.0.2.1");

        Assert.Equal(["Tcp 192.0.2.1:5070"], await LocateAsync(Locator(), "example.org", transport: SipTransportKind.Tcp));
        Assert.DoesNotContain(_dns.Asked, q => q.StartsWith("NAPTR", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_with_an_address_alone_is_reached_at_the_default_port()
    {
        _dns.AddA("host.example.org", "192.0.2.9");

        Assert.Equal(["Udp 192.0.2.9:5060"], await LocateAsync(Locator(), "host.example.org"));
        Assert.Equal(["Tcp 192.0.2.9:5060"], await LocateAsync(Locator(), "host.example.org", transport: SipTransportKind.Tcp));
    }

    [Fact]
    public async Task Lower_priority_numbers_come_first_and_weights_share_the_load()
    {
        _dns.AddSrv("_sip._udp.example.org", 20, 0, 5060, "backup.example.org")
            .AddSrv("_sip._udp.example.org", 10, 90, 5060, "big.example.org")
            .AddSrv("_sip._udp.example.org", 10, 10, 5060, "small.example.org")
            .AddA("backup.example.org", "192.0.2.3").AddA("big.example.org", "192.0.2.1").AddA("small.example.org", "192.0.2.2");
        var locator = Locator(false, SipTransportKind.Udp);

        var first = new Dictionary<string, int>();
        for (var i = 0; i < 2_000; i++)
        {
            var order = await LocateAsync(locator, "example.org");
            Assert.Equal(3, order.Count);
            Assert.Equal("Udp 192.0.2.3:5060", order[2]);
            first[order[0]] = first.GetValueOrDefault(order[0]) + 1;
        }

        Assert.InRange(first["Udp 192.0.2.1:5060"], 1_650, 1_950);   // nine of ten, and far off what chance would do to that
        Assert.InRange(first["Udp 192.0.2.2:5060"], 50, 350);
    }

    [Fact]
    public async Task A_target_of_a_dot_says_that_there_is_no_such_service()
    {
        _dns.AddSrv("_sip._udp.example.org", 0, 0, 0, ".")
            .AddSrv("_sip._tcp.example.org", 0, 0, 5070, "a.example.org").AddA("a.example.org", "192.0.2.1");

        Assert.Equal(["Tcp 192.0.2.1:5070"], await LocateAsync(Locator(), "example.org"));
    }

    [Fact]
    public async Task What_was_found_is_kept_for_its_time_to_live()
    {
        _dns.AddSrv("_sip._udp.example.org", 0, 0, 5060, "a.example.org", ttl: 600).AddA("a.example.org", "192.0.2.1", ttl: 60);
        var locator = Locator();
        await LocateAsync(locator, "example.org");
        var asked = _dns.Asked.Count;

        _time.Advance(TimeSpan.FromSeconds(59));
        await LocateAsync(locator, "Example.org.");
        Assert.Equal(asked, _dns.Asked.Count);
        _time.Advance(TimeSpan.FromSeconds(2));
        await LocateAsync(locator, "example.org");
        Assert.Equal(2 * asked, _dns.Asked.Count);
    }

    [Fact]
    public async Task Many_who_ask_at_once_make_one_search()
    {
        _dns.AddA("host.example.org", "192.0.2.9");
        var locator = Locator();

        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => LocateAsync(locator, "host.example.org", 5060))));

        Assert.Equal(["A host.example.org"], _dns.Asked);
    }

    [Fact]
    public async Task A_name_that_leads_nowhere_is_not_asked_for_each_time()
    {
        var locator = Locator();
        Assert.Empty(await LocateAsync(locator, "nowhere.invalid", 5060));
        Assert.Empty(await LocateAsync(locator, "nowhere.invalid", 5060));
        Assert.Single(_dns.Asked);
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Empty(await LocateAsync(locator, "nowhere.invalid", 5060));
        Assert.Equal(2, _dns.Asked.Count);
    }

    [Fact]
    public async Task The_hosts_of_this_machine_are_known_without_a_name_server()
    {
        Assert.Equal(["Udp 127.0.0.1:5060"], await LocateAsync(Locator(), "localhost", 5060));
    }

    [Fact]
    public async Task IPv6_addresses_are_asked_for_where_they_can_be_used()
    {
        _dns.AddA("host.example.org", "192.0.2.9").AddAaaa("host.example.org", "2001:db8::9");

        Assert.Equal(["Udp 192.0.2.9:5060"], await LocateAsync(Locator(), "host.example.org", 5060));
        Assert.Equal(["Udp [2001:db8::9]:5060", "Udp 192.0.2.9:5060"], await LocateAsync(Locator(ipv6: true), "host.example.org", 5060));
    }

    [Fact]
    public async Task A_sips_uri_leads_to_tls_only()
    {
        _dns.AddNaptr("example.org", 10, 10, "SIP+D2U", "_sip._udp.example.org")
            .AddNaptr("example.org", 20, 10, "SIPS+D2T", "_sips._tcp.example.org")
            .AddSrv("_sips._tcp.example.org", 0, 0, 5061, "a.example.org").AddA("a.example.org", "192.0.2.1");

        var withTls = Locator(false, SipTransportKind.Udp, SipTransportKind.Tls);
        Assert.Equal(["Tls 192.0.2.1:5061"], await LocateAsync(withTls, "example.org", secure: true));
        Assert.Empty(await LocateAsync(Locator(), "example.org", secure: true));
        Assert.Empty(await LocateAsync(Locator(), "192.0.2.1", secure: true));
    }

    [Fact]
    public async Task What_is_no_domain_name_leads_nowhere() => Assert.Empty(await LocateAsync(Locator(), new string('x', 300), 5060));
}
