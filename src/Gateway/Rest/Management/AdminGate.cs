using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gateway.Store;

namespace Gateway.Rest.Management;

/// <summary>
/// Before everything under <c>/api</c>: the bearer token of RFC 6750 must be <c>Admin:Key</c>. Without a key in the settings there is no management
/// API. Who guesses is held off by his address. Whatever is refused below without words of its own gets a problem document here.
/// </summary>
internal sealed class AdminGate(RequestDelegate next, GatewaySettings settings, TimeProvider time)
{
    public const string Path = "/api";
    private const string Scheme = "Bearer", Admin = "admin";

    private readonly byte[]? _key = settings.Admin.Key is { Length: > 0 } key ? Digest(key) : null;
    private readonly Guesses _guesses = new(time);

    public async Task InvokeAsync(HttpContext http)
    {
        if (_key is null)
        {
            await Problems.WriteAsync(http, StatusCodes.Status404NotFound, "There is no management API: Admin:Key is not set");
            return;
        }
        var source = http.Connection.RemoteIpAddress ?? IPAddress.None;
        if (_guesses.LockedFor(Admin, source) is { } locked)
        {
            http.Response.Headers.RetryAfter = Math.Ceiling(locked.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await Problems.WriteAsync(http, StatusCodes.Status429TooManyRequests, "Too many wrong keys from this address");
            return;
        }
        if (Token(http.Request) is not { } token)
        {
            http.Response.Headers.WWWAuthenticate = Scheme;
            await Problems.WriteAsync(http, StatusCodes.Status401Unauthorized, "The management API wants Authorization: Bearer and the admin key");
            return;
        }
        // Digests, so that the time it takes tells nothing of the key, its length included.
        if (!CryptographicOperations.FixedTimeEquals(_key, Digest(token)))
        {
            _guesses.Add(Admin, source);
            http.Response.Headers.WWWAuthenticate = $"{Scheme} error=\"invalid_token\"";
            await Problems.WriteAsync(http, StatusCodes.Status401Unauthorized, "The admin key is wrong");
            return;
        }
        _guesses.Forgive(Admin, source);
        await AnswerAsync(http);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            await next(http);
        }
        catch (StoreUnavailableException) when (!http.Response.HasStarted)
        {
            http.Response.Headers.RetryAfter = "5";
            await Problems.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "The store is not available");
            return;
        }
        catch (SettingsFaultException e) when (!http.Response.HasStarted)
        {
            await Problems.WriteAsync(http, StatusCodes.Status409Conflict, e.Message);
            return;
        }
        if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
            await Problems.WriteAsync(http, http.Response.StatusCode, title: null);
    }

    private static string? Token(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header && header.StartsWith($"{Scheme} ", StringComparison.OrdinalIgnoreCase)
            && header[(Scheme.Length + 1)..].Trim() is { Length: > 0 } token ? token : null;

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
