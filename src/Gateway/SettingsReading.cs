using Gateway.Diagnostics;
using Microsoft.Extensions.Configuration;

namespace Gateway;

internal static class SettingsReading
{
    /// <summary>Reads and checks the settings; on a fault prints its line to standard error and returns false.</summary>
    public static bool TryReadSettings(this WebApplicationBuilder builder, DevelopmentWorld? development, out GatewaySettings settings)
    {
        settings = new GatewaySettings();
        List<string> faults;
        try
        {
            if (development is not null) builder.Configuration.AddInMemoryCollection(development.Defaults(builder.Configuration));
            builder.Configuration.AddInMemoryCollection(Lists(builder.Configuration));
            settings = builder.Configuration.Get<GatewaySettings>() ?? settings;
            Cut(settings.Sip.Listen, builder.Configuration["Sip:Listen"]);
            Cut(settings.Sip.TrustedPeers, builder.Configuration["Sip:TrustedPeers"]);
            Cut(settings.Sip.AllowedOrigins, builder.Configuration["Sip:AllowedOrigins"]);
            Cut(settings.Numbering.LocalPrefixes, builder.Configuration["Numbering:LocalPrefixes"]);
            Cut(settings.Delivery.RetrySeconds, builder.Configuration["Delivery:RetrySeconds"]);
            Cut(settings.Delivery.Retry.Absent, builder.Configuration["Delivery:Retry:Absent"]);
            Cut(settings.Delivery.Retry.NoReport, builder.Configuration["Delivery:Retry:NoReport"]);
            Cut(settings.Delivery.Retry.Network, builder.Configuration["Delivery:Retry:Network"]);
            Cut(settings.Delivery.Retry.Memory, builder.Configuration["Delivery:Retry:Memory"]);
            faults = [.. SettingsCheck.Faults(settings, builder.Environment.IsProduction())];
        }
        catch (InvalidOperationException e)
        {
            // The binder's own words name the key and the value: "Failed to convert configuration value 'x' at 'Cluster:SiloPort' to type …".
            faults = [e.Message];
        }
        foreach (var fault in faults) Console.Error.WriteLine($"settings: {fault}");
        if (faults.Count > 0) return false;
        builder.Services.AddSingleton(settings).AddSingleton(settings.Sip).AddSingleton(settings.Numbering).AddSingleton(settings.Sms);
        builder.Services.AddSingleton(TimeProvider.System);
        return true;
    }

    /// <summary>A list given as one value (environment: <c>Sip__Listen=udp://…,tcp://…</c>) replaces the whole list instead of its first element.</summary>
    private static Dictionary<string, string?> Lists(IConfiguration configuration)
    {
        var values = new Dictionary<string, string?>();
        foreach (var key in new[] { "Sip:Listen", "Sip:TrustedPeers", "Sip:AllowedOrigins", "Numbering:LocalPrefixes", "Delivery:RetrySeconds", "Delivery:Retry:Absent",
            "Delivery:Retry:NoReport", "Delivery:Retry:Network", "Delivery:Retry:Memory", "Sms:NationalLanguages" })
        {
            var items = Items(configuration[key]);
            for (var i = 0; i < items.Length; i++) values[$"{key}:{i}"] = items[i];
        }
        return values;
    }

    /// <summary>Configuration can put entries over those of a file and cannot take any away: the file's further ones go here.</summary>
    private static void Cut<T>(List<T> list, string? text)
    {
        var given = Items(text).Length;
        if (given > 0) list.RemoveRange(given, list.Count - given);
    }

    private static string[] Items(string? text) => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
