using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Rest;

/// <summary>Nexmo's search and conversions, over messages that are under way and over those in the history.</summary>
public sealed class SearchTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_found_while_it_is_under_way_and_when_it_is_history()
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        var id = (await gateway.FormAsync(Replies.Whole + "&client-ref=my-ref"))[0]["message-id"];
        var waiting = await GetAsync(gateway, $"search/message?id={id}&{Replies.Key}");
        Assert.Equal(
            "message-id account-id network from to body price date-received status type error-code error-code-label client-ref".Split(' ').Order(),
            waiting.AsObject().Select(field => field.Key).Order());
        Assert.Equal((id, "bank0001", "AcmeInc", "4940111", "Hello", "2026-06-01 12:00:00", "ACCEPTD", "MT", "my-ref"),
            (Text(waiting, "message-id"), Text(waiting, "account-id"), Text(waiting, "from"), Text(waiting, "to"), Text(waiting, "body"),
                Text(waiting, "date-received"), Text(waiting, "status"), Text(waiting, "type"), Text(waiting, "client-ref")));

        await ConcludeAsync(gateway, MessageState.Failed, errorCode: 10);
        var done = await GetAsync(gateway, $"search/message?id={id}&{Replies.Key}");
        Assert.Equal(("UNDELIV", "UNDELIV", "10", "Invalid Message", "2026-06-01 12:00:05", 5000L),
            (Text(done, "status"), Text(done, "final-status"), Text(done, "error-code"), Text(done, "error-code-label"), Text(done, "date-closed"),
                (long)done["latency"]!));
    }

    [Fact]
    public async Task Basic_credentials_do_and_wrong_ones_are_refused_in_nexmos_words()
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        var id = (await gateway.FormAsync(Replies.Whole))[0]["message-id"];
        gateway.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("bank0001:s3cret-s3cret"u8));
        Assert.Equal(id, Text(await GetAsync(gateway, $"search/message?id={id}"), "message-id"));
        gateway.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("bank0001:wrong"u8));
        var refused = await GetAsync(gateway, $"search/message?id={id}", HttpStatusCode.Unauthorized);
        Assert.Equal(("401", "authentication failed"), (Text(refused, "error-code"), Text(refused, "error-code-label")));
    }

    [Fact]
    public async Task Nobody_finds_the_messages_of_others()
    {
        var settings = GatewayOverHttp.Settings();
        settings.Accounts.Add(new AccountSettings { ApiKey = "shop0002", ApiSecret = "other-secret" });
        await using var gateway = await GatewayOverHttp.StartAsync(settings);
        var id = (await gateway.FormAsync(Replies.Whole))[0]["message-id"];
        const string Other = "api_key=shop0002&api_secret=other-secret";
        await GetAsync(gateway, $"search/message?id={id}&{Other}", HttpStatusCode.NotFound);
        Assert.Equal(0, (int)(await GetAsync(gateway, $"search/messages?ids={id}&{Other}"))["count"]!);
        Assert.Equal(0, (int)(await GetAsync(gateway, $"search/messages?date=2026-06-01&to=4940111&{Other}"))["count"]!);
        Assert.Equal(423, await PostAsync(gateway, $"{Other}&message-id={id}&delivered=1"));
    }

    [Fact]
    public async Task What_came_to_an_applications_number_is_found_by_its_account()
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        var change = new StoreChange();
        change.NewMessages.Add(new ShortMessageRow
        {
            Id = MessageId.FirstOf(GatewayOverHttp.Start.ToUnixTimeMilliseconds()), Source = MessageSource.Volte, Route = RouteKind.Application,
            Recipient = "4940999", Originator = "4940111", Text = "Stop", AcceptedAt = GatewayOverHttp.Start.ToUnixTimeMilliseconds(), DueAt = 1, ExpiresAt = 2,
        });
        await gateway.Store.Writer.WriteAsync(change, Cancel);
        var found = await GetAsync(gateway, $"search/message?id={MessageId.Format(change.NewMessages[0].Id)}&{Replies.Key}");
        Assert.Equal(("MO", "Stop", "4940111"), (Text(found, "type"), Text(found, "body"), Text(found, "from")));
        Assert.False(found.AsObject().ContainsKey("price"));
    }

    [Fact]
    public async Task Messages_are_found_by_ids_and_by_day_and_recipient()
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        var ids = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            ids.AddRange((await gateway.FormAsync($"{Replies.Key}&from=AcmeInc&to=494011{i % 2}&text={new string('x', i == 2 ? 200 : 10)}")).Select(part => part["message-id"]));
            gateway.Time.Advance(TimeSpan.FromHours(5)); // the fourth is tomorrow's
        }
        Assert.Equal([ids[0], ids[2]], Found(await GetAsync(gateway, $"search/messages?ids={ids[0]}&ids={ids[2]}&ids=0A00000000000000&{Replies.Key}")));
        Assert.Equal([ids[2], ids[3], ids[0]], Found(await GetAsync(gateway, $"search/messages?date=2026-06-01&to=4940110&{Replies.Key}")));
        Assert.Equal([ids[1]], Found(await GetAsync(gateway, $"search/messages?date=2026-06-01&to=%2B4940111&{Replies.Key}")));
        Assert.Equal([ids[4]], Found(await GetAsync(gateway, $"search/messages?date=2026-06-02&to=4940111&{Replies.Key}")));

        static IEnumerable<string> Found(JsonNode reply)
        {
            var items = reply["items"]!.AsArray();
            Assert.Equal(items.Count, (int)reply["count"]!);
            return items.Select(item => Text(item!, "message-id"));
        }
    }

    [Theory]
    [InlineData("search/message?", "id")]
    [InlineData("search/messages?", "date")]
    [InlineData("search/messages?date=2026-06-01&", "to")]
    [InlineData("search/messages?date=01.06.2026&to=4940111&", "date")]
    [InlineData("search/messages?date=2026-06-01&to=nobody&", "to")]
    [InlineData("search/messages?ids=1&ids=2&ids=3&ids=4&ids=5&ids=6&ids=7&ids=8&ids=9&ids=10&ids=11&", "ids")]
    public async Task What_is_wrong_with_a_search_is_named(string path, string parameter)
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        var refused = await GetAsync(gateway, path + Replies.Key, HttpStatusCode.BadRequest);
        Assert.Equal(("BAD_REQUEST", "Bad Request"), (Text(refused, "type"), Text(refused, "error_title")));
        Assert.Equal([parameter], refused["invalid_parameters"]!.AsObject().Select(field => field.Key));
    }

    [Fact]
    public async Task Searching_more_than_the_accounts_rate_is_refused()
    {
        await using var gateway = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(GatewayOverHttp.Account(rate: 1)));
        await GetAsync(gateway, $"search/message?id=1&{Replies.Key}", HttpStatusCode.NotFound);
        await GetAsync(gateway, $"search/message?id=1&{Replies.Key}", HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task A_conversion_is_kept_with_the_messages_attempts_a_few_times_at_most()
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        var id = (await gateway.FormAsync(Replies.Whole))[0]["message-id"];
        Assert.Equal(200, await PostAsync(gateway, $"{Replies.Key}&message-id={id}&delivered=True&timestamp=2026-06-01+11%3A59%3A00"));
        Assert.Equal(200, await PostAsync(gateway, $"{Replies.Key}&message-id={id}&delivered=0"));
        var row = Assert.Single(await gateway.MessagesAsync());
        Assert.Equal(
            [("conversion", "the account reports success", -60_000L), ("conversion", "the account reports no success", 0)],
            (await gateway.Store.DueMessages.AttemptsOfAsync(row.Id, Cancel)).Select(attempt =>
                (attempt.Channel, attempt.Outcome, attempt.StartedAt - GatewayOverHttp.Start.ToUnixTimeMilliseconds())));
        for (var i = 0; i < 20; i++)
            Assert.Equal(200, await PostAsync(gateway, $"{Replies.Key}&message-id={id}&delivered=1"));
        Assert.Equal(8, (await gateway.Store.DueMessages.AttemptsOfAsync(row.Id, Cancel)).Count);
    }

    [Theory]
    [InlineData("delivered=1", 420)]
    [InlineData("message-id=0A00000000000001", 420)]
    [InlineData("message-id=0A00000000000001&delivered=1", 423)]
    [InlineData("message-id=0A00000000000001&delivered=perhaps", 423)]
    [InlineData("message-id=0A00000000000001&delivered=1&timestamp=noon", 423)]
    public async Task A_conversion_that_says_nothing_is_refused(string form, int status)
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        Assert.Equal(status, await PostAsync(gateway, $"{Replies.Key}&{form}"));
        Assert.Equal(401, await PostAsync(gateway, form));
    }

    private static string Text(JsonNode reply, string name) => (string)reply[name]!;

    private static async Task ConcludeAsync(GatewayOverHttp gateway, MessageState state, byte errorCode)
    {
        var row = Assert.Single(await gateway.MessagesAsync());
        var change = new StoreChange();
        change.Progress.Add(new MessageProgress { Id = row.Id, State = state, ErrorCode = errorCode, ConcludedAt = row.AcceptedAt + 5000 });
        await gateway.Store.Writer.WriteAsync(change, Cancel);
        for (var after = 0L; await gateway.Store.History.MoveAsync(after, row.AcceptedAt + 10_000, Cancel) is { } step; after = step.After) { }
        Assert.Empty(await gateway.MessagesAsync());
    }

    private static async Task<int> PostAsync(GatewayOverHttp gateway, string form)
    {
        using var response = await gateway.Client.PostAsync("/conversions/sms", Replies.Body(form, "application/x-www-form-urlencoded"), Cancel);
        return (int)response.StatusCode;
    }

    private static async Task<JsonNode> GetAsync(GatewayOverHttp gateway, string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await gateway.Client.GetAsync($"/{path}", Cancel);
        var body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(status == response.StatusCode, $"{response.StatusCode} {body}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(body)!;
    }
}
