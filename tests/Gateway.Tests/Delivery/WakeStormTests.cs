using System.Threading.Channels;
using Gateway.Store;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>
/// A core comes back and all its subscribers register at once, a message waiting for each. The clock stands still, so nothing is given up for its
/// silence, and the edge in front of them answers a few MESSAGEs at a time, when it has as many as it will get.
/// </summary>
public sealed class WakeStormTests
{
    private const int Subscribers = 2000, Slots = 40, ForOthers = Slots - Slots / 4, AtATime = 10;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_are_delivered_within_the_slots_of_the_next_hop_and_a_password_overtakes_them()
    {
        await using var world = await ScheduledWorld.StartAsync(sendSlots: Slots);
        var numbers = Enumerable.Range(1, Subscribers).Select(i => $"494010{i:0000}").ToList();
        await world.BacklogAsync(numbers.Select(number => (number, $"for {number}")));
        var arrivals = Channel.CreateUnbounded<RawSip>();
        var edge = world.Edge(message => arrivals.Writer.TryWrite(message));

        const string other = "4940109999"; // registered before, with nothing waiting
        await ScheduledWorld.RegisterAtAsync(edge, other);
        var registering = Parallel.ForEachAsync(numbers, new ParallelOptions { MaxDegreeOfParallelism = 50, CancellationToken = Cancel },
            async (number, _) => await ScheduledWorld.RegisterAtAsync(edge, number));
        var (open, texts, most, password) = (new Queue<RawSip>(), new List<string>(), 0, (AcceptedAfter: 0, ArrivedAs: 0));
        while (texts.Count < Subscribers + 1)
        {
            // What is under way is all here, and either the slots are full or nobody is left who would want one.
            await Deadline.UntilAsync(() =>
            {
                while (arrivals.Reader.TryRead(out var message))
                {
                    open.Enqueue(message);
                    texts.Add(ScheduledWorld.TextOf(message));
                }
                return Task.FromResult(open.Count >= ForOthers || registering.IsCompleted && open.Count > 0 && world.Slots.InLine == 0 && world.Slots.UnderWay == open.Count);
            }, () => $"the slots are full again after {texts.Count} of {Subscribers + 1}, {open.Count} open, {world.Slots.UnderWay} under way, {world.Slots.InLine} "
                + $"in line; not there: {string.Join(", ", numbers.Select(number => $"for {number}").Except(texts).Take(5))}\n{world.Complained}", Cancel);
            most = Math.Max(most, open.Count);
            if (texts.Count >= Subscribers / 4 && password.AcceptedAfter == 0)
            {
                password.AcceptedAfter = texts.Count;
                await world.SendAsync(other, MessageLane.Otp, "password", "bank", idle: false);
            }
            var answered = Enumerable.Range(0, Math.Min(AtATime, open.Count)).Select(_ => open.Dequeue()).ToList();
            await Task.WhenAll(answered.Select(message => ScheduledWorld.AcknowledgeAsync(edge, message)));
        }
        await Task.WhenAll(open.Select(message => ScheduledWorld.AcknowledgeAsync(edge, message)));
        await registering;
        await world.ConcludedAsync(Subscribers + 1);

        password.ArrivedAs = texts.IndexOf("password") + 1;
        Console.WriteLine($"figure: {Subscribers} registered at once: at most {most} of {Slots} slots under way, a password accepted after {password.AcceptedAfter} arrived as number {password.ArrivedAs}");
        Assert.Equal(["password", .. numbers.Select(number => $"for {number}").Order(StringComparer.Ordinal)],
            texts.Order(StringComparer.Ordinal).OrderBy(text => text != "password")); // each once
        Assert.InRange(most, 1, Slots);
        // What had a slot or was on its way to one when it was stored goes before it; of the 1,500 in line, hardly any.
        Assert.InRange(password.ArrivedAs - password.AcceptedAfter, 1, Subscribers / 8);
    }
}
