using Microsoft.Extensions.Configuration;
using Xunit;

namespace Gateway.Tests.Settings;

/// <summary>Every fault stops the program with one line that begins with its key.</summary>
public sealed class SettingsCheckTests
{
    [Fact]
    public void The_shipped_settings_lack_only_the_secret_that_Production_needs() =>
        Assert.Equal(["Accounts:0:ApiSecret: missing; set it (environment: Accounts__0__ApiSecret)"], Faults([], production: true));

    [Fact]
    public void The_shipped_settings_serve_in_Development() => Assert.Empty(Faults([], production: false));

    [Fact]
    public void WebSockets_alone_are_not_enough() => Assert.Equal(
        ["Sip:Listen: has only WebSocket addresses; give at least one such as udp://127.0.0.1:5060"],
        Faults(new() { ["Sip:Listen:0"] = "ws://127.0.0.1:5060", ["Sip:Listen:1"] = "WS://127.0.0.1:5061" }, production: false));

    [Theory]
    [InlineData("Store:Provider", "Oracle", "Store:Provider: \"Oracle\" is unknown; use Sqlite, Postgres")]
    [InlineData("Store:HistoryAfterMinutes", "5", "Store:HistoryAfterMinutes: 5 is not 15 to")]
    [InlineData("Store:RetentionDays", "1", "Store:RetentionDays: 1 is not 7 to")]
    [InlineData("Cluster:Mode", "Many", "Cluster:Mode: \"Many\" is unknown; use Single, Postgres")]
    [InlineData("Cluster:Mode", "Postgres", "Cluster:Mode: \"Postgres\" needs Store:Provider Postgres")]
    [InlineData("Cluster:SiloPort", "0", "Cluster:SiloPort: 0 is not a port")]
    [InlineData("Sip:Listen:0", "upd://127.0.0.1:5060", "Sip:Listen:0: ")]
    [InlineData("Sip:Listen:1", "tcp://localhost:5060", "Sip:Listen:1: ")]
    [InlineData("Sip:Listen:0", "wss://127.0.0.1:5061", "Sip:Tls:Certificate: missing, while Sip:Listen has wss://127.0.0.1:5061")]
    [InlineData("Sip:AllowedOrigins:0", "phone.example", "Sip:AllowedOrigins:0: \"phone.example\" is not an origin such as https://phone.example")]
    [InlineData("Sip:Registrar:KeepAlive", "3601", "Sip:Registrar:KeepAlive: 3601 is not 0 (off) to 3600 seconds")]
    [InlineData("Sip:Listen:0", "tls://127.0.0.1:5061", "Sip:Tls:Certificate: missing, while Sip:Listen has tls://127.0.0.1:5061")]
    [InlineData("Sip:Tls:Certificate", "absent/gateway.pem", "Sip:Tls:Certificate: ")]
    [InlineData("Sip:Tls:Key", "absent/gateway.key", "Sip:Tls:Certificate: missing, while Key is set")]
    [InlineData("Sip:Tls:ClientCa", "absent/clients.pem", "Sip:Tls:ClientCa: ")]
    [InlineData("Sip:Tls:TrustedCa", "absent/servers.pem", "Sip:Tls:TrustedCa: ")]
    [InlineData("Sip:OutboundProxy", "scscf.example.org", "Sip:OutboundProxy: \"scscf.example.org\" is not a sip: URI")]
    [InlineData("Sip:PublicUserIdentity", "sip:user@{domain}", "Sip:PublicUserIdentity: ")]
    [InlineData("Sip:ServiceCentreAddress", "SMSC", "Sip:ServiceCentreAddress: \"SMSC\" is not an E.164 number")]
    [InlineData("Sip:TrustedPeers:0", "10.0.0.0/40", "Sip:TrustedPeers:0: ")]
    [InlineData("Sip:Watch:Expires", "5", "Sip:Watch:Expires: ")]
    [InlineData("Numbering:CountryCode", "+49", "Numbering:CountryCode: ")]
    [InlineData("Accounts:0:ApiKey", "", "Accounts:0:ApiKey: missing")]
    [InlineData("Accounts:0:SignatureMethod", "sha3", "Accounts:0:SignatureMethod: ")]
    [InlineData("Accounts:0:MinTtlMilliseconds", "999", "Accounts:0:MinTtlMilliseconds: 999 is not 1000 to 604800000")]
    [InlineData("Accounts:0:DuplicateWindowSeconds", "86401", "Accounts:0:DuplicateWindowSeconds: 86401 is not 0 to 86400")]
    [InlineData("Accounts:0:Lane", "Fast", "Accounts:0:Lane: \"Fast\" is unknown; use Otp, Normal, Bulk")]
    [InlineData("Accounts:0:WebhookFormat", "Xml", "Accounts:0:WebhookFormat: ")]
    [InlineData("Accounts:0:InboundUrl", "ftp://x", "Accounts:0:InboundUrl: ")]
    [InlineData("Accounts:0:Numbers:0", "abc", "Accounts:0:Numbers:0: ")]
    [InlineData("Accounts:0:NumberUrls:4940", "shop", "Accounts:0:NumberUrls:4940: \"shop\" is not an http or https URL")]
    [InlineData("Accounts:0:ApplicationId", "shop", "Accounts:0:ApplicationId: \"shop\" is not a UUID")]
    [InlineData("Accounts:0:PublicKey", "shop", "Accounts:0:PublicKey: is not the PEM of an RSA key of 2048 bits or more")]
    [InlineData("Accounts:0:ApplicationId", "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab", "Accounts:0:PublicKey: missing; an application has both an id and a key")]
    [InlineData("Accounts:0:Prices:+44", "1", "Accounts:0:Prices:+44: \"+44\" is not a string of up to 15 digits without plus")]
    [InlineData("Accounts:0:Prices:", "-1", "Accounts:0:Prices:: -1 is not 0 to 10000 with up to 8 places")]
    [InlineData("Accounts:0:Prices:44", "0.000000001", "Accounts:0:Prices:44: 0.000000001 is not 0 to 10000")]
    [InlineData("Accounts:0:Balance", "-1", "Accounts:0:Balance: -1 is not 0 to 1000000000")]
    [InlineData("Store:MaxPendingWrites", "0", "Store:MaxPendingWrites: 0 is not 1 to 1000000")]
    [InlineData("Delivery:Devices", "Both", "Delivery:Devices: \"Both\" is unknown; use Preferred, AllVolte, AllOtt, All")]
    [InlineData("Delivery:SendSlots", "3", "Delivery:SendSlots: 3 is not 4 to 100000")]
    [InlineData("Delivery:DrainSeconds", "601", "Delivery:DrainSeconds: 601 is not 0 to 600")]
    [InlineData("Delivery:RetrySeconds:0", "0", "Delivery:RetrySeconds: 0 is not 1 to 86400")]
    [InlineData("Delivery:Retry:Absent:1", "86401", "Delivery:Retry:Absent: 86401 is not 1 to 86400")]
    [InlineData("Delivery:Retry:NoReport:0", "0", "Delivery:Retry:NoReport: 0 is not 1 to 86400")]
    [InlineData("Delivery:Retry:Network:0", "0", "Delivery:Retry:Network: 0 is not 1 to 86400")]
    [InlineData("Delivery:Retry:Memory:0", "0", "Delivery:Retry:Memory: 0 is not 1 to 86400")]
    [InlineData("Sms:UnencodableText", "Drop", "Sms:UnencodableText: ")]
    public void A_fault_names_its_key(string key, string value, string line) =>
        Assert.Contains(Faults(new() { [key] = value }, production: false), fault => fault.StartsWith(line, StringComparison.Ordinal));

    [Fact]
    public void A_carrier_needs_its_name_kind_url_and_keys()
    {
        var faults = Faults(new() { ["Carriers:0:Kind"] = "Smpp", ["Carriers:0:BaseUrl"] = "rest.nexmo.com" }, production: false);
        Assert.Equal(["Name", "Kind", "BaseUrl", "ApiKey", "ApiSecret"], faults.Select(fault => fault.Split(':')[2]));
    }

    [Fact]
    public void A_number_belongs_to_one_user_and_to_one_account()
    {
        var faults = Faults(new()
        {
            ["Sip:Registrar:Users:0:Number"] = "494010", ["Sip:Registrar:Users:0:Password"] = "p",
            ["Sip:Registrar:Users:1:Number"] = "+494010", ["Sip:Registrar:Users:1:Password"] = "p",
            ["Sip:Registrar:Users:2:Number"] = "494011", ["Sip:Registrar:Users:2:Password"] = "p", ["Sip:Registrar:Users:2:Username"] = "494010",
            ["Accounts:1:ApiKey"] = "other", ["Accounts:1:Numbers:0"] = "+4940999",
        }, production: false);
        Assert.Equal(["Sip:Registrar:Users:1:Number: \"+494010\" is there twice", "Sip:Registrar:Users:2:Username: \"494010\" is there twice",
            "Accounts:1:Numbers:0: \"+4940999\" is there twice"], faults);
    }

    private static List<string> Faults(Dictionary<string, string?> changes, bool production)
    {
        var settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"))
            .AddInMemoryCollection(changes).Build().Get<GatewaySettings>()!;
        return [.. SettingsCheck.Faults(settings, production)];
    }
}
