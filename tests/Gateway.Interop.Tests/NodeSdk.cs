using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>The Nexmo/Vonage SDKs for Node, unmodified, pointed at the gateway.</summary>
internal static class NodeSdk
{
    public const string ServerSdk3 = "server-sdk-3", ServerSdk2 = "server-sdk-2", Nexmo = "nexmo";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };
    /// <summary>Where the scripts and their packages are.</summary>
    public static readonly string Folder = FindFolder();

    /// <summary>What the SDK handed to its caller: an error in words, and the messages of the reply.</summary>
    public static async Task<(string? Error, IReadOnlyList<SentSms> Messages)> SendAsync(string sdk, GatewayProcess gateway, object credentials,
        object message, CancellationToken cancel)
    {
        using var reply = await RunAsync("send.js", new { sdk, host = "127.0.0.1", port = gateway.HttpPort, credentials, message }, cancel);
        var messages = reply.RootElement.GetProperty("messages");
        return (reply.RootElement.GetProperty("error").GetString(),
            messages.ValueKind == JsonValueKind.Null ? [] : [.. messages.EnumerateArray().Select(SentSms.Of)]);
    }

    /// <summary>The verifiers of the SDKs take the signature of a webhook.</summary>
    public static async Task VerifyAsync(ReceivedWebhook webhook, string secret, string method, CancellationToken cancel)
    {
        using var reply = await RunAsync("verify.js", new { fields = webhook.Fields, secret, method }, cancel);
        var verdicts = reply.RootElement.EnumerateObject().ToDictionary(sdk => sdk.Name, sdk => sdk.Value.GetBoolean());
        Assert.Equal(new Dictionary<string, bool> { [ServerSdk3] = true, [ServerSdk2] = true }, verdicts);
    }

    /// <summary>What the SDK found of these messages, one by one and together, and what it got for telling of the first one's success.</summary>
    public static async Task<JsonElement> SearchAsync(string sdk, GatewayProcess gateway, object credentials, IReadOnlyList<string> ids, CancellationToken cancel)
    {
        using var reply = await RunAsync("search.js", new { sdk, host = "127.0.0.1", port = gateway.HttpPort, credentials, ids }, cancel);
        return reply.RootElement.Clone();
    }

    /// <summary>Runs a script: JSON in, the JSON of its last line out.</summary>
    public static async Task<JsonDocument> RunAsync(string script, object input, CancellationToken cancel)
    {
        var output = await ChildProcess.RunAsync("node", [script], Folder, cancel, JsonSerializer.Serialize(input, Json));
        return JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]);
    }

    private static string FindFolder()
    {
        var folder = Path.Combine(Repository.Root, "tests", "Gateway.Interop.Tests", "npm");
        return Directory.Exists(Path.Combine(folder, "node_modules")) ? folder
            : throw new InvalidOperationException($"The SDKs are not installed: run npm ci in {folder} (tests/run does).");
    }
}
