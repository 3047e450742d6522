using System.Net;
using System.Net.Sockets;
using Gateway.Store;
using Gateway.Webhooks;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Webhooks;

/// <summary>What happens to webhooks while something does not work for long, and what others notice of it.</summary>
public sealed class WebhookOutageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_customer_that_fails_for_hours_is_asked_rarely_and_gets_everything_once_when_it_is_back()
    {
        const int Count = 100;
        await using var receiver = await ScriptedServer.StartAsync();
        receiver.AnswerStatus(503);
        await using var sending = await Sending.StartAsync();
        await sending.TellAsync([.. Enumerable.Range(1, Count).Select(i => sending.Row(i, receiver.Url, $"{i}"))]);
        await PassAsync(sending, TimeSpan.FromHours(4));
        // Without the pauses it would be 24 tries of each in this time.
        var refused = receiver.Received.Count;
        Assert.InRange(refused, 40, 400);

        receiver.AnswerStatus(200);
        await PassAsync(sending, TimeSpan.FromMinutes(25)); // the longest step with its jitter, and a pause behind it
        Assert.Equal(Count, receiver.Received.Count - refused);
        Assert.Equal(Count, receiver.Received.Skip(refused).Select(received => received["text"]).Distinct().Count());
        await using var db = sending.Store.Open();
        Assert.All(await db.Webhooks.ToListAsync(Cancel), row => Assert.Equal((WebhookState.Delivered, (long?)null), (row.State, row.DueAt)));
    }

    [Fact]
    public async Task A_slow_customer_gets_his_webhooks_and_others_do_not_wait_for_him()
    {
        await using var slow = await ScriptedServer.StartAsync();
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync();
        slow.Answer = (_, context) => Task.Delay(TimeSpan.FromSeconds(10), sending.Time, context.RequestAborted);
        var late = Enumerable.Range(1, 30).Select(i => sending.Row(i, slow.Url)).ToArray();
        await sending.TellAsync(late);
        await slow.WaitAsync(8);
        await sending.TellAsync([.. Enumerable.Range(1001, 50).Select(i => sending.Row(i, receiver.Url))]);
        await receiver.WaitAsync(50); // though the clock stands
        for (var answered = 0; answered < late.Length; answered += 8)
        {
            await slow.WaitAsync(Math.Min(answered + 8, late.Length));
            sending.Time.Advance(TimeSpan.FromSeconds(10));
        }
        foreach (var webhook in late)
            await sending.WaitForAsync(webhook, WebhookState.Delivered, attempts: 1);
    }

    [Fact]
    public async Task A_dead_webhook_that_is_pushed_again_lives_for_another_day()
    {
        await using var receiver = await ScriptedServer.StartAsync();
        receiver.AnswerStatus(410);
        await using var sending = await Sending.StartAsync();
        var webhook = sending.Row(1, receiver.Url);
        await sending.TellAsync(webhook);
        for (var day = 0; day < 2; day++)
        {
            await Wait.UntilAsync(async () =>
            {
                if (sending.IsIdle)
                    sending.Time.Advance(TimeSpan.FromMinutes(10));
                return (await sending.ReadAsync(webhook)).State == WebhookState.Dead;
            }, "it is dead");
            Assert.InRange((sending.Time.GetUtcNow() - Sending.Start).TotalHours, 23.5 * (day + 1), 25 * (day + 1));
            await sending.Store.Writer.WriteAsync(WebhookAgain.Change([await sending.ReadAsync(webhook)], sending.Now), Cancel);
            sending.Bell.Ring(webhook.MessageId);
        }
        receiver.AnswerStatus(200);
        await Wait.UntilAsync(async () =>
        {
            if (sending.IsIdle)
                sending.Time.Advance(TimeSpan.FromSeconds(10));
            return (await sending.ReadAsync(webhook)).State == WebhookState.Delivered;
        }, "it is taken");
    }

    [Fact]
    public async Task An_answer_has_15_seconds_and_a_late_one_counts_for_nothing()
    {
        await using var silent = await ScriptedServer.StartAsync();
        silent.Answer = (_, context) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        await using var sending = await Sending.StartAsync();
        var webhook = sending.Row(1, silent.Url);
        await sending.TellAsync(webhook);
        await silent.WaitAsync(1);
        sending.Time.Advance(TimeSpan.FromSeconds(14.9));
        Assert.Equal(0, (await sending.ReadAsync(webhook)).Attempts);
        sending.Time.Advance(TimeSpan.FromSeconds(0.1));
        await sending.WaitForAsync(webhook, WebhookState.Pending, attempts: 1);
        Assert.Equal("no answer within 15 s", (await sending.ReadAsync(webhook)).LastResult);
    }

    [Fact]
    public async Task A_connection_has_3_seconds()
    {
        // With its queue of connections full, Linux leaves further ones unanswered, as a firewall would.
        using var deaf = new Socket(SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        var address = (IPEndPoint)deaf.LocalEndPoint!;
        var waiting = Enumerable.Range(0, 4).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToList();
        foreach (var socket in waiting)
            _ = socket.ConnectAsync(address, Cancel).AsTask();
        await Wait.UntilAsync(() => waiting.Any(socket => socket.Connected), "its queue is full");

        await using var sending = await Sending.StartAsync();
        var webhook = sending.Row(1, $"http://{address}/");
        await sending.TellAsync(webhook);
        await sending.WaitForAsync(webhook, WebhookState.Pending, attempts: 1);
        Assert.Contains("ConnectTimeout", (await sending.ReadAsync(webhook)).LastResult!, StringComparison.Ordinal);
        waiting.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task On_a_server_that_two_accounts_share_the_faults_of_one_are_not_the_others()
    {
        await using var shared = await ScriptedServer.StartAsync();
        shared.Answer = (received, context) =>
        {
            context.Response.StatusCode = received.Path == "/broken" ? 500 : 200;
            return Task.CompletedTask;
        };
        await using var sending = await Sending.StartAsync();
        var broken = Enumerable.Range(1, 20).Select(i => sending.Row(i, shared.Url + "/broken")).ToArray();
        await sending.TellAsync(broken);
        await Wait.UntilAsync(async () =>
        {
            await using var db = sending.Store.Open();
            return !db.Webhooks.Any(row => row.DueAt <= sending.Now);
        }, "the broken one is left alone");

        var webhook = sending.Row(99, shared.Url + "/fine");
        webhook.Account = Sending.Other.ApiKey;
        await sending.TellAsync(webhook);
        await sending.WaitForAsync(webhook, WebhookState.Delivered, attempts: 1);
    }

    [Fact]
    public async Task Many_customers_that_fall_silent_together_delay_the_others_by_a_second()
    {
        await using var silent = await ScriptedServer.StartAsync();
        silent.Answer = (_, context) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync();
        // Together they want more places than there are.
        await sending.TellAsync([.. Enumerable.Range(0, 600).Select(i =>
        {
            var webhook = sending.Row(i + 1, silent.Url);
            webhook.Account = Sending.Many[i % 60].ApiKey;
            return webhook;
        })]);
        await silent.WaitAsync(256);
        var alive = Enumerable.Range(1001, 50).Select(i => sending.Row(i, receiver.Url)).ToArray();
        await sending.TellAsync(alive);
        sending.Time.Advance(TimeSpan.FromSeconds(1));
        await receiver.WaitAsync(50);
        foreach (var webhook in alive)
            await sending.WaitForAsync(webhook, WebhookState.Delivered, attempts: 1);
        await silent.WaitAsync(480); // eight of each account
        await using var db = sending.Store.Open();
        Assert.False(db.Webhooks.Any(row => row.State == WebhookState.Pending && row.Attempts > 0)); // none of the silent ones has been given up yet
    }

    [Fact]
    public async Task What_another_node_wrote_before_goes_out_before()
    {
        await using var receiver = await ScriptedServer.StartAsync();
        await using var sending = await Sending.StartAsync(running: false);
        sending.Store.Nodes.Join(0);
        WebhookRow[] webhooks = [sending.Row(7, receiver.Url, "own"), sending.Row(7, receiver.Url, "foreign"), sending.Row(7, receiver.Url, "behind")];
        await sending.StoreAsync(webhooks);
        var foreign = webhooks[1].Id;
        await WriteAsync(sending, db =>
        {
            db.Members.Add(new MemberRow { Silo = "other", Node = 1, Status = 3 });
            db.SaveChanges();
            db.Webhooks.Where(row => row.Id == foreign).ExecuteUpdate(set => set.SetProperty(row => row.Node, (short)1));
        });
        await sending.RunAsync();
        await sending.WaitForAsync(webhooks[0], WebhookState.Delivered, attempts: 1);
        await PassAsync(sending, TimeSpan.FromSeconds(10));
        Assert.Equal(["own"], receiver.Received.Select(received => received["text"]));

        await WriteAsync(sending, db => db.Webhooks.Where(row => row.Id == foreign)
            .ExecuteUpdate(set => set.SetProperty(row => row.State, WebhookState.Delivered).SetProperty(row => row.DueAt, (long?)null)));
        await PassAsync(sending, TimeSpan.FromSeconds(3));
        Assert.Equal(["own", "behind"], receiver.Received.Select(received => received["text"]));
    }

    [Fact]
    public void A_silent_endpoint_takes_the_places_of_the_slow_ones()
    {
        var endpoint = new WebhookEndpoint("shop0002 at https://shop.example");
        endpoint.Enqueue(new WebhookChain(1, [], endpoint));
        endpoint.Start();
        endpoint.Finished(answered: false, 15_000, now: 0);
        Assert.True(endpoint.IsSlow);
    }

    [Fact]
    public void The_password_in_a_url_stays_out_of_the_log() => Assert.Equal("bank0001 at http://shop.example:8080",
        WebhookSender.NameOf(new WebhookRow { Account = "bank0001", Url = "http://user:secret@shop.example:8080/hook?token=secret" }));

    /// <summary>Lets time go by in steps, each when everything that was due in the one before has been looked at.</summary>
    private static async Task PassAsync(Sending sending, TimeSpan time)
    {
        var step = TimeSpan.FromSeconds(Math.Clamp(time.TotalSeconds / 240, 1, 60));
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            sending.Time.Advance(step);
            await Wait.UntilAsync(async () =>
            {
                await using var db = sending.Store.Open();
                if (!db.Webhooks.Any(row => row.DueAt <= sending.Now && row.Node == 0))
                    return true;
                if (sending.IsIdle)
                    sending.Time.Advance(TimeSpan.FromSeconds(1)); // it has looked, and looks again in a second
                return false;
            }, "what is due is done or put off");
        }
    }

    private static ValueTask WriteAsync(Sending sending, Action<GatewayDb> write) =>
        sending.Store.Writer.WriteAsync(new StoreChange { Other = write }, Cancel);
}
