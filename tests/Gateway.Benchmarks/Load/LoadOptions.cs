using System.Globalization;

namespace Gateway.Benchmarks.Load;

/// <summary>load [--quick] [--store sqlite|postgres] [--scenario NAME] [--peer kamailio] [--seconds N] [--rate N] [--mailboxes N]</summary>
internal sealed record LoadOptions
{
    /// <summary>More than any scenario reaches; it only sizes what is remembered of the messages.</summary>
    public const int MostPerSecond = 30_000;

    public static readonly IReadOnlyList<string> AllScenarios = ["volte", "ott", "mixed", "mo", "storm", "otp", "carrier"];

    public bool Quick { get; init; }
    public IReadOnlyList<string> Stores { get; init; } = ["sqlite", "postgres"];
    public IReadOnlyList<string> Scenarios { get; init; } = AllScenarios;
    public bool Kamailio { get; init; }
    public int? Seconds { get; init; }
    /// <summary>Messages a second; null: as many as go.</summary>
    public int? Rate { get; init; }
    public int Mailboxes { get; init; } = 100_000;

    public int Subscribers => 1_000;
    /// <summary>The compiler is at work for the first twenty seconds.</summary>
    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 4 : 20);
    public TimeSpan Measured => TimeSpan.FromSeconds(Seconds ?? (Quick ? 10 : 30));

    /// <summary>Null: these are none of its options.</summary>
    public static LoadOptions? Read(string[] words)
    {
        var options = new LoadOptions();
        if (words.Contains("--quick")) options = options with { Quick = true, Scenarios = ["volte", "ott"], Mailboxes = 5_000 };
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] == "--quick") continue;
            if (++i == words.Length || Read(options, words[i - 1], words[i]) is not { } read) return null;
            options = read;
        }
        return options;
    }

    private static LoadOptions? Read(LoadOptions options, string name, string value) => (name, value) switch
    {
        ("--store", "sqlite" or "postgres") => options with { Stores = [value] },
        ("--scenario", _) when AllScenarios.Contains(value) => options with { Scenarios = [value] },
        ("--peer", "kamailio") => options with { Kamailio = true },
        ("--seconds", _) when Number(value) is { } seconds => options with { Seconds = seconds },
        ("--rate", _) when Number(value) is { } rate => options with { Rate = rate },
        ("--mailboxes", _) when Number(value) is { } mailboxes => options with { Mailboxes = mailboxes },
        _ => null,
    };

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 1_000_000 ? number : null;
}
