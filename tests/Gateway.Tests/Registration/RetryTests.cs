using Gateway.Registration;
using Gateway.Sip.Events;
using Xunit;

namespace Gateway.Tests.Registration;

/// <summary>When a subscription that has ended is made anew (RFC 6665 §4.1.2.1 and §4.1.3).</summary>
public sealed class RetryTests
{
    [Theory]
    [InlineData("deactivated", null, 0, 0.0, 0.0)]
    [InlineData("timeout", null, 0, 0.0, 0.0)]
    [InlineData("deactivated", null, 3, 36.0, 44.0)]   // a notifier that ends each one at once is not asked without pause
    [InlineData("probation", 120, 0, 120.0, 120.0)]
    [InlineData("probation", null, 0, 4.5, 5.5)]
    [InlineData("giveup", 5, 0, 5.0, 5.0)]
    [InlineData("giveup", null, 1, 9.0, 11.0)]
    [InlineData("rejected", null, 0, null, null)]
    [InlineData("noresource", 5, 0, null, null)]
    [InlineData("invariant", null, 0, null, null)]
    [InlineData("something new", null, 0, 4.5, 5.5)]
    [InlineData(null, null, 20, 810.0, 990.0)]
    public void After_the_notifiers_end(string? reason, int? retryAfter, int failures, double? earliest, double? latest) =>
        IsWithin(earliest, latest, new SubscriptionEnd(SubscriptionEndKind.Terminated, reason, null, Seconds(retryAfter)), failures);

    [Theory]
    [InlineData(SubscriptionEndKind.Refused, 403, null, null, null)]
    [InlineData(SubscriptionEndKind.Refused, 404, 5, null, null)]
    [InlineData(SubscriptionEndKind.Refused, 489, null, null, null)]
    [InlineData(SubscriptionEndKind.Refused, 405, null, null, null)]
    [InlineData(SubscriptionEndKind.Refused, 503, 17, 17.0, 17.0)]
    [InlineData(SubscriptionEndKind.Refused, 500, null, 4.5, 5.5)]
    [InlineData(SubscriptionEndKind.Unreachable, null, null, 4.5, 5.5)]
    [InlineData(SubscriptionEndKind.NotNotified, null, null, 4.5, 5.5)]
    [InlineData(SubscriptionEndKind.Lost, 481, null, 4.5, 5.5)]
    [InlineData(SubscriptionEndKind.Unsubscribed, null, null, null, null)]
    public void After_a_failure(SubscriptionEndKind kind, int? status, int? retryAfter, double? earliest, double? latest) =>
        IsWithin(earliest, latest, new SubscriptionEnd(kind, null, status, Seconds(retryAfter)), failures: 0);

    private static void IsWithin(double? earliest, double? latest, SubscriptionEnd end, int failures)
    {
        var retry = RegWatcher.RetryOf(end, failures)?.TotalSeconds;
        if (earliest is null) Assert.Null(retry);
        else Assert.InRange(retry!.Value, earliest.Value, latest!.Value);
    }

    private static TimeSpan? Seconds(int? seconds) => seconds is { } some ? TimeSpan.FromSeconds(some) : null;
}
