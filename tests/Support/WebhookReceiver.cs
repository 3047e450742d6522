using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Support;

/// <summary>The web server of a customer or a carrier: keeps what comes to it and answers as it is told.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebhookReceiver(WebApplication app) => _app = app;

    public Arrivals<ReceivedWebhook> Received { get; } = new("the webhook receiver");

    /// <summary>HTTP status of the answer; called for each push, before it is kept.</summary>
    public Func<ReceivedWebhook, int> Answer { get; set; } = _ => StatusCodes.Status200OK;

    /// <summary>Body of the answer, as JSON.</summary>
    public Func<ReceivedWebhook, string> Reply { get; set; } = _ => "";

    public string Url => _app.Urls.First();
    public string ReceiptUrl => $"{Url}/receipt";
    public string InboundUrl => $"{Url}/inbound";

    public static async Task<WebhookReceiver> StartAsync(CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.OnRequestAsync);
        await app.StartAsync(cancel);
        return receiver;
    }

    /// <summary>The delivery receipt of a segment.</summary>
    public Task<ReceivedWebhook> ReceiptAsync(string messageId, CancellationToken cancel, TimeSpan? within = null) =>
        Received.NextAsync(webhook => webhook.Path == "/receipt" && webhook["messageId"] == messageId, cancel, within);

    /// <summary>The oldest inbound message from this number.</summary>
    public Task<ReceivedWebhook> InboundAsync(string msisdn, CancellationToken cancel) =>
        Received.NextAsync(webhook => webhook.Path == "/inbound" && webhook["msisdn"] == msisdn, cancel);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task OnRequestAsync(HttpContext context)
    {
        context.Request.EnableBuffering();
        using var reader = new StreamReader(context.Request.Body, leaveOpen: true);
        var body = await reader.ReadToEndAsync();
        context.Request.Body.Position = 0;
        var webhook = new ReceivedWebhook(context.Request.Path, await FieldsAsync(context.Request))
        {
            Body = body, Authorization = context.Request.Headers.Authorization.FirstOrDefault(),
        };
        context.Response.StatusCode = Answer(webhook);
        context.Response.ContentType = "application/json";
        Received.Add(webhook);
        await context.Response.WriteAsync(Reply(webhook), context.RequestAborted);
    }

    private static async Task<IReadOnlyDictionary<string, string>> FieldsAsync(HttpRequest request)
    {
        if (request.HasJsonContentType())
            return (await request.ReadFromJsonAsync<Dictionary<string, JsonElement>>())!
                .ToDictionary(field => field.Key, field => field.Value.ValueKind == JsonValueKind.Object ? field.Value.GetRawText() : field.Value.GetString()!);
        IEnumerable<KeyValuePair<string, StringValues>> fields = request.HasFormContentType ? await request.ReadFormAsync() : request.Query;
        return fields.ToDictionary(field => field.Key, field => field.Value.ToString());
    }
}

internal sealed record ReceivedWebhook(string Path, IReadOnlyDictionary<string, string> Fields)
{
    /// <summary>As it came.</summary>
    public string Body { get; init; } = "";
    public string? Authorization { get; init; }

    public string? this[string field] => Fields.GetValueOrDefault(field);

    public override string ToString() => $"{Path} {string.Join(' ', Fields.Select(field => $"{field.Key}={field.Value}"))}";
}
