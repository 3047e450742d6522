using Gateway.Store;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>A mailbox that is taken from the activation that serves it, as another node's would.</summary>
public abstract class MailboxOwnerTests(PostgresCluster? cluster) : IDisposable
{
    private readonly TestDatabase _database = new(cluster);

    private const string Subscriber = "4940100001";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _database.Dispose();
    }

    [Fact]
    public async Task An_activation_that_has_lost_its_mailbox_ends_and_the_next_one_serves_it()
    {
        await using var webhooks = await WebhookReceiver.StartAsync(Cancel);
        var store = await _database.NewAsync();
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null, ("Store__Provider", store.Provider.ToString()),
            ("Store__ConnectionString", store.ConnectionString), ("Accounts__0__DeliveryReceiptUrl", webhooks.ReceiptUrl));
        await using var ue = new RawUe(Subscriber, gateway.Sip);
        await ue.RegisterAsync(Cancel);
        var first = await gateway.SendSmsAsync(Subscriber, "first", Cancel);
        Assert.Equal("first", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        await webhooks.ReceiptAsync(first, Cancel);

        await TakeAsync(store);
        var second = await gateway.SendSmsAsync(Subscriber, "second", Cancel);
        Assert.Equal("second", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        await webhooks.ReceiptAsync(second, Cancel); // it was shown, whoever owns the mailbox
        await gateway.SaysAsync("is served elsewhere by now", Cancel);

        var third = await gateway.SendSmsAsync(Subscriber, "third", Cancel);
        Assert.Equal("third", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        await webhooks.ReceiptAsync(third, Cancel);
    }

    private static async Task TakeAsync(StoreOptions options)
    {
        await using var store = new GatewayStore(options, TimeProvider.System, NullLoggerFactory.Instance);
        var change = new StoreChange();
        change.Takes.Add(new MailboxTake(Subscriber, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()));
        await store.Writer.WriteAsync(change, Cancel);
    }
}

public sealed class SqliteMailboxOwnerTests() : MailboxOwnerTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresMailboxOwnerTests(PostgresCluster cluster) : MailboxOwnerTests(cluster);
