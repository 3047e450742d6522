using Xunit;

namespace Gateway.Tests.Settings;

/// <summary>What is wrong with a carrier's settings is said with the key it stands under.</summary>
public sealed class CarriersCheckTests
{
    private const string Urls = "http://0.0.0.0:5000;https://sms.example:8443";

    [Fact]
    public void Each_kind_needs_what_it_is_reached_by()
    {
        Assert.Empty(Faults(new CarrierSettings { Name = "a", BaseUrl = "https://rest.nexmo.com", ApiKey = "k", ApiSecret = "s" }));
        Assert.Empty(Faults(new CarrierSettings { Name = "a", Kind = "Kannel", BaseUrl = "http://10.0.0.1:13013", ApiKey = "k", ApiSecret = "s", CallbackUrl = "http://10.0.0.2:5000" }));
        Assert.Empty(Faults(Http(new HttpCarrierSettings { Url = "https://{key}.example/send", Body = """{"a":{"b":"{to}"},"c":"{text}"}""" })));
        Assert.StartsWith("Carriers:0:CallbackUrl: missing; a Kannel",
            Single(new CarrierSettings { Name = "a", Kind = "Kannel", BaseUrl = "http://10.0.0.1:13013", ApiKey = "k", ApiSecret = "s" }));
        Assert.StartsWith("Carriers:0:Kind: \"Smpp\" is unknown; use Nexmo, Kannel, Http",
            Single(new CarrierSettings { Name = "a", Kind = "Smpp", BaseUrl = "http://10.0.0.1", ApiKey = "k", ApiSecret = "s" }));
    }

    [Theory]
    [InlineData("http://127.0.0.1:5000/base", "http://0.0.0.0:5000")]
    [InlineData("http://localhost:5000", "http://0.0.0.0:5000")]
    [InlineData("https://SMS.example:8443/", "https://sms.example:8443")]
    public void A_carrier_that_is_ourselves_is_refused(string url, string own) =>
        Assert.StartsWith($"Carriers:0:BaseUrl: \"{url}\" is this gateway itself, which listens at {own}",
            Single(new CarrierSettings { Name = "a", BaseUrl = url, ApiKey = "k", ApiSecret = "s" }));

    [Theory]
    [InlineData("http://127.0.0.1:5001")]
    [InlineData("http://10.0.0.1:5000")]
    public void One_on_another_port_or_host_is_not(string url) => Assert.Empty(Faults(new CarrierSettings { Name = "a", BaseUrl = url, ApiKey = "k", ApiSecret = "s" }));

    [Fact]
    public void Routes_and_webhooks_are_looked_at()
    {
        var faults = Faults(new CarrierSettings
        {
            Name = "a", BaseUrl = "https://rest.nexmo.com", ApiKey = "k", ApiSecret = "s", Prefixes = ["+44"], Weight = -1, MaxMessagesPerSecond = -1, MaxConcurrent = 10_001,
            SenderRewrite = [new SenderRewriteSettings { Prefix = "x", Pattern = "(" }], CallbackUrl = "sms.example", SignatureMethod = "md6", AllowedAddresses = ["carrier.example"],
        });
        Assert.Equal(["Prefixes:0", "Weight", "MaxMessagesPerSecond", "MaxConcurrent", "SenderRewrite:0:Prefix", "SenderRewrite:0:Pattern", "SenderRewrite:0:Replacement",
            "CallbackUrl", "SignatureMethod", "AllowedAddresses:0"], Keys(faults));
    }

    [Fact]
    public void And_so_is_every_part_of_an_http_carrier()
    {
        var faults = Faults(Http(new HttpCarrierSettings
        {
            Method = "POKE", Url = "ftp://x", ContentType = "json", Body = "{receiptUrl}{sender}", Headers = new() { ["X"] = "{receiptUrl}" }, MessageId = "regex:(", Status = "regex:OK",
            Inbound = new() { ["message"] = "a" }, Receipt = new() { ["status"] = "regex:(.)" }, ReceiptStatus = new() { ["ok"] = "fine" },
        }));
        Assert.Equal(["Http:Url", "Http:Method", "Http:ContentType", "Http:Body", "Http:Headers:X", "Http:Body", "Http:Body", "Http:MessageId", "Http:Status",
            "Http:Inbound:message", "Http:Receipt:status", "Http:ReceiptStatus:ok"], Keys(faults));
    }

    private static CarrierSettings Http(HttpCarrierSettings http) => new() { Name = "a", Kind = "Http", Http = http };

    private static string Single(CarrierSettings carrier) => Assert.Single(Faults(carrier));

    private static List<string> Faults(CarrierSettings carrier) => [.. CarriersCheck.Faults([carrier], Urls)];

    private static IEnumerable<string> Keys(List<string> faults) => faults.Select(fault => fault[..fault.IndexOf(": ", StringComparison.Ordinal)]["Carriers:0:".Length..]);
}
