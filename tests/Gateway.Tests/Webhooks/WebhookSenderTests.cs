using Gateway.Store;
using Gateway.Webhooks;
using Xunit;

namespace Gateway.Tests.Webhooks;

/// <summary>Stored webhooks against a customer's server that is well, ill, slow or gone.</summary>
public sealed class WebhookSenderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rung_webhook_goes_out_at_once_as_json_in_field_order()
    {
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync();
        var webhook = sending.Row(1, receiver.Url + "/hook?token=a%20b", "Grüße & = 😀");
        await sending.TellAsync(webhook);
        var received = Assert.Single(await receiver.WaitAsync(1));
        Assert.Equal(("POST", "/hook", "?token=a%20b"), (received.Method, received.Path, received.Query));
        Assert.Equal(("application/json", "Nexmo/MessagingHUB/v1.0", "*/*"),
            (received.Headers.ContentType.ToString(), received.Headers.UserAgent.ToString(), received.Headers.Accept.ToString()));
        Assert.False(received.Headers.ContainsKey("traceparent"));
        Assert.Equal(
            [new("messageId", "0000000000000001"), new("text", "Grüße & = 😀"), new("message-timestamp", "2026-06-01 12:00:00")], received.Fields);
        await sending.WaitForAsync(webhook, WebhookState.Delivered, attempts: 1);
        Assert.Equal(("HTTP 200", null), ((await sending.ReadAsync(webhook)).LastResult, (await sending.ReadAsync(webhook)).DueAt));
    }

    [Theory]
    [InlineData("Get", "sha256")]
    [InlineData("Post", "md5hash")]
    [InlineData("PostJson", "sha512")]
    [InlineData("Post", "md5")]
    [InlineData("Get", "sha1")]
    public async Task Each_format_carries_the_same_fields_signed_by_the_accounts_method(string format, string methodName)
    {
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync(Sending.Account(format, "secret", methodName));
        await sending.TellAsync(sending.Row(1, receiver.Url + (format == "Get" ? "/hook" : "/hook?own=1"), "a+b & c=d\\nПривет"));
        var received = Assert.Single(await receiver.WaitAsync(1));
        Assert.Equal(format == "Get" ? "GET" : "POST", received.Method);
        Assert.Equal(["messageId", "text", "message-timestamp", "timestamp", "nonce", "sig"], received.Fields.Select(field => field.Key));
        Assert.Equal(("a+b & c=d\nПривет", Sending.Start.ToUnixTimeSeconds().ToString()), (received["text"], received["timestamp"]));
        Assert.True(Signature.TryParseMethod(methodName, out var method));
        Assert.Equal(Signature.Sign(method, "secret", received.Fields), received["sig"]);
        Assert.True(Guid.TryParse(received["nonce"], out _));
    }

    [Fact]
    public async Task A_get_keeps_the_customers_own_query_and_its_user_becomes_basic()
    {
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync(Sending.Account("Get"));
        await sending.TellAsync(sending.Row(1, receiver.Url.Replace("http://", "http://us%40er:pass@", StringComparison.Ordinal) + "/hook?own=1"));
        var received = Assert.Single(await receiver.WaitAsync(1));
        Assert.StartsWith("?own=1&messageId=", received.Query, StringComparison.Ordinal);
        Assert.Equal("Basic " + Convert.ToBase64String("us@er:pass"u8), received.Headers.Authorization.ToString());
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(204, true)]
    [InlineData(205, true)]
    [InlineData(206, false)]
    [InlineData(302, false)]
    [InlineData(404, false)]
    [InlineData(410, false)] // Nexmo tries on after any answer but success
    [InlineData(429, false)]
    [InlineData(500, false)]
    public async Task Answers_from_200_to_205_take_it(int status, bool taken)
    {
        await using var receiver = await ScriptedServer.StartAsync();
        receiver.AnswerStatus(status);
        await using var sending = await Sending.StartAsync();
        var webhook = sending.Row(1, receiver.Url);
        await sending.TellAsync(webhook);
        await sending.WaitForAsync(webhook, taken ? WebhookState.Delivered : WebhookState.Pending, attempts: 1);
        Assert.Equal($"HTTP {status}", (await sending.ReadAsync(webhook)).LastResult);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var elsewhere = await ScriptedServer.StartAsync();
        await using var receiver = await ScriptedServer.StartAsync();
        receiver.Answer = (_, context) =>
        {
            context.Response.Redirect(elsewhere.Url);
            return Task.CompletedTask;
        };
        await using var sending = await Sending.StartAsync();
        var webhook = sending.Row(1, receiver.Url);
        await sending.TellAsync(webhook);
        await sending.WaitForAsync(webhook, WebhookState.Pending, attempts: 1);
        Assert.Empty(elsewhere.Received);
    }

    [Fact]
    public async Task It_is_tried_again_after_5_seconds_doubling_to_15_minutes_and_dead_after_24_hours()
    {
        await using var receiver = await ScriptedServer.StartAsync();
        receiver.AnswerStatus(404);
        await using var sending = await Sending.StartAsync();
        var webhook = sending.Row(1, receiver.Url);
        await sending.TellAsync(webhook);
        var delays = new List<double>();
        for (var attempts = 1; ; attempts++)
        {
            await Wait.UntilAsync(async () => (await sending.ReadAsync(webhook)).Attempts == attempts, $"try {attempts}");
            var row = await sending.ReadAsync(webhook);
            if (row.State == WebhookState.Dead)
            {
                Assert.Equal(("HTTP 404", (long?)null), (row.LastResult, row.DueAt));
                break;
            }
            delays.Add((row.DueAt!.Value - sending.Now) / 1000.0);
            await sending.PassAsync(webhook);
        }
        for (var i = 0; i < delays.Count; i++)
        {
            var plain = Math.Min(5 * Math.Pow(2, i), 900);
            Assert.InRange(delays[i], plain - 0.01, 1.2 * plain + 0.01);
        }
        Assert.InRange((sending.Time.GetUtcNow() - Sending.Start).TotalHours, 23.5, 24);
        Assert.Equal(delays.Count + 1, receiver.Received.Count);
        Assert.InRange(delays.Count, 80, 104);
    }

    [Fact]
    public async Task Time_of_push_and_nonce_are_new_with_each_try()
    {
        await using var receiver = await ScriptedServer.StartAsync();
        receiver.AnswerStatus(500);
        await using var sending = await Sending.StartAsync(Sending.Account(secret: "secret"));
        var webhook = sending.Row(1, receiver.Url);
        await sending.TellAsync(webhook);
        await sending.WaitForAsync(webhook, WebhookState.Pending, attempts: 1);
        await sending.PassAsync(webhook);
        var tries = await receiver.WaitAsync(2);
        foreach (var name in (string[])["message-timestamp", "timestamp", "nonce", "sig"])
            Assert.NotEqual(tries[0][name], tries[1][name]);
    }

    [Fact]
    public async Task Webhooks_of_one_message_keep_their_order_through_failure()
    {
        await using var receiver = await ScriptedServer.StartAsync();
        receiver.AnswerStatus(404);
        await using var sending = await Sending.StartAsync();
        WebhookRow[] webhooks = [sending.Row(7, receiver.Url, "1"), sending.Row(7, receiver.Url, "2"), sending.Row(7, receiver.Url, "3")];
        await sending.TellAsync(webhooks[..2]);
        await sending.WaitForAsync(webhooks[0], WebhookState.Pending, attempts: 1);
        await Wait.UntilAsync(async () => (await sending.ReadAsync(webhooks[1])).DueAt == (await sending.ReadAsync(webhooks[0])).DueAt, "the second waits with the first");
        await sending.TellAsync(webhooks[2]); // due now, but behind the first
        await Wait.UntilAsync(async () => (await sending.ReadAsync(webhooks[2])).DueAt == (await sending.ReadAsync(webhooks[0])).DueAt, "the third waits too");
        receiver.AnswerStatus(200);
        await sending.PassAsync(webhooks[0]);
        await sending.WaitForAsync(webhooks[2], WebhookState.Delivered, attempts: 1);
        Assert.Equal(["1", "1", "2", "3"], receiver.Received.Select(received => received["text"]));
    }

    [Fact]
    public async Task A_dead_customer_is_left_alone_and_slows_nobody()
    {
        await using var silent = await ScriptedServer.StartAsync();
        silent.Answer = (_, context) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync();
        var dead = Enumerable.Range(1, 200).Select(i => sending.Row(i, silent.Url)).ToArray();
        var alive = Enumerable.Range(1001, 200).Select(i => sending.Row(i, receiver.Url)).ToArray();
        await sending.TellAsync(dead);
        await sending.TellAsync(alive);
        // While every push to the dead one hangs.
        await silent.WaitAsync(8);
        await receiver.WaitAsync(200);
        foreach (var webhook in alive)
            await sending.WaitForAsync(webhook, WebhookState.Delivered, attempts: 1);
        sending.Time.Advance(WebhookClient.ConnectTimeout + WebhookClient.AnswerTimeout);
        // Eight time out; until the fifth has, others may take the free places, and they hang as the clock stands.
        await Wait.UntilAsync(async () =>
        {
            await using var db = sending.Store.Open();
            return db.Webhooks.Count(row => row.DueAt > sending.Now) >= 196;
        }, "the dead customer's webhooks are put off");
        Assert.InRange(silent.Received.Count, 8, 12);
        await using var after = sending.Store.Open();
        Assert.Equal(8, after.Webhooks.Count(row => row.State == WebhookState.Pending && row.Attempts == 1));
        Assert.Equal(192, after.Webhooks.Count(row => row.State == WebhookState.Pending && row.Attempts == 0));
        Assert.Equal("no answer within 15 s", (await sending.ReadAsync(dead[0])).LastResult);
    }

    [Fact]
    public void An_endpoint_that_answers_late_is_slow_until_it_has_answered_soon_for_a_while()
    {
        var endpoint = new WebhookEndpoint("https://shop.example");
        for (var i = 0; i < 30; i++) endpoint.Enqueue(new WebhookChain(i, [], endpoint));
        Assert.False(Push(answered: 12_000).Slow);
        Assert.True(Push(answered: 50).Slow);
        for (var i = 0; i < 10; i++) Push(answered: 50);
        Assert.False(Push(answered: 50).Slow);

        WebhookChain Push(double answered)
        {
            var chain = endpoint.Start();
            endpoint.Finished(answered: true, answered, now: 0);
            return chain;
        }
    }

    [Fact]
    public async Task A_customer_that_comes_back_gets_everything()
    {
        var receiver = await ScriptedServer.StartAsync();
        var (url, port) = (receiver.Url, receiver.Port);
        await receiver.DisposeAsync();
        await using var sending = await Sending.StartAsync();
        var webhooks = Enumerable.Range(1, 50).Select(i => sending.Row(i, url, $"{i}")).ToArray();
        await sending.TellAsync(webhooks);
        await Wait.UntilAsync(async () =>
        {
            await using var db = sending.Store.Open();
            return !db.Webhooks.Any(row => row.DueAt <= sending.Now);
        }, "all have failed or are put off");
        await using var back = await ScriptedServer.StartAsync(port);
        await Wait.UntilAsync(() =>
        {
            sending.Time.Advance(TimeSpan.FromSeconds(1));
            return back.Received.Select(received => received["text"]).Distinct().Count() == 50;
        }, "all 50 arrive");
    }

    [Fact]
    public async Task What_was_stored_before_the_start_goes_out_without_a_ring()
    {
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync(running: false);
        await sending.StoreAsync([.. Enumerable.Range(1, 1500).Select(i => sending.Row(i, receiver.Url, $"{i}"))]);
        await sending.RunAsync();
        await Wait.UntilAsync(() =>
        {
            if (sending.IsIdle)
                sending.Time.Advance(TimeSpan.FromSeconds(1)); // never while a push waits for its answer
            return receiver.Received.Count >= 1500;
        }, "all 1500 arrive");
        await Wait.UntilAsync(async () =>
        {
            await using var db = sending.Store.Open();
            return db.Webhooks.All(row => row.State == WebhookState.Delivered);
        }, "all are marked");
        Assert.Equal(1500, receiver.Received.Select(received => received["text"]).Distinct().Count());
        Assert.Equal(1500, receiver.Received.Count);
    }

    [Fact]
    public async Task Stopping_in_the_middle_of_a_push_keeps_the_webhook()
    {
        var entered = new TaskCompletionSource();
        await using var receiver = await ScriptedServer.StartAsync();
        receiver.Answer = async (_, context) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        };
        await using var sending = await Sending.StartAsync();
        var webhook = sending.Row(1, receiver.Url);
        await sending.TellAsync(webhook);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        await sending.StopAsync();
        var row = await sending.ReadAsync(webhook);
        Assert.Equal((WebhookState.Pending, 0), (row.State, row.Attempts));
        receiver.AnswerStatus(200);
        await sending.RunAsync();
        await sending.WaitForAsync(webhook, WebhookState.Delivered, attempts: 1);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/", "127.0.0.1 is not a public address")]
    [InlineData("http://localhost:{0}/", "is not a public address")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/", "is not a public address")]
    [InlineData("http://2130706433:{0}/", "127.0.0.1 is not a public address")]
    public async Task Private_targets_are_refused_when_the_setting_does_not_allow_them(string url, string result)
    {
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync(allowPrivateTargets: false);
        var webhook = sending.Row(1, string.Format(null, url, receiver.Port));
        await sending.TellAsync(webhook);
        await sending.WaitForAsync(webhook, WebhookState.Pending, attempts: 1);
        Assert.Contains(result, (await sending.ReadAsync(webhook)).LastResult!, StringComparison.Ordinal);
        Assert.Empty(receiver.Received);
    }

    [Theory]
    [InlineData("no url")]
    [InlineData("file:///etc/passwd")]
    [InlineData("")]
    public async Task What_is_no_url_is_told_of_and_harms_nobody(string url)
    {
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync();
        var webhook = sending.Row(1, url);
        await sending.TellAsync(webhook, sending.Row(2, receiver.Url));
        await receiver.WaitAsync(1);
        await sending.WaitForAsync(webhook, WebhookState.Pending, attempts: 1);
        Assert.Equal("the URL is not an http or https URL", (await sending.ReadAsync(webhook)).LastResult);
    }
}
