using Gateway.Sip.Transactions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//  Schedule(d) ──────────── d ───────────► OnTimer, at the first tick at or after d
//  Schedule(d), Cancel ──────────────────► nothing
//  Schedule(d1), Schedule(d2) ── d2 ─────► OnTimer once
public sealed class TimerWheelTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<Exception> _faults = [];
    private readonly TimerWheel _wheel;

    public TimerWheelTests() => _wheel = new TimerWheel(_time, _faults.Add);

    public void Dispose() => _wheel.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(500)]
    [InlineData(32_000)]
    [InlineData(81_920)]      // exactly one turn
    [InlineData(3_600_000)]   // many turns
    public void A_timer_fires_once_and_never_early(int milliseconds)
    {
        var timer = new Recorder(_wheel, _time);
        _wheel.Schedule(timer, TimeSpan.FromMilliseconds(milliseconds));

        AdvanceByTicks(TimeSpan.FromMilliseconds(milliseconds + 100));

        var fired = Assert.Single(timer.Fired);
        Assert.InRange(fired.TotalMilliseconds, milliseconds, milliseconds + 20);
        Assert.Equal(0, _wheel.Waiting);
    }

    [Fact]
    public void A_cancelled_timer_does_not_fire()
    {
        var timer = new Recorder(_wheel, _time);
        _wheel.Schedule(timer, TimeSpan.FromSeconds(1));
        _wheel.Cancel(timer);

        AdvanceByTicks(TimeSpan.FromSeconds(2));

        Assert.Empty(timer.Fired);
        Assert.Equal(0, _wheel.Waiting);
    }

    [Fact]
    public void A_timer_set_again_fires_at_the_second_instant_only()
    {
        var timer = new Recorder(_wheel, _time);
        _wheel.Schedule(timer, TimeSpan.FromSeconds(1));
        _wheel.Schedule(timer, TimeSpan.FromSeconds(3));

        AdvanceByTicks(TimeSpan.FromSeconds(5));

        Assert.Equal([TimeSpan.FromSeconds(3)], timer.Fired);
    }

    [Fact]
    public void A_timer_stopped_by_one_that_fires_in_the_same_tick_knows_that_it_is_not_due()
    {
        var second = new Recorder(_wheel, _time);
        var first = new Recorder(_wheel, _time) { Then = () => _wheel.Cancel(second) };
        _wheel.Schedule(second, TimeSpan.FromSeconds(1));
        _wheel.Schedule(first, TimeSpan.FromSeconds(1));   // fires first: the latest set stands first in its slot

        AdvanceByTicks(TimeSpan.FromSeconds(2));

        Assert.Single(first.Fired);
        Assert.Empty(second.Fired);
    }

    [Fact]
    public void Ticks_missed_by_a_pause_are_made_up_for()
    {
        var timers = Enumerable.Range(1, 200).Select(_ => new Recorder(_wheel, _time)).ToList();
        for (var i = 0; i < timers.Count; i++)
            _wheel.Schedule(timers[i], TimeSpan.FromSeconds(i + 1));

        _time.Advance(TimeSpan.FromSeconds(201));

        Assert.All(timers, t => Assert.Single(t.Fired));
    }

    [Fact]
    public void A_faulty_owner_does_not_stop_the_others()
    {
        var good = new Recorder(_wheel, _time);
        _wheel.Schedule(good, TimeSpan.FromSeconds(1));
        var faulty = new Recorder(_wheel, _time) { Then = () => throw new InvalidOperationException("faulty") };
        _wheel.Schedule(faulty, TimeSpan.FromSeconds(1));

        AdvanceByTicks(TimeSpan.FromSeconds(2));

        Assert.Single(good.Fired);
        Assert.Equal("faulty", Assert.Single(_faults).Message);
    }

    [Fact]
    public async Task Timers_set_and_stopped_from_many_threads_leave_nothing_behind()
    {
        var fired = 0;
        var work = Enumerable.Range(0, 8).Select(n => Task.Run(() =>
        {
            var random = new Random(n);
            var timers = Enumerable.Range(0, 500)
                .Select(_ => new Recorder(_wheel, _time) { Then = () => Interlocked.Increment(ref fired) }).ToList();
            for (var i = 0; i < 20_000; i++)
            {
                var timer = timers[random.Next(timers.Count)];
                if (random.Next(3) == 0)
                    _wheel.Cancel(timer);
                else
                    _wheel.Schedule(timer, TimeSpan.FromMilliseconds(random.Next(5_000)));
            }
        })).ToList();
        while (!Task.WhenAll(work).IsCompleted)
            _time.Advance(TimerWheel.Tick);
        await Task.WhenAll(work);

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(0, _wheel.Waiting);
        Assert.True(fired > 0);
    }

    private void AdvanceByTicks(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += TimerWheel.Tick)
            _time.Advance(TimerWheel.Tick);
    }

    private sealed class Recorder(TimerWheel wheel, TimeProvider time) : WheelTimer
    {
        private readonly long _start = time.GetTimestamp();

        public List<TimeSpan> Fired { get; } = [];

        public Action? Then { get; init; }

        internal override void OnTimer()
        {
            if (!wheel.IsDue(this))
                return;
            lock (Fired)
                Fired.Add(time.GetElapsedTime(_start));
            Then?.Invoke();
        }
    }
}
