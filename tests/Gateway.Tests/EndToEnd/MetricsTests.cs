using System.Globalization;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>What an operator's Prometheus reads.</summary>
public sealed class MetricsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_are_counted_from_their_acceptance_to_their_end()
    {
        await using var gateway = new GatewayProcess();
        await gateway.StartAsync(Cancel);
        await using var handset = new RawUe("4940200001", gateway.Sip);
        await handset.RegisterAsync(Cancel);
        await gateway.SendSmsAsync(handset.Number, "counted", Cancel);
        await handset.SmsAsync(Cancel);
        var refused = await gateway.SendAsync(Cancel, ("api_key", GatewayProcess.ApiKey), ("api_secret", GatewayProcess.ApiSecret), ("from", "Bank"),
            ("to", "447700900000"), ("text", "nobody is there"));
        Assert.NotEqual("0", refused[0].Status);

        await Deadline.UntilAsync(async () => await ValueAsync("gateway_messages_concluded_total", "state=\"Delivered\"") == 1, () => "it is concluded", Cancel);
        Assert.Equal(1, await ValueAsync("gateway_messages_accepted_total", "source=\"Rest\""));
        Assert.Equal(1, await ValueAsync("gateway_messages_refused_total", "reason=\"Unroutable\""));
        Assert.Equal(1, await ValueAsync("gateway_attempts_total", "channel=\"volte\"", "next=\"Delivered\""));
        Assert.Equal(0, await ValueAsync("gateway_attempts_under_way"));
        Assert.Equal(0, await ValueAsync("gateway_store_pending"));
        Assert.InRange(await ValueAsync("gateway_store_changes_total"), 2, 100);
        Assert.InRange(await ValueAsync("gateway_store_transaction_seconds_count"), 2, 100);

        async Task<double> ValueAsync(string name, params string[] labels)
        {
            var lines = (await gateway.Http.GetStringAsync("/metrics", Cancel)).Split('\n').Where(line =>
                line.StartsWith(name + "{", StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal)));
            return lines.Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
        }
    }
}
