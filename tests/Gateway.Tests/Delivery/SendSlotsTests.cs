using Gateway.Carriers;
using Gateway.Delivery;
using Gateway.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Delivery;

public sealed class SendSlotsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly SendSlots _slots;
    private readonly List<string> _granted = [];

    public SendSlotsTests() => _slots = new SendSlots(new DeliverySettings { SendSlots = 8 }, _time); // 6 for either kind

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_quarter_is_always_there_for_one_time_passwords()
    {
        Assert.Equal(6, TakeAll("hop", MessageLane.Bulk).Count);
        Assert.Equal(2, TakeAll("hop", MessageLane.Otp).Count);
        Assert.Null(_slots.TryTake("hop", MessageLane.Normal));
        Assert.NotNull(_slots.TryTake("another hop", MessageLane.Normal));
    }

    [Fact]
    public void A_flood_of_one_time_passwords_leaves_a_quarter_to_the_others()
    {
        Assert.Equal(6, TakeAll("hop", MessageLane.Otp).Count);
        Assert.Equal(2, TakeAll("hop", MessageLane.Normal).Count);
    }

    [Fact]
    public async Task A_carriers_rate_holds_in_every_second_and_keeps_a_quarter_for_passwords()
    {
        var limits = new CarrierLimits(new CarrierSettings { MaxMessagesPerSecond = 8 }, _time);
        var others = Enumerable.Range(0, 9).Select(_ => _slots.TryTake("carrier c", MessageLane.Normal, limits)).ToList();
        Assert.Equal(6, others.Count(slot => slot is not null));
        others.ForEach(slot => slot?.Dispose());
        Assert.Null(_slots.TryTake("carrier c", MessageLane.Normal, limits)); // the answers do not make it faster
        for (var i = 0; i < 2; i++) Assert.NotNull(_slots.TryTake("carrier c", MessageLane.Otp, limits));
        Assert.Null(_slots.TryTake("carrier c", MessageLane.Otp, limits));

        var normal = _slots.TakeAsync("carrier c", MessageLane.Normal, "shop", Cancel, limits);
        var otp = _slots.TakeAsync("carrier c", MessageLane.Otp, "bank", Cancel, limits);
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(2, _slots.InLine);
        _time.Advance(TimeSpan.FromMilliseconds(2));
        await Task.WhenAll(normal, otp); // in the next second
    }

    [Fact]
    public async Task A_carriers_concurrency_is_not_raised_by_its_silence()
    {
        var limits = new CarrierLimits(new CarrierSettings { MaxConcurrent = 2 }, _time);
        var taken = Enumerable.Range(0, 3).Select(_ => _slots.TryTake("carrier c", MessageLane.Bulk, limits)).ToList();
        Assert.Equal([true, true, false], taken.Select(slot => slot is not null));
        var third = _slots.TakeAsync("carrier c", MessageLane.Bulk, "shop", Cancel, limits);
        _time.Advance(SendSlots.Patience * 5);
        Assert.Equal((2, 1), (_slots.UnderWay, _slots.InLine));
        taken[0]!.Dispose();
        await third;
        Assert.Equal((2, 0), (_slots.UnderWay, _slots.InLine));
    }

    [Fact]
    public async Task The_line_is_served_by_lane_and_by_account_in_turn()
    {
        var taken = TakeAll("hop", MessageLane.Normal);
        foreach (var (lane, account, name) in new[]
            {
                (MessageLane.Bulk, "a", "bulk a1"), (MessageLane.Bulk, "a", "bulk a2"), (MessageLane.Bulk, "b", "bulk b1"),
                (MessageLane.Normal, "c", "c1"), (MessageLane.Normal, "c", "c2"), (MessageLane.Normal, "c", "c3"), (MessageLane.Normal, "d", "d1"),
            })
            _ = GrantAsync(_slots.TakeAsync("hop", lane, account, Cancel), name);

        for (var i = 0; i < 7; i++)
        {
            SendSlots.Slot oldest;
            lock (_granted)
            {
                oldest = taken[0];
                taken.RemoveAt(0);
            }
            oldest.Dispose();
            await UntilGrantedAsync(i + 1);
        }

        Assert.Equal(["c1", "d1", "c2", "bulk a1", "c3", "bulk b1", "bulk a2"], _granted);

        async Task GrantAsync(Task<SendSlots.Slot> slot, string name)
        {
            var granted = await slot;
            lock (_granted)
            {
                taken.Add(granted);
                _granted.Add(name);
            }
        }
    }

    [Fact]
    public async Task A_one_time_password_that_waits_goes_before_all_others()
    {
        var otp = TakeAll("hop", MessageLane.Otp);
        TakeAll("hop", MessageLane.Bulk);
        var normal = _slots.TakeAsync("hop", MessageLane.Normal, "a", Cancel);
        var password = _slots.TakeAsync("hop", MessageLane.Otp, "b", Cancel);
        otp[0].Dispose();
        await password.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.False(normal.IsCompleted);
    }

    [Fact]
    public async Task Nobody_overtakes_who_is_in_line_and_who_leaves_it_is_passed_over()
    {
        var taken = TakeAll("hop", MessageLane.Normal);
        using var leaving = new CancellationTokenSource();
        var first = _slots.TakeAsync("hop", MessageLane.Normal, "a", leaving.Token);
        var second = _slots.TakeAsync("hop", MessageLane.Bulk, "a", Cancel);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        taken[0].Dispose();
        await second.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.Null(_slots.TryTake("hop", MessageLane.Normal));
    }

    [Fact]
    public async Task Silence_gives_a_slot_back_after_a_while_and_its_late_answer_gives_none()
    {
        var silent = TakeAll("hop", MessageLane.Normal);
        var first = _slots.TakeAsync("hop", MessageLane.Normal, "a", Cancel);
        _time.Advance(SendSlots.Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(first.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await first.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.Equal(1, _slots.UnderWay);
        silent.ForEach(slot => slot.Dispose());
        Assert.Equal(1, _slots.UnderWay);
        (await first).Dispose();
        (await first).Dispose();
        Assert.Equal(0, _slots.UnderWay);
    }

    [Fact]
    public async Task A_hop_that_was_silent_and_that_nobody_waits_for_any_more_is_forgotten()
    {
        using var leaving = new CancellationTokenSource();
        var silent = TakeAll("hop", MessageLane.Normal);
        var waits = _slots.TakeAsync("hop", MessageLane.Normal, "a", leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        Assert.Equal(1, _slots.Hops);
        _time.Advance(SendSlots.Patience);
        Assert.Equal(0, _slots.Hops);
        using var anew = _slots.TryTake("hop", MessageLane.Normal);
        silent.ForEach(slot => slot.Dispose());
        Assert.Equal((1, 1), (_slots.Hops, _slots.UnderWay));
    }

    [Fact]
    public async Task A_hop_that_rests_gives_no_slot_until_its_rest_is_over_and_another_does()
    {
        _slots.Rest("hop", TimeSpan.FromSeconds(30));
        _slots.Rest("hop", TimeSpan.FromSeconds(10)); // the longer one counts
        Assert.Null(_slots.TryTake("hop", MessageLane.Otp));
        Assert.NotNull(_slots.TryTake("another hop", MessageLane.Normal));
        var waits = _slots.TakeAsync("hop", MessageLane.Normal, "a", Cancel);
        _time.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromMilliseconds(1));
        Assert.False(waits.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await waits.WaitAsync(TimeSpan.FromSeconds(20), Cancel)).Dispose();
        Assert.Equal(1, _slots.Hops); // the other one
    }

    [Fact]
    public void No_rest_is_endless_and_a_hop_that_nobody_wants_is_forgotten_after_it()
    {
        _slots.Rest("hop", TimeSpan.FromDays(1));
        _slots.Rest("other", TimeSpan.Zero);
        Assert.Equal(1, _slots.Hops);
        _time.Advance(SendSlots.LongestRest);
        Assert.Equal(0, _slots.Hops);
        Assert.NotNull(_slots.TryTake("hop", MessageLane.Normal));
    }

    private List<SendSlots.Slot> TakeAll(string hop, MessageLane lane)
    {
        var taken = new List<SendSlots.Slot>();
        while (_slots.TryTake(hop, lane) is { } slot) taken.Add(slot);
        return taken;
    }

    private Task UntilGrantedAsync(int count) => Support.Deadline.UntilAsync(() =>
    {
        lock (_granted) return Task.FromResult(_granted.Count >= count);
    }, () => $"{count} are granted", Cancel);
}
