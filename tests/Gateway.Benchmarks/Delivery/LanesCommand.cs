using System.Globalization;
using Gateway.Tests.Store;

namespace Gateway.Benchmarks.Delivery;

/// <summary>lanes [--store sqlite|postgres] [--bulk MESSAGES] [--otp PER-SECOND]; PostgreSQL is a private server for this run.</summary>
internal static class LanesCommand
{
    internal const int Backlog = 200_000, PerSecond = 20;

    /// <summary>Null: the options are none of these.</summary>
    public static async Task<int?> RunAsync(string[] options)
    {
        var (postgres, backlog, perSecond) = (false, Backlog, PerSecond);
        for (var i = 0; i < options.Length; i += 2)
        {
            switch (options[i..Math.Min(i + 2, options.Length)])
            {
                case ["--store", "sqlite" or "postgres"]:
                    postgres = options[i + 1] == "postgres";
                    break;
                case ["--bulk", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out backlog) && backlog > 0:
                    break;
                case ["--otp", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out perSecond) && perSecond is > 0 and <= 500:
                    break;
                default:
                    return null;
            }
        }
        await using var cluster = new PostgresCluster();
        await using var gateway = await GatewayUnderLoad.StartAsync(postgres ? await cluster.NewDatabaseAsync(CancellationToken.None, durable: true) : null);
        await new LaneFigures(gateway, backlog, perSecond).RunAsync();
        return 0;
    }
}
