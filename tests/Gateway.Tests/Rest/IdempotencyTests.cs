using System.Net;
using System.Text.Json;
using Gateway.Acceptance;
using Gateway.Rest;
using Gateway.Store;
using Gateway.Tests.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Gateway.Tests.Rest.Replies;

namespace Gateway.Tests.Rest;

/// <summary>Requests that come again, by Idempotency-Key and by content: on the same node, on another, after a restart, and at the same time.</summary>
public abstract class IdempotencyTests(PostgresCluster? cluster) : IAsyncLifetime
{
    private const string Header = "Idempotency-Key";
    private readonly TestDatabase _database = new(cluster);
    private StoreOptions _store = null!;
    private GatewayOverHttp _gateway = null!;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await _database.NewAsync();
        _gateway = await NodeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _gateway.DisposeAsync();
        _database.Dispose();
    }

    [Theory]
    [InlineData("/sms/json")]
    [InlineData("/v1/sms/json")]
    [InlineData("/sms/xml")]
    public async Task The_same_request_under_the_same_key_gets_the_same_reply_on_any_node_and_after_a_restart(string path)
    {
        var first = await TextAsync(_gateway, Whole + "&client-ref=r1&ttl=60000", "key-1", path);
        // The order of fields and a new timestamp make no other request.
        var again = await TextAsync(_gateway, "ttl=60000&client-ref=r1&timestamp=1&" + Whole, "key-1", path);
        await using (var node = await NodeAsync())
            Assert.Equal(first, await TextAsync(node, Whole + "&client-ref=r1&ttl=60000", "key-1", path));
        await _gateway.DisposeAsync();
        _gateway = await NodeAsync();
        var restarted = await TextAsync(_gateway, Whole + "&client-ref=r1&ttl=60000", "key-1", path);

        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Contains(MessageId.Format(row.Id), first);
        Assert.Equal((first, first), (again, restarted));
    }

    [Fact]
    public async Task A_long_texts_ids_come_again_all_of_them()
    {
        var form = Key + "&from=AcmeInc&to=4940111&text=" + new string('a', 400);
        var first = await ReadAsync(await PostAsync(_gateway, form, "long"));
        var again = await ReadAsync(await PostAsync(_gateway, form, "long"));
        first.IsAccepted(segments: 3);
        Assert.Equal(first, again);
    }

    [Theory]
    [InlineData("&text=Other")]
    [InlineData("&ttl=30000")]
    [InlineData("&status-report-req=0")]
    [InlineData("&client-ref=x")]
    [InlineData("&callback=http%3A%2F%2Fexample.org")]
    [InlineData("&type=unicode")]
    public async Task Another_request_under_the_same_key_is_a_conflict(string change)
    {
        (await ReadAsync(await PostAsync(_gateway, Whole, "key-2"))).IsAccepted();

        // Of a name that comes twice the first counts.
        using var response = await PostAsync(_gateway, change[1..] + "&" + Whole, "key-2");

        await IsProblemAsync(response, HttpStatusCode.Conflict, "key-2");
        Assert.Single(await _gateway.MessagesAsync());
    }

    [Fact]
    public async Task Keys_are_an_accounts_own_and_written_exactly()
    {
        (await ReadAsync(await PostAsync(_gateway, Whole, "k"))).IsAccepted();
        (await ReadAsync(await PostAsync(_gateway, Whole, "K"))).IsAccepted();
        (await ReadAsync(await PostAsync(_gateway, Whole.Replace("bank0001", "shop0002", StringComparison.Ordinal) + "&x=1", "k"))).IsAccepted();
        Assert.Equal(3, (await _gateway.MessagesAsync()).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData(null)]
    public async Task A_key_that_is_none_is_a_bad_request(string? key)
    {
        using var response = await PostAsync(_gateway, Whole, key ?? new string('k', 256));
        await IsProblemAsync(response, HttpStatusCode.BadRequest, Header);
        Assert.Empty(await _gateway.MessagesAsync());
    }

    [Fact]
    public async Task A_key_may_be_as_long_as_it_may_be() =>
        (await ReadAsync(await PostAsync(_gateway, Whole, new string('~', 255)))).IsAccepted();

    [Fact]
    public async Task A_refused_request_is_not_remembered()
    {
        (await ReadAsync(await PostAsync(_gateway, Key + "&from=A&text=x&to=4799999999", "key-3"))).IsRefused(6, "Unroutable message - rejected");
        (await ReadAsync(await PostAsync(_gateway, Whole, "key-3"))).IsAccepted();
    }

    [Fact]
    public async Task Many_at_once_on_two_nodes_are_one_message()
    {
        await using var other = await NodeAsync();
        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => TextAsync(i % 2 == 0 ? _gateway : other, Whole, "key-4")));

        Assert.Single(await _gateway.MessagesAsync());
        Assert.Single(replies.Distinct());
    }

    [Fact]
    public async Task While_the_first_is_being_written_the_same_waits_and_another_is_a_conflict()
    {
        var request = SmsRequest.Read(RequestFields.Of(System.Text.Encoding.UTF8.GetBytes(Whole)), 20_000, out _);
        var submission = request!.Value.ToSubmission(GatewayOverHttp.Account(), MessageLane.Normal, "key-5");
        Task<AcceptanceResult> first;
        Task<string> again;
        using (var gate = await WriterGate.CloseAsync(_gateway.Store.Writer, Cancel))
        {
            first = _gateway.Service<Acceptor>().AcceptAsync(submission, Cancel);
            again = TextAsync(_gateway, Whole, "key-5");
            using var conflict = await PostAsync(_gateway, Whole + "&ttl=30000", "key-5");
            Assert.Equal(HttpStatusCode.Conflict, conflict.StatusCode);
            Assert.False(first.IsCompleted || again.IsCompleted);
            gate.Open();
        }
        Assert.Contains(MessageId.Format((await first).Id), await again);
        Assert.Single(await _gateway.MessagesAsync());
    }

    [Fact]
    public async Task A_key_is_forgotten_after_24_hours()
    {
        (await ReadAsync(await PostAsync(_gateway, Whole, "key-6"))).IsAccepted();
        _gateway.Time.Advance(Repeats.KeyLifetime - TimeSpan.FromMilliseconds(1));
        (await ReadAsync(await PostAsync(_gateway, Whole, "key-6"))).IsAccepted();
        Assert.Single(await _gateway.MessagesAsync());
        _gateway.Time.Advance(TimeSpan.FromMilliseconds(1));
        (await ReadAsync(await PostAsync(_gateway, Whole + "&ttl=30000", "key-6"))).IsAccepted();
        Assert.Equal(2, (await _gateway.MessagesAsync()).Count);
    }

    [Fact]
    public async Task Old_keys_are_purged_in_batches_and_young_ones_stay()
    {
        for (var i = 0; i < 7; i++)
        {
            (await ReadAsync(await PostAsync(_gateway, Whole, $"old-{i}"))).IsAccepted();
            _gateway.Time.Advance(TimeSpan.FromSeconds(1));
        }
        _gateway.Time.Advance(Repeats.KeyLifetime - TimeSpan.FromSeconds(3)); // five of them are over
        var purge = new KeyPurge(_gateway.Store, _gateway.Time, NullLogger<KeyPurge>.Instance);
        await purge.PurgeAsync(batch: 2, Cancel);
        await using var db = _gateway.Store.Open();
        Assert.Equal(["old-5", "old-6"], await db.IdempotencyKeys.OrderBy(key => key.Key).Select(key => key.Key).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Within_the_accounts_window_the_same_content_is_the_first_message()
    {
        const string form = "api_key=shop0002&api_secret=s3cret-s3cret&from=AcmeInc&to=4940111&text=";
        var first = await TextAsync(_gateway, form + "Hello", key: null);
        _gateway.Time.Advance(TimeSpan.FromMilliseconds(29_999));
        await using var other = await NodeAsync();
        other.Time.Advance(TimeSpan.FromMilliseconds(29_999));

        Assert.Equal(first, await TextAsync(other, form + "Hello&ttl=60000", key: null));
        var keyed = await TextAsync(_gateway, form + "Hello", "new-key");
        Assert.Equal(first, keyed);
        Assert.Single(await _gateway.MessagesAsync());

        (await _gateway.FormAsync(form + "hello")).IsAccepted();
        (await _gateway.FormAsync(form.Replace("4940111", "4940112", StringComparison.Ordinal) + "Hello")).IsAccepted();
        (await _gateway.FormAsync(form.Replace("AcmeInc", "Acme", StringComparison.Ordinal) + "Hello")).IsAccepted();
        (await _gateway.FormAsync(Whole)).IsAccepted(); // another account, without a window
        (await _gateway.FormAsync(Whole)).IsAccepted();
        _gateway.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotEqual(first, await TextAsync(_gateway, form + "Hello", key: null));
        Assert.Equal(keyed, await TextAsync(_gateway, form + "Hello", "new-key")); // remembered for its own time
        Assert.Equal(7, (await _gateway.MessagesAsync()).Count);
    }

    [Fact]
    public async Task Many_of_the_same_content_at_once_are_one_message()
    {
        await using var other = await NodeAsync();
        const string form = "api_key=shop0002&api_secret=s3cret-s3cret&from=AcmeInc&to=4940111&text=once";
        var replies = await Task.WhenAll(Enumerable.Range(0, 40)
            .Select(i => TextAsync(i % 2 == 0 ? _gateway : other, form, i % 3 == 0 ? $"key-{i}" : null)));

        Assert.Single(await _gateway.MessagesAsync());
        Assert.Single(replies.Distinct());
    }

    private Task<GatewayOverHttp> NodeAsync() => GatewayOverHttp.StartAsync(new GatewaySettings
    {
        Numbering = new NumberingSettings { CountryCode = "49", LocalPrefixes = ["4940"] },
        Accounts =
        [
            GatewayOverHttp.Account(),
            new AccountSettings { ApiKey = "shop0002", ApiSecret = "s3cret-s3cret", MaxRequestsPerSecond = 1000, DuplicateWindowSeconds = 30 },
        ],
    }, _store);

    private static async Task<string> TextAsync(GatewayOverHttp gateway, string form, string? key, string path = "/sms/json")
    {
        using var response = await PostAsync(gateway, form, key, path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(Cancel);
    }

    private static async Task<HttpResponseMessage> PostAsync(GatewayOverHttp gateway, string form, string? key, string path = "/sms/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Body(form, "application/x-www-form-urlencoded") };
        if (key is not null) request.Headers.TryAddWithoutValidation(Header, key);
        return await gateway.Client.SendAsync(request, Cancel);
    }

    /// <summary>RFC 9457.</summary>
    private static async Task IsProblemAsync(HttpResponseMessage response, HttpStatusCode status, string named)
    {
        Assert.Equal((status, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal((int)status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Contains(Header, problem.RootElement.GetProperty("title").GetString());
        Assert.Contains(named, problem.RootElement.GetProperty("detail").GetString());
    }
}

public sealed class SqliteIdempotencyTests() : IdempotencyTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresIdempotencyTests(PostgresCluster cluster) : IdempotencyTests(cluster);
