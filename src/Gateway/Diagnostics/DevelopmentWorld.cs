using System.Security.Cryptography;
using Gateway.Inbound;
using Gateway.Provisioning;

namespace Gateway.Diagnostics;

/// <summary>
/// What makes a working world out of the defaults in Development: secrets generated at every start (none stands in a file), two subscribers for
/// the demonstration handsets, and webhooks to this machine.
/// </summary>
public sealed class DevelopmentWorld
{
    public required string ApiSecret { get; init; }
    public required string HandsetPassword { get; init; }
    public required string AdminKey { get; init; }
    public string VolteNumber => "4940100001";
    public string OttNumber => "4940100002";

    public static DevelopmentWorld Create() => new()
    {
        ApiSecret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
        HandsetPassword = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
        AdminKey = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
    };

    /// <summary>Only what nobody has set, but for private webhook targets, which are always allowed here.</summary>
    public Dictionary<string, string?> Defaults(IConfiguration configuration)
    {
        var defaults = new Dictionary<string, string?>();
        for (var i = 0; configuration.GetSection($"Accounts:{i}").Exists(); i++)
            if (string.IsNullOrEmpty(configuration[$"Accounts:{i}:ApiSecret"])) defaults[$"Accounts:{i}:ApiSecret"] = ApiSecret;
        if (string.IsNullOrEmpty(configuration["Admin:Key"])) defaults["Admin:Key"] = AdminKey;
        if (configuration["Webhooks:AllowPrivateTargets"] is null or "False" or "false") defaults["Webhooks:AllowPrivateTargets"] = "true";
        if (configuration.GetSection("Sip:Registrar:Users").GetChildren().Any() || configuration["Sip:OutboundProxy"] is { Length: > 0 }) return defaults;
        foreach (var (i, number) in new[] { VolteNumber, OttNumber }.Index())
        {
            defaults[$"Sip:Registrar:Users:{i}:Number"] = number;
            defaults[$"Sip:Registrar:Users:{i}:Password"] = HandsetPassword;
        }
        return defaults;
    }

    /// <summary>What a person needs to try it, on standard output.</summary>
    public void Greet(WebApplication app)
    {
        var settings = app.Services.GetRequiredService<GatewaySettings>();
        var accounts = app.Services.GetRequiredService<LiveDirectory>().Current.Accounts.Values.Select(entry => entry.Settings).ToList();
        var sip = WebSockets.Addresses(settings.Sip).Select(address => address.EndPoint.Port).ToList();
        var url = app.Urls.FirstOrDefault(url => !sip.Contains(BindingAddress.Parse(url).Port))?.Replace("[::]", "127.0.0.1").Replace("0.0.0.0", "127.0.0.1");
        Console.WriteLine($"""

            SMS gateway, Development: generated secrets, SQLite, own registrar, two handsets
              API and Swagger   {url}/swagger
              to the VoLTE handset:
                {Curl(VolteNumber)}
              to the OTT client:
                {Curl(OttNumber)}
              management API    curl -H 'Authorization: Bearer {(settings.Admin.Key == AdminKey ? AdminKey : "YOUR_KEY")}' {url}/api/accounts

            """);

        string Curl(string to) => (accounts.Find(IsGenerated) ?? accounts.FirstOrDefault()) is { } account
            ? $"curl -d api_key={account.ApiKey} -d api_secret={Shown(account)} -d from=Bank -d to={to} -d text='Your code is 123456' {url}/sms/json"
            : "(no account is set)";

        // A secret that somebody set may be in use elsewhere, and standard output ends up in logs.
        string Shown(AccountSettings account) => IsGenerated(account) ? ApiSecret : "YOUR_SECRET";

        bool IsGenerated(AccountSettings account) => account.ApiSecret == ApiSecret;
    }
}
