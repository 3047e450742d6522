using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Rest;

/// <summary>
/// How an application proves itself at the Messages API: a JWT (RFC 7519) with <c>application_id</c>, <c>iat</c> and <c>exp</c>, signed by RS256 with the key
/// whose public half the account has. No other algorithm counts, whatever the token says of itself.
/// </summary>
internal static class ApplicationToken
{
    /// <summary>How far the clocks may be apart.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromHours(24);

    private static readonly JsonWebTokenHandler Tokens = new() { MaximumTokenSizeInBytes = 8 * 1024 };

    /// <summary>Null: nobody is proven by it.</summary>
    public static async Task<Account?> AuthenticateAsync(string token, IPAddress source, Accounts accounts, DateTimeOffset now)
    {
        if (!Tokens.CanReadToken(token) || Read(token) is not { } jwt || !IsCurrent(jwt, now))
            return null;
        if (Claim(jwt, "application_id") is not { } application || accounts.FindApplication(application) is not { PublicKey: { } key } account || !account.Allows(source))
            return null;
        var verdict = await Tokens.ValidateTokenAsync(jwt, new TokenValidationParameters
        {
            IssuerSigningKey = key, ValidAlgorithms = [SecurityAlgorithms.RsaSha256], ValidateIssuer = false, ValidateAudience = false,
            ValidateLifetime = false, // it looks at the system's clock, and we have looked at ours
        });
        return verdict.IsValid ? account : null;
    }

    /// <summary>Null when it is no RSA key of 2048 bits or more.</summary>
    public static RsaSecurityKey? ReadKey(string pem)
    {
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return rsa.KeySize >= 2048 ? new RsaSecurityKey(rsa.ExportParameters(includePrivateParameters: false)) : null;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return null;
        }
    }

    private static JsonWebToken? Read(string token)
    {
        try
        {
            return new JsonWebToken(token);
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private static bool IsCurrent(JsonWebToken jwt, DateTimeOffset now) =>
        Seconds(jwt, "iat") is { } issued && Seconds(jwt, "exp") is { } expires
        && issued <= now.Add(Skew).ToUnixTimeSeconds() && expires > now.Subtract(Skew).ToUnixTimeSeconds()
        && expires - issued <= (decimal)MaxLifetime.TotalSeconds;

    private static decimal? Seconds(JsonWebToken jwt, string claim) =>
        decimal.TryParse(Claim(jwt, claim), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) ? seconds : null;

    private static string? Claim(JsonWebToken jwt, string name) => jwt.TryGetClaim(name, out var claim) ? claim.Value : null;
}
