using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// A program that cannot start says in one line what is wrong, by the key that an operator has to change, and ends with another code than 0.
/// </summary>
public sealed class SettingsFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Store__Provider", "Oracle", "Store:Provider: \"Oracle\" is unknown; use Sqlite, Postgres")]
    [InlineData("Sip__Listen", "udp://127.0.0.1:5060,pigeon://x", "Sip:Listen:1: \"pigeon://x\" has the unknown scheme pigeon; use udp, tcp")]
    [InlineData("Sip__Listen", "127.0.0.1:5060", "Sip:Listen:0: \"127.0.0.1:5060\" is not a URI such as udp://127.0.0.1:5060")]
    [InlineData("Accounts__0__ApiSecret", "", "Accounts:0:ApiSecret: missing; set it (environment: Accounts__0__ApiSecret)")]
    [InlineData("Cluster__SiloPort", "many", "Cluster:SiloPort")]
    [InlineData("Sip__OutboundProxy", "scscf.example", "Sip:OutboundProxy: \"scscf.example\" is not a sip: URI")]
    [InlineData("Sip__Listen", "tls://127.0.0.1:0", "Sip:Tls:Certificate: missing, while Sip:Listen has tls://127.0.0.1:0")]
    [InlineData("Sip__Tls__Certificate", "/nowhere/gateway.pem", "Sip:Tls:Certificate: Could not find ")]
    [InlineData("Sip__Tls__TrustedCa", "/dev/null", "Sip:Tls:TrustedCa: /dev/null has no certificate")]
    public async Task A_wrong_setting_is_named(string key, string value, string line)
    {
        var (exitCode, output) = await RunAsync((key, value));

        Assert.Equal(1, exitCode);
        Assert.Contains(line, Assert.Single(Lines(output)));
    }

    [Theory]
    [InlineData("Urls")]
    [InlineData("Sip:Listen")]
    [InlineData("Cluster:SiloPort")]
    [InlineData("Cluster:GatewayPort")]
    public async Task A_taken_port_is_named(string key)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        var (exitCode, output) = await RunAsync(key switch
        {
            "Urls" => ("Urls", $"http://127.0.0.1:{port}"),
            "Sip:Listen" => ("Sip__Listen", $"tcp://127.0.0.1:{port}"),
            _ => (key.Replace(":", "__"), port),
        });

        Assert.Equal(1, exitCode);
        Assert.Matches($"^start: {key}(:0)?: .*:{port} is taken by another program", Assert.Single(Lines(output)));
    }

    [Fact]
    public async Task A_store_that_cannot_be_opened_is_named()
    {
        var (exitCode, output) = await RunAsync(("Store__ConnectionString", "Data Source=/nowhere/gateway.db"));

        Assert.Equal(1, exitCode);
        Assert.Contains("/nowhere/gateway.db", Assert.Single(Lines(output)));
    }

    private static async Task<(int ExitCode, string Output)> RunAsync((string, string?) setting)
    {
        await using var gateway = new GatewayProcess(null, setting);
        return await gateway.RunToEndAsync(Cancel);
    }

    /// <summary>Without the log of what went well before.</summary>
    private static IEnumerable<string> Lines(string output) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains(" info: ", StringComparison.Ordinal));
}
