using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Xunit;

namespace Gateway.Tests.Rest.Management;

/// <summary>The management API as an operator's program calls it.</summary>
internal static class AdminClient
{
    public const string Key = "an admin key of some length";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static GatewaySettings Settings(params AccountSettings[] accounts) => new()
    {
        Numbering = new NumberingSettings { CountryCode = "49", LocalPrefixes = ["4940"] },
        Accounts = [.. accounts],
        Store = new StoreSettings { SecretKey = Convert.ToBase64String(new byte[32]) },
        Admin = new AdminSettings { Key = Key },
    };

    public static async Task<HttpResponseMessage> CallAsync(this GatewayOverHttp gateway, HttpMethod method, string path, string? json = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = Replies.Body(json, "application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await gateway.Client.SendAsync(request, Cancel);
    }

    public static async Task<JsonNode> ReadAsync(this GatewayOverHttp gateway, string path)
    {
        using var response = await gateway.CallAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!;
    }

    public static async Task<JsonNode> PutAsync(this GatewayOverHttp gateway, string path, string json, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await gateway.CallAsync(HttpMethod.Put, path, json);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == status, $"{response.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>A problem document with this status; the names of the fields it complains of.</summary>
    public static async Task<string[]> RefusedAsync(this GatewayOverHttp gateway, HttpMethod method, string path, HttpStatusCode status, string? json = null,
        params (string Name, string Value)[] headers)
    {
        using var response = await gateway.CallAsync(method, path, json, headers);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == status, $"{response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(text)!["errors"] is JsonObject errors ? [.. errors.Select(error => error.Key)] : [];
    }
}
