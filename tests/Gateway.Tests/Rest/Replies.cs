using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gateway.Tests.Rest;

/// <summary>Ways to post to the SMS API, and the one shape its JSON replies have.</summary>
internal static class Replies
{
    public const string Key = "api_key=bank0001&api_secret=s3cret-s3cret";
    public const string Whole = Key + "&from=AcmeInc&to=4940111&text=Hello";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<List<Dictionary<string, string>>> FormAsync(this GatewayOverHttp gateway, string form, string path = "/sms/json") =>
        await ReadAsync(await gateway.Client.PostAsync(path, Body(form, "application/x-www-form-urlencoded"), Cancel));

    public static async Task<List<Dictionary<string, string>>> JsonAsync(this GatewayOverHttp gateway, string json, string type = "application/json") =>
        await ReadAsync(await gateway.Client.PostAsync("/sms/json", Body(json, type), Cancel));

    public static async Task<List<Dictionary<string, string>>> GetAsync(this GatewayOverHttp gateway, string query, string path = "/sms/json") =>
        await ReadAsync(await gateway.Client.GetAsync($"{path}?{query}", Cancel));

    public static HttpContent Body(string text, string type) => Body(Encoding.UTF8.GetBytes(text), type);

    public static HttpContent Body(byte[] octets, string type)
    {
        var content = new ByteArrayContent(octets);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }

    /// <summary>HTTP 200, JSON, every value a string, as many messages as message-count says and at least one.</summary>
    public static async Task<List<Dictionary<string, string>>> ReadAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        using var reply = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(["message-count", "messages"], reply.RootElement.EnumerateObject().Select(field => field.Name));
        List<Dictionary<string, string>> messages =
        [
            .. reply.RootElement.GetProperty("messages").EnumerateArray()
                .Select(message => message.EnumerateObject().ToDictionary(field => field.Name, field => field.Value.GetString()!)),
        ];
        Assert.NotEmpty(messages);
        Assert.Equal(messages.Count.ToString(), reply.RootElement.GetProperty("message-count").GetString());
        return messages;
    }

    /// <summary>One message, refused with this status and text.</summary>
    public static void IsRefused(this List<Dictionary<string, string>> messages, int status, string text)
    {
        var message = Assert.Single(messages);
        Assert.Equal((status.ToString(), text), (message["status"], message["error-text"]));
        Assert.DoesNotContain("message-id", message.Keys);
    }

    public static void IsAccepted(this List<Dictionary<string, string>> messages, int segments = 1)
    {
        Assert.All(messages, message => Assert.Equal(("0", ""), (message["status"], message.GetValueOrDefault("error-text", ""))));
        Assert.Equal(segments, messages.Count);
    }
}
