using Gateway.Store;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>What several attempts of one message have in common, and what one message may do to others.</summary>
public sealed class AttemptTests
{
    private const string A = "4940100001", B = "4940100002", Watch = $"{A} watch";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_attempt_carries_the_same_octets_at_whichever_device()
    {
        var answers = new Queue<string>(["480 Temporarily Unavailable", "503 Service Unavailable", "200 OK", "200 OK"]);
        var reports = new Queue<byte?>([(byte)22, (byte)0]);
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(A, answer: _ => answers.Dequeue(), report: _ => reports.Dequeue());
        world.Handset(Watch, answer: _ => "408 Request Timeout", tags: $"{RawUe.VolteTags};q=0.1");
        await world.RegisterAsync(Watch);
        await world.RegisterAsync(A);
        await world.SendAsync(A, MessageLane.Normal, "the same, äöü €, each time");
        await world.UntilAsync(4000);

        Assert.Contains("Delivered", world.ToString(), StringComparison.Ordinal);
        var attempts = Attempts(world, A).Concat(Attempts(world, Watch)).ToList();
        Assert.Equal(5, attempts.Count); // one of them at the watch
        // TP-OA, TP-SCTS (of the acceptance) and the text stand in it; RP-MR lets the handset recognise a repeat.
        Assert.Single(attempts.Select(attempt => Convert.ToHexString(attempt.Body)).Distinct());
        Assert.Equal(5, attempts.Select(attempt => attempt["Call-ID"]).Distinct().Count());
    }

    [Fact]
    public async Task One_message_is_under_way_to_a_handset_until_its_report_or_TR1N()
    {
        await using var world = await ScheduledWorld.StartAsync();
        byte? report = null;
        world.Handset(A, report: _ => report);
        world.Handset(B);
        await world.RegisterAsync(A);
        await world.RegisterAsync(B);
        world.Silent = 1;
        foreach (var text in (string[])["one", "two", "three"]) await world.SendAsync(A, MessageLane.Normal, text);
        await world.SendAsync(A, MessageLane.Otp, "password", "bank");
        await world.SendAsync(B, MessageLane.Normal, "another's");
        Assert.Equal(["one", "another's"], world.Attempts);

        report = 0;
        world.Silent = 0;
        await world.UntilAsync(45);
        await world.UntilAsync(400);
        Assert.Equal(["one", "another's", "password", "one", "two", "three"], world.Attempts);
    }

    [Fact]
    public async Task A_row_that_cannot_be_sent_fails_alone()
    {
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(A);
        await world.StoreAsync(A, row => (row.Content, row.UserData, row.UserDataLength) = (ContentKind.UserData, [1], 160));
        await world.SendAsync(A, MessageLane.Normal, "behind it");
        await world.RegisterAsync(A);

        Assert.Equal(["behind it"], world.Attempts);
        Assert.Contains("concluded \"\" Failed err-code=99 attempts=1 (internal fault", world.ToString(), StringComparison.Ordinal);
        Assert.Contains("concluded \"behind it\" Delivered", world.ToString(), StringComparison.Ordinal);
    }

    private static IEnumerable<RawSip> Attempts(ScheduledWorld world, string who) =>
        world.Device(who).Requests.Snapshot().Where(request => request is { IsMessage: true, Is3gppSms: true } && RpMessage.Read(request.Body).IsData);
}
