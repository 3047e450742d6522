using System.Net.Http.Headers;
using System.Text;
using Gateway.Webhooks;
using Xunit;
using static Gateway.Tests.Rest.Replies;

namespace Gateway.Tests.Rest;

/// <summary>Requests as clients of twelve years put them on the wire, each with its way to say who sends.</summary>
public sealed class RequestShapeTests
{
    private const string Form = "application/x-www-form-urlencoded", Basic = "bank0001:s3cret-s3cret";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Python 2 and 3", "POST", "/sms/json", Form, "from=AcmeInc&to=4940111&text=Hello+%26+co&api_key=bank0001&api_secret=s3cret-s3cret", null)]
    [InlineData("nexmo for Node", "POST", "/sms/json?from=AcmeInc&to=4940111&text=Hello%20%26%20co&api_key=bank0001&api_secret=s3cret-s3cret", Form, "", null)]
    [InlineData("by hand", "GET", "/sms/json?api_key=bank0001&api_secret=s3cret-s3cret&from=AcmeInc&to=%2B4940111&text=Hello+%26+co", null, null, null)]
    [InlineData("server-sdk 2", "POST", "/sms/json", "application/json", """{"from":"AcmeInc","to":"4940111","text":"Hello & co","api_key":"bank0001","api_secret":"s3cret-s3cret"}""", null)]
    [InlineData("server-sdk 3.0", "POST", "/sms/json", "application/json", """{"from":"AcmeInc","to":"4940111","text":"Hello & co","type":"text","api_key":"bank0001","api_secret":"s3cret-s3cret","clientRef":"r"}""", null)]
    [InlineData("server-sdk 3.30", "POST", "/sms/json", "application/json", """{"from":"AcmeInc","to":"4940111","text":"Hello & co","type":"text"}""", Basic)]
    [InlineData("PHP today", "POST", "/sms/json", "application/json", """{"to":"4940111","from":"AcmeInc","text":"Hello & co","type":"text","ttl":259200000,"status-report-req":1}""", Basic)]
    [InlineData(".NET 8", "POST", "/sms/json", Form, "from=AcmeInc&to=4940111&text=Hello+%26+co&type=text&", Basic)]
    [InlineData("Python 4", "POST", "/sms/json", Form, "to=4940111&from_=x&from=AcmeInc&text=Hello+%26+co&status-report-req=True", Basic)]
    [InlineData("Java 9", "POST", "/sms/json", "application/x-www-form-urlencoded; charset=UTF-8", "from=AcmeInc&to=4940111&type=text&text=Hello+%26+co&status-report-req=1", Basic)]
    [InlineData("Ruby 7", "POST", "/sms/json", Form, "from=AcmeInc&to=4940111&text=Hello%20%26%20co", Basic)]
    [InlineData("curl without a type", "POST", "/sms/json", null, "from=AcmeInc&to=4940111&text=Hello+%26+co&api_key=bank0001&api_secret=s3cret-s3cret", null)]
    public async Task A_request_is_taken(string client, string method, string target, string? type, string? body, string? basic)
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), target) { Content = body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        if (type is not null) request.Content!.Headers.TryAddWithoutValidation("Content-Type", type);
        if (basic is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)));
        (await ReadAsync(await gateway.Client.SendAsync(request, Cancel))).IsAccepted();
        var row = Assert.Single(await gateway.MessagesAsync());
        Assert.True(("AcmeInc", "4940111", "Hello & co", true) == (row.Originator, row.Recipient, row.Text, row.ReceiptRequested), client);
    }

    [Theory]
    [InlineData("server-sdk 2, JSON")]
    [InlineData("Python 2, form")]
    [InlineData("nexmo for Node, query")]
    [InlineData("PHP, JSON with numbers")]
    public async Task A_signed_request_is_taken(string client)
    {
        await using var gateway = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(GatewayOverHttp.Account(signatureSecret: "signature")));
        var fields = new Dictionary<string, string>
        {
            ["api_key"] = "bank0001", ["from"] = "AcmeInc", ["to"] = "4940111", ["text"] = client.StartsWith("nexmo", StringComparison.Ordinal) ? "Hello" : "a=1&b=2",
            ["timestamp"] = GatewayOverHttp.Start.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (client.StartsWith("PHP", StringComparison.Ordinal)) fields["ttl"] = "900000";
        fields["sig"] = Signature.Sign(SignatureMethod.Sha256, "signature", fields).ToLowerInvariant();
        var form = string.Join('&', fields.Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value)}"));
        var json = "{" + string.Join(',', fields.Select(field => field.Key is "ttl" or "timestamp" ? $"\"{field.Key}\":{field.Value}" : $"\"{field.Key}\":\"{field.Value}\"")) + "}";
        var messages = client.Split(", ")[1] switch
        {
            "form"  => await gateway.FormAsync(form),
            "query" => await gateway.FormAsync("", "/sms/json?" + form),
            _       => await gateway.JsonAsync(json),
        };
        messages.IsAccepted();
    }
}
