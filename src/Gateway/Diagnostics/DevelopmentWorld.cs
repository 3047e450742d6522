using System.Security.Cryptography;

namespace Gateway.Diagnostics;

/// <summary>
/// What makes a working world out of the defaults in Development: secrets generated at every start (none stands in a file), two subscribers for
/// the demonstration handsets, and webhooks to this machine.
/// </summary>
public sealed class DevelopmentWorld
{
    public required string ApiSecret { get; init; }
    public required string HandsetPassword { get; init; }
    public string VolteNumber => "4940100001";
    public string OttNumber => "4940100002";

    public static DevelopmentWorld Create() => new()
    {
        ApiSecret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
        HandsetPassword = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
    };

    /// <summary>Only what nobody has set.</summary>
    public Dictionary<string, string?> Defaults(IConfiguration configuration)
    {
        var defaults = new Dictionary<string, string?>();
        for (var i = 0; configuration.GetSection($"Accounts:{i}").Exists(); i++)
            if (string.IsNullOrEmpty(configuration[$"Accounts:{i}:ApiSecret"])) defaults[$"Accounts:{i}:ApiSecret"] = ApiSecret;
        if (configuration["Webhooks:AllowPrivateTargets"] is null or "False" or "false") defaults["Webhooks:AllowPrivateTargets"] = "true";
        if (configuration.GetSection("Sip:Registrar:Users").GetChildren().Any() || configuration["Sip:OutboundProxy"] is { Length: > 0 }) return defaults;
        foreach (var (i, number) in new[] { VolteNumber, OttNumber }.Index())
        {
            defaults[$"Sip:Registrar:Users:{i}:Number"] = number;
            defaults[$"Sip:Registrar:Users:{i}:Password"] = HandsetPassword;
        }
        return defaults;
    }
}
