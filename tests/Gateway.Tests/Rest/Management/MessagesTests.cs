using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Rest.Management;

/// <summary>What operators see of messages and webhooks under /api.</summary>
public sealed class MessagesTests
{
    private const string Key = "an admin key of some length";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_are_listed_newest_first_page_by_page_without_their_text()
    {
        await using var gateway = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            (await gateway.FormAsync($"{Replies.Key}&from=AcmeInc&to=494011{i % 2}&text=secret{i}&client-ref=ref{i}")).IsAccepted();
            gateway.Time.Advance(TimeSpan.FromSeconds(1));
        }
        var first = await GetAsync(gateway, "messages?limit=2");
        Assert.Equal(["ref4", "ref3"], References(first));
        var second = await GetAsync(gateway, $"messages?limit=2&after={first["next"]}");
        Assert.Equal(["ref2", "ref1"], References(second));
        Assert.Equal(["ref0"], References(await GetAsync(gateway, $"messages?limit=2&after={second["next"]}")));
        Assert.DoesNotContain("secret", first.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(["ref3", "ref1"], References(await GetAsync(gateway, "messages?to=%2B4940111&account=bank0001&from=AcmeInc&state=waiting")));
        Assert.Equal(["ref2", "ref1"], References(await GetAsync(gateway, "messages?since=2026-06-01T12:00:01Z&until=2026-06-01T12:00:03Z")));
        Assert.Equal(5, References(await GetAsync(gateway, "messages?since=0001-01-01T00:00:00Z&until=9999-12-31T00:00:00Z")).Count());
        Assert.Empty(References(await GetAsync(gateway, "messages?state=delivered")));
    }

    [Fact]
    public async Task A_message_is_found_by_any_segments_id_with_its_segments_reason_and_attempts()
    {
        await using var gateway = await StartAsync();
        var reply = await gateway.FormAsync($"{Replies.Key}&from=AcmeInc&to=4940110&text={new string('x', 200)}");
        reply.IsAccepted(2);
        var row = Assert.Single(await gateway.MessagesAsync());
        var change = new StoreChange();
        change.Progress.Add(new MessageProgress
        {
            Id = row.Id, State = MessageState.Failed, SegmentsDone = 1, Attempts = 2, ConcludedAt = row.AcceptedAt + 5000, ErrorCode = 10, Reason = "RP-ERROR",
        });
        change.NewAttempts.Add(new AttemptRow
        {
            MessageId = row.Id, Segment = 1, StartedAt = row.AcceptedAt + 1000, DurationMilliseconds = 40, Channel = "volte", Target = "sip:ue", Status = 200,
            RpCause = 111, Outcome = "protocol error",
        });
        await gateway.Store.Writer.WriteAsync(change, Cancel);

        var message = await GetAsync(gateway, $"messages/{reply[1]["message-id"]}");
        Assert.Equal((MessageId.Format(row.Id), "failed", "subscriber", "rest", "normal", 10, "RP-ERROR"),
            (Text("id"), Text("state"), Text("route"), Text("source"), Text("lane"), (int)message["errorCode"]!, Text("reason")));
        Assert.Contains("subscriber", Text("routeReason"), StringComparison.Ordinal);
        Assert.Equal("2026-06-01T12:00:05+00:00", Text("concludedAt"));
        Assert.Equal([(reply[0]["message-id"], "delivered"), (reply[1]["message-id"], "failed")],
            message["segments"]!.AsArray().Select(segment => ((string)segment!["messageId"]!, (string)segment["state"]!)));
        var attempt = Assert.Single(message["history"]!.AsArray())!;
        Assert.Equal(("volte", 200, 111, "protocol error"), ((string)attempt["channel"]!, (int)attempt["status"]!, (int)attempt["rpCause"]!, (string)attempt["outcome"]!));

        string Text(string name) => (string)message[name]!;
    }

    [Theory]
    [InlineData("messages?state=lost", "state")]
    [InlineData("messages?since=yesterday", "since")]
    [InlineData("messages?after=eA", "after")]
    [InlineData("messages?limit=0", "limit")]
    [InlineData("messages?to=4%00", "to")]
    [InlineData("webhooks?account=%00", "account")]
    [InlineData("webhooks?state=late", "state")]
    [InlineData("webhooks?after=eA", "after")]
    public async Task What_is_wrong_with_a_query_is_named(string path, string field)
    {
        await using var gateway = await StartAsync();
        var problem = await GetAsync(gateway, path, HttpStatusCode.BadRequest);
        Assert.Equal([field], problem["errors"]!.AsObject().Select(error => error.Key));
    }

    [Theory]
    [InlineData("messages/0A00000000000001")]
    [InlineData("messages/none")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        await using var gateway = await StartAsync();
        await GetAsync(gateway, path, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Dead_webhooks_are_listed_and_pushed_again_one_or_many()
    {
        await using var gateway = await StartAsync();
        var ids = await WebhooksAsync(gateway, 12);
        var dead = await GetAsync(gateway, "webhooks?state=dead&account=bank0001");
        Assert.Equal(ids.Where((_, i) => i % 3 == 1).Reverse(), dead["items"]!.AsArray().Select(item => (long)item!["id"]!));
        Assert.Equal(("http://shop.example/hook", "deliveryReceipt", "HTTP 500"),
            ((string)dead["items"]![0]!["url"]!, (string)dead["items"]![0]!["kind"]!, (string)dead["items"]![0]!["lastResult"]!));

        var pushed = await SendAsync(gateway, HttpMethod.Post, $"webhooks/{ids[1]}/push", HttpStatusCode.Accepted);
        Assert.Equal(("pending", 0), ((string)pushed["state"]!, (int)pushed["attempts"]!));
        Assert.Equal(GatewayOverHttp.Start, (DateTimeOffset)pushed["dueAt"]!);
        await SendAsync(gateway, HttpMethod.Post, $"webhooks/{ids[0]}/push", HttpStatusCode.Conflict);
        await SendAsync(gateway, HttpMethod.Post, "webhooks/999999/push", HttpStatusCode.NotFound);

        var many = await SendAsync(gateway, HttpMethod.Post, "webhooks/push?account=bank0001&limit=2", HttpStatusCode.Accepted);
        Assert.Equal(2, (int)many["webhooks"]!);
        var rest = await SendAsync(gateway, HttpMethod.Post, $"webhooks/push?account=bank0001&limit=2&after={many["next"]}", HttpStatusCode.Accepted);
        Assert.Equal((1, null), ((int)rest["webhooks"]!, (string?)rest["next"]));
        Assert.Empty((await GetAsync(gateway, "webhooks?state=dead"))["items"]!.AsArray());
        Assert.Equal(8, (await GetAsync(gateway, "webhooks?state=pending"))["items"]!.AsArray().Count);
        await SendAsync(gateway, HttpMethod.Post, "webhooks/push", HttpStatusCode.BadRequest);
        await SendAsync(gateway, HttpMethod.Post, "webhooks/push?account=bank0001&state=delivered", HttpStatusCode.BadRequest);
    }

    private static IEnumerable<string> References(JsonNode page) => page["items"]!.AsArray().Select(item => (string)item!["clientReference"]!);

    /// <summary>In turn delivered, dead and pending.</summary>
    private static async Task<List<long>> WebhooksAsync(GatewayOverHttp gateway, int count)
    {
        var change = new StoreChange();
        for (var i = 0; i < count; i++)
        {
            change.NewWebhooks.Add(new WebhookRow
            {
                Account = "bank0001", MessageId = i + 1, Url = "http://user:secret@shop.example/hook?token=secret", CreatedAt = 1, DueAt = GatewayOverHttp.Start.AddDays(1).ToUnixTimeMilliseconds(),
            });
        }
        await gateway.Store.Writer.WriteAsync(change, Cancel);
        var progress = new StoreChange();
        for (var i = 0; i < count; i++)
            if (i % 3 != 2)
                progress.WebhookProgress.Add(new WebhookProgress
                {
                    Id = change.NewWebhooks[i].Id, State = i % 3 == 0 ? WebhookState.Delivered : WebhookState.Dead, Attempts = 9, LastResult = "HTTP 500",
                });
        await gateway.Store.Writer.WriteAsync(progress, Cancel);
        return [.. change.NewWebhooks.Select(webhook => webhook.Id)];
    }

    private static Task<GatewayOverHttp> StartAsync()
    {
        var settings = GatewayOverHttp.Settings();
        return GatewayOverHttp.StartAsync(new GatewaySettings
        {
            Numbering = settings.Numbering, Accounts = settings.Accounts, Admin = new AdminSettings { Key = Key },
        });
    }

    private static Task<JsonNode> GetAsync(GatewayOverHttp gateway, string path, HttpStatusCode status = HttpStatusCode.OK) =>
        SendAsync(gateway, HttpMethod.Get, path, status);

    private static async Task<JsonNode> SendAsync(GatewayOverHttp gateway, HttpMethod method, string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(method, $"/api/{path}") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Key) } };
        using var response = await gateway.Client.SendAsync(request, Cancel);
        var body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(status == response.StatusCode, $"{response.StatusCode} {body}");
        Assert.Equal((int)status < 400 ? "application/json" : "application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(body)!;
    }
}
