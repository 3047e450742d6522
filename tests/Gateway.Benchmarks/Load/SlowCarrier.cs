using System.Globalization;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Benchmarks.Load;

/// <summary>A carrier of the Nexmo kind that takes everything, each after the same time.</summary>
internal sealed class SlowCarrier : IAsyncDisposable
{
    private readonly WebApplication _app;
    private Ledger _ledger = new(0);
    private long _ids;

    private SlowCarrier(TimeSpan latency)
    {
        Url = $"http://127.0.0.1:{FreePort.Next().ToString(CultureInfo.InvariantCulture)}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Url);
        _app = builder.Build();
        _app.MapPost("/sms/json", async (HttpContext context) =>
        {
            var form = await context.Request.ReadFormAsync();
            var ledger = Volatile.Read(ref _ledger);
            if (ledger.Shown(form["text"].ToString()) is not { } number) return Results.BadRequest();
            await Task.Delay(latency, TimeProvider.System);
            ledger.Acknowledged(number);
            var message = new Dictionary<string, string>
            {
                ["to"] = form["to"].ToString(), ["status"] = "0", ["message-id"] = Interlocked.Increment(ref _ids).ToString("X16", CultureInfo.InvariantCulture),
            };
            return Results.Json(new Dictionary<string, object> { ["message-count"] = "1", ["messages"] = new[] { message } });
        });
    }

    public string Url { get; }

    public Ledger Ledger
    {
        set => Volatile.Write(ref _ledger, value);
    }

    public static async Task<SlowCarrier> StartAsync(TimeSpan latency)
    {
        var carrier = new SlowCarrier(latency);
        await carrier._app.StartAsync();
        return carrier;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
