using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gateway.Tests.Webhooks;

/// <summary>A request that a server got.</summary>
internal sealed record Received(string Method, string Path, string Query, IHeaderDictionary Headers, string Body)
{
    /// <summary>The fields of any of the three formats, in the order they came.</summary>
    public List<KeyValuePair<string, string>> Fields
    {
        get
        {
            if (Method == "POST" && Headers.ContentType.ToString().StartsWith("application/json", StringComparison.Ordinal))
            {
                using var json = System.Text.Json.JsonDocument.Parse(Body);
                return [.. json.RootElement.EnumerateObject().Select(pair => KeyValuePair.Create(pair.Name, pair.Value.GetString()!))];
            }
            var fields = new List<KeyValuePair<string, string>>();
            foreach (var pair in (Method == "GET" ? Query.TrimStart('?') : Body).Split('&', StringSplitOptions.RemoveEmptyEntries))
            {
                var parts = pair.Split('=', 2);
                fields.Add(KeyValuePair.Create(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts[1].Replace('+', ' '))));
            }
            return fields;
        }
    }

    public string? this[string name] => Fields.Find(field => field.Key == name).Value;
}

/// <summary>Somebody's HTTP server (a customer's, a carrier's) on a free port, answering as the test says.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _received = new();

    private ScriptedServer(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var headers = new HeaderDictionary(context.Request.Headers.ToDictionary(header => header.Key, header => header.Value));
            var received = new Received(context.Request.Method, context.Request.Path, context.Request.QueryString.Value ?? "", headers, await reader.ReadToEndAsync());
            _received.Enqueue(received);
            await Answer(received, context);
        });
    }

    /// <summary>200 unless the test sets something else.</summary>
    public Func<Received, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public string Url => _app.Urls.Single();
    public int Port => new Uri(Url).Port;
    public IReadOnlyList<Received> Received => [.. _received];

    public static async Task<ScriptedServer> StartAsync(int port = 0)
    {
        var receiver = new ScriptedServer(port);
        await receiver._app.StartAsync();
        return receiver;
    }

    public void AnswerStatus(int status) => Answer = (_, context) =>
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    /// <summary>Waits until so many came.</summary>
    public async Task<IReadOnlyList<Received>> WaitAsync(int count)
    {
        await Wait.UntilAsync(() => _received.Count >= count, $"{count} webhooks; there are {_received.Count}");
        return Received;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }
}

internal static class Wait
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Deadline, $"did not happen in time: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
