using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Rest;
using Gateway.Webhooks;
using Xunit;
using static Gateway.Tests.Rest.Replies;

namespace Gateway.Tests.Rest;

/// <summary>All forms in which clients say who they are, signatures with their window and replays included.</summary>
public sealed class AuthenticationTests
{
    private const string Secret = "my_signature_secret";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bank0001:s3cret-s3cret", "from=A&to=4940111&text=x", 0, "")]
    [InlineData("bank0001:s3cret-s3cret", "api_key=bank0001&from=A&to=4940111&text=x", 0, "")]
    [InlineData("bank0001:wrong", "from=A&to=4940111&text=x", 4, "Bad Credentials")]
    [InlineData("nobody:s3cret-s3cret", "from=A&to=4940111&text=x", 4, "Bad Credentials")]
    [InlineData("bank0001", "from=A&to=4940111&text=x", 4, "Bad Credentials")]
    [InlineData("bank0001:wrong", Whole, 0, "")] // parameters come before the header
    public async Task Basic_stands_in_for_key_and_secret(string pair, string form, int status, string text)
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        gateway.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        var message = Assert.Single(await gateway.FormAsync(form));
        Assert.Equal((status.ToString(CultureInfo.InvariantCulture), text), (message["status"], message.GetValueOrDefault("error-text", "")));
    }

    [Theory]
    [InlineData("Basic", "%%%", 4, "Bad Credentials")]
    [InlineData("Basic", "", 2, "Missing api_key")]
    [InlineData("Bearer", "abc", 2, "Missing api_key")]
    public async Task Another_authorization_header_is_no_credential(string scheme, string parameter, int status, string text)
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        gateway.Client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"{scheme} {parameter}");
        (await gateway.FormAsync("from=A&to=4940111&text=x")).IsRefused(status, text);
    }

    [Theory]
    [InlineData("md5hash")]
    [InlineData("md5")]
    [InlineData("sha1")]
    [InlineData("sha256")]
    [InlineData("sha512")]
    public async Task A_signature_of_the_accounts_method_is_taken_from_form_query_and_json(string method)
    {
        await using var gateway = await StartAsync(method);
        (await gateway.FormAsync(Form(Signed(method, "in a form & = ä")))).IsAccepted();
        (await gateway.GetAsync(Form(Signed(method, "in a query")))).IsAccepted();
        var json = Signed(method, "in JSON");
        var text = string.Join(",", json.Select(f => long.TryParse(f.Value, out _) ? $"\"{f.Key}\":{f.Value}" : $"\"{f.Key}\":\"{f.Value}\""));
        (await gateway.JsonAsync($"{{{text}}}")).IsAccepted();
    }

    [Fact]
    public async Task A_signature_that_does_not_fit_is_refused()
    {
        await using var gateway = await StartAsync("sha256");
        (await gateway.FormAsync(Form(Signed("sha512", "x")))).IsRefused(14, "Invalid Signature");
        (await gateway.FormAsync(Form(Signed("sha256", "x", secret: "another")))).IsRefused(14, "Invalid Signature");
        (await gateway.FormAsync(Form(Signed("sha256", "x")) + "&ttl=60000")).IsRefused(14, "Invalid Signature");
        (await gateway.FormAsync(Form(Signed("sha256", "x")) + "&api_secret=s3cret-s3cret")).IsRefused(32, "sig and api_secret are not allowed together");
        (await gateway.FormAsync(Form(Signed("sha256", "x", key: "nobody")))).IsRefused(4, "Bad Credentials");
        (await gateway.FormAsync("sig=00&from=A")).IsRefused(2, "Missing api_key");
        (await gateway.FormAsync("sig=00&api_key=bank0001")).IsRefused(2, "Missing timestamp param");
        Assert.Empty(await gateway.MessagesAsync());
    }

    [Fact]
    public async Task An_account_without_a_signature_secret_cannot_sign()
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        (await gateway.FormAsync(Form(Signed("sha256", "x", secret: "")))).IsRefused(14, "Invalid Signature");
    }

    [Theory]
    [InlineData(-300, true)]
    [InlineData(300, true)]
    [InlineData(-301, false)]
    [InlineData(301, false)]
    public async Task A_timestamp_is_good_for_five_minutes_either_way(int seconds, bool good)
    {
        await using var gateway = await StartAsync("sha256");
        var reply = await gateway.FormAsync(Form(Signed("sha256", "x", at: GatewayOverHttp.Start.AddSeconds(seconds).ToUnixTimeSeconds().ToString())));
        if (good)
            reply.IsAccepted();
        else
            reply.IsRefused(14, "Invalid Signature - timestamp is not within 5 minutes");
    }

    [Theory]
    [InlineData("now")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    [InlineData("9223372036854775807")]
    public async Task A_timestamp_that_is_none_is_refused(string timestamp)
    {
        await using var gateway = await StartAsync("sha256");
        (await gateway.FormAsync(Form(Signed("sha256", "x", at: timestamp)))).IsRefused(14, "Invalid Signature - timestamp is not within 5 minutes");
    }

    [Fact]
    public async Task A_signed_request_comes_again_only_under_its_own_idempotency_key()
    {
        await using var gateway = await StartAsync("sha256");
        var request = Form(Signed("sha256", "pay 100"));
        gateway.Client.DefaultRequestHeaders.Add("Idempotency-Key", "payment-1");
        var first = await gateway.FormAsync(request);
        first.IsAccepted();
        Assert.Equal(first, await gateway.FormAsync(request));

        gateway.Client.DefaultRequestHeaders.Remove("Idempotency-Key");
        (await gateway.FormAsync(request)).IsRefused(14, "Invalid Signature - sig was used before");
        gateway.Client.DefaultRequestHeaders.Add("Idempotency-Key", "payment-2");
        (await gateway.FormAsync(request)).IsRefused(14, "Invalid Signature - sig was used before");
    }

    [Fact]
    public async Task A_signed_request_is_taken_once()
    {
        await using var gateway = await StartAsync("sha256");
        var request = Form(Signed("sha256", "pay 100"));
        (await gateway.FormAsync(request)).IsAccepted();
        (await gateway.FormAsync(request)).IsRefused(14, "Invalid Signature - sig was used before");
        (await gateway.GetAsync(request.Replace("sig=", "SIG=", StringComparison.Ordinal))).IsRefused(2, "Missing api_secret");
        Assert.Single(await gateway.MessagesAsync());
    }

    [Fact]
    public async Task A_signed_request_that_was_not_taken_may_come_again()
    {
        await using var gateway = await StartAsync("sha256", rate: 1);
        (await gateway.FormAsync(Form(Signed("sha256", "first")))).IsAccepted();
        var request = Form(Signed("sha256", "second"));
        (await gateway.FormAsync(request)).IsRefused(1, "Throughput Rate Exceeded - please wait [ 1000 ] and retry");
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        (await gateway.FormAsync(request)).IsAccepted();
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        var unroutable = Form(Signed("sha256", "third", to: "4799999999"));
        (await gateway.FormAsync(unroutable)).IsRefused(6, "Unroutable message - rejected");
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        (await gateway.FormAsync(unroutable)).IsRefused(6, "Unroutable message - rejected");
    }

    private static Task<GatewayOverHttp> StartAsync(string method, int rate = 1000) =>
        GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(GatewayOverHttp.Account(rate, Secret, method)));

    private static Dictionary<string, string> Signed(
        string methodName, string text, string secret = Secret, string key = "bank0001", string? at = null, string to = "4940111")
    {
        var fields = new Dictionary<string, string>
        {
            ["api_key"] = key, ["from"] = "AcmeInc", ["to"] = to, ["text"] = text,
            ["timestamp"] = at ?? GatewayOverHttp.Start.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        };
        Assert.True(Signature.TryParseMethod(methodName, out var method));
        fields["sig"] = Signature.Sign(method, secret, fields);
        return fields;
    }

    private static string Form(Dictionary<string, string> fields) =>
        string.Join('&', fields.Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value)}"));
}
