using System.Globalization;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// kill -9 of the real program, whose handsets are at its own registrar: what was answered with status 0 arrives, in order, and what is concluded
/// is not shown again.
/// </summary>
public abstract class CrashTests
{
    private const int Messages = 500;
    private const string Subscriber = "4940100001";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_accepted_for_an_unregistered_handset_survives_kill_9()
    {
        await using var gateway = await StartAsync();
        for (var i = 1; i <= Messages; i++) await gateway.SendSmsAsync(Subscriber, Text(i), Cancel);
        await gateway.KillAsync();
        await gateway.StartAsync(Cancel);

        await using var ue = new RawUe(Subscriber, gateway.Sip);
        await ue.RegisterAsync(Cancel);

        for (var i = 1; i <= Messages; i++) Assert.Equal(Text(i), (await ue.SmsAsync(Cancel)).Tpdu.Text);
        // Nothing is left that another registration could bring.
        await ue.DeregisterAsync(Cancel);
        await ue.RegisterAsync(Cancel);
        await gateway.SendSmsAsync(Subscriber, "the end", Cancel);
        Assert.Equal("the end", (await ue.SmsAsync(Cancel)).Tpdu.Text);
    }

    [Fact]
    public async Task Delivery_goes_on_after_kill_9_without_a_new_registration_and_repeats_only_what_was_under_way()
    {
        await using var gateway = await StartAsync();
        for (var i = 1; i <= Messages; i++) await gateway.SendSmsAsync(Subscriber, Text(i), Cancel);
        await using var ue = new RawUe(Subscriber, gateway.Sip);
        await ue.RegisterAsync(Cancel);

        var shown = new List<string>();
        while (shown.Count < Messages / 3) shown.Add((await ue.SmsAsync(Cancel)).Tpdu.Text);
        await gateway.KillAsync();
        await gateway.StartAsync(Cancel);
        while (shown[^1] != Text(Messages)) shown.Add((await ue.SmsAsync(Cancel)).Tpdu.Text);

        Assert.Equal(Enumerable.Range(1, Messages).Select(Text), shown.Distinct());
        // One message is under way at a time, so at most that one is told twice, and next to itself.
        Assert.InRange(shown.Count, Messages, Messages + 1);
        Assert.All(shown.GroupBy(text => text).Where(group => group.Count() > 1),
            repeated => Assert.Equal(shown.IndexOf(repeated.Key) + 1, shown.LastIndexOf(repeated.Key)));
    }

    [Fact]
    public async Task A_stopped_and_started_gateway_needs_no_new_registration()
    {
        await using var gateway = await StartAsync();
        await using var overUdp = new RawUe(Subscriber, gateway.Sip);
        await overUdp.RegisterAsync(Cancel);
        await gateway.SendSmsAsync(Subscriber, "before", Cancel);
        Assert.Equal("before", (await overUdp.SmsAsync(Cancel)).Tpdu.Text);

        Assert.Equal(0, await gateway.StopAsync(Cancel));
        await gateway.StartAsync(Cancel);

        await gateway.SendSmsAsync(Subscriber, "after", Cancel);
        Assert.Equal("after", (await overUdp.SmsAsync(Cancel)).Tpdu.Text);
    }

    private protected abstract Task<GatewayProcess> StartAsync();

    private static string Text(int number) => $"message {number.ToString(CultureInfo.InvariantCulture)}";
}

public sealed class SqliteCrashTests : CrashTests
{
    private protected override Task<GatewayProcess> StartAsync() => GatewayProcess.StartAsync(TestContext.Current.CancellationToken);
}

[Trait("Category", "Postgres")]
public sealed class PostgresCrashTests(PostgresCluster cluster) : CrashTests
{
    private protected override async Task<GatewayProcess> StartAsync()
    {
        var cancel = TestContext.Current.CancellationToken;
        return await GatewayProcess.StartAsync(cancel, null,
            ("Store__Provider", "Postgres"), ("Store__ConnectionString", await cluster.NewDatabaseAsync(cancel)));
    }
}
