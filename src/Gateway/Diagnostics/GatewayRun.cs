using System.Net.Sockets;
using Gateway.Store;

namespace Gateway.Diagnostics;

internal static class GatewayRun
{
    /// <summary>Brings the schema up to date, starts everything, and runs until it is told to stop. What keeps it from starting is one line.</summary>
    public static async Task<int> RunGatewayAsync(this WebApplication app)
    {
        if (TakenPorts.Find(app.Services.GetRequiredService<GatewaySettings>(), app.Configuration["Urls"]) is { } taken)
        {
            Console.Error.WriteLine(taken);
            return 1;
        }
        try
        {
            await app.Services.GetRequiredService<GatewayStore>().MigrateAsync(CancellationToken.None);
            await app.StartAsync();
        }
        catch (Exception e) when (Explain(e) is { } line)
        {
            Console.Error.WriteLine(line);
            return 1;
        }
        app.Services.GetService<DevelopmentWorld>()?.Greet(app);
        await app.WaitForShutdownAsync();
        await app.DisposeAsync();
        return 0;
    }

    /// <summary>An address in use, a database that cannot be opened: things an operator mends, told without a stack. Null for a fault of ours.</summary>
    private static string? Explain(Exception e) => e switch
    {
        StoreUnavailableException => $"Store: {e.Message}",
        IOException or SocketException or InvalidOperationException => $"start: {e.Message}",
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        _ when e.InnerException is { } inner => Explain(inner),
        _ => null,
    };
}
