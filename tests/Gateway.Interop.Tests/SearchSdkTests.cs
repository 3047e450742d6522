using System.Text.Json;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>The SDKs of the second generation search what they sent, and tell whether it did its work.</summary>
[Trait("Category", "Interop")]
public sealed class SearchSdkTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(NodeSdk.Nexmo)]
    [InlineData(NodeSdk.ServerSdk2)]
    public async Task What_was_sent_is_found_and_a_conversion_is_taken(string sdk)
    {
        await using var gateway = await GatewayProcess.StartAsync(Cancel);
        string[] ids = [await gateway.SendSmsAsync("4940700001", "first", Cancel), await gateway.SendSmsAsync("4940700002", "second", Cancel)];

        var found = await NodeSdk.SearchAsync(sdk, gateway, new { apiKey = GatewayProcess.ApiKey, apiSecret = GatewayProcess.ApiSecret }, ids, Cancel);

        Assert.All(found.EnumerateObject(), answer => Assert.True(answer.Value.GetProperty("error").ValueKind == JsonValueKind.Null, $"{answer}"));
        var one = found.GetProperty("one").GetProperty("reply");
        Assert.Equal((ids[0], "first", "MT"), (Text(one, "message-id"), Text(one, "body"), Text(one, "type")));
        var many = found.GetProperty("many").GetProperty("reply");
        Assert.Equal(2, many.GetProperty("count").GetInt32());
        Assert.Equal(ids, many.GetProperty("items").EnumerateArray().Select(item => Text(item, "message-id")));
    }

    private static string Text(JsonElement reply, string name) => reply.GetProperty(name).GetString()!;
}
