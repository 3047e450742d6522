using System.Net.Sockets;
using Gateway.Delivery;
using Gateway.Provisioning;
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
            var store = app.Services.GetRequiredService<GatewayStore>();
            await store.MigrateAsync(CancellationToken.None);
            await app.Services.GetRequiredService<DirectoryStore>().LoadAsync(CancellationToken.None);
            app.Services.GetRequiredService<MessageId>().ContinueAfter(await store.DueMessages.LastIdAsync(CancellationToken.None));
            await app.StartAsync();
        }
        catch (Exception e) when (Explain(e) is { } line)
        {
            Console.Error.WriteLine(line);
            return 1;
        }
        app.Services.GetService<DevelopmentWorld>()?.Greet(app);
        await DrainAsync(app);
        await app.StopAsync();
        await app.DisposeAsync();
        return 0;
    }

    /// <summary>
    /// From the signal to stop on nothing is taken, nothing is sent and readiness says no; HTTP and SIP stay open, so that who asks is told and
    /// what is under way is concluded by its answers and reports. What is not in time stays due, and is repeated after the next start.
    /// </summary>
    private static async Task DrainAsync(WebApplication app)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var signal = app.Lifetime.ApplicationStopping.Register(told.SetResult);
        await told.Task;
        var patience = TimeSpan.FromSeconds(app.Services.GetRequiredService<GatewaySettings>().Delivery.DrainSeconds);
        await app.Services.GetRequiredService<WorkUnderWay>().EndedAsync(patience);
    }

    /// <summary>An address in use, a database that cannot be opened: things an operator mends, told without a stack. Null for a fault of ours.</summary>
    private static string? Explain(Exception e) => e switch
    {
        SettingsFaultException => $"settings: {e.Message}",
        StoreUnavailableException => $"Store: {e.Message}",
        IOException or SocketException or InvalidOperationException => $"start: {e.Message}",
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        _ when e.InnerException is { } inner => Explain(inner),
        _ => null,
    };
}
