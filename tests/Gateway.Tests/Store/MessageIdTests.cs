using CsCheck;
using Gateway.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Store;

public sealed class MessageIdTests
{
    private const int NodeAndSequenceBits = 22;

    [Fact]
    public void Ids_grow_whatever_the_clock_does_and_runs_never_cross()
    {
        Gen.Select(Gen.Int[-5, 5], Gen.Int[1, 255]).Array[1, 2000].Sample(steps =>
        {
            var ids = new MessageId(new Clock(steps.Select(s => s.Item1)), node: 63);
            var last = 0L;
            foreach (var (_, count) in steps)
            {
                var first = ids.Take(count);
                Assert.True(first > last);
                last = first + count - 1;
                // One millisecond and one node for the whole run.
                Assert.Equal(first >> 16, last >> 16);
                Assert.Equal(63, (last >> 16) & 63);
            }
        }, iter: 200);
    }

    [Fact]
    public void Ids_go_on_after_one_that_a_clock_ahead_of_ours_has_made()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
        var ahead = new MessageId(new FakeTimeProvider(time.GetUtcNow().AddHours(1)), node: 63).Take(3) + 2;
        var ids = new MessageId(time, node: 2);
        var before = ids.Take(1);
        ids.ContinueAfter(ahead);
        var own = ids.Take(1);
        Assert.True(before < ahead && ahead < own);
        ids.ContinueAfter(before);
        Assert.Equal(own + 1, ids.Take(1));
    }

    [Fact]
    public void Ids_carry_the_time_and_leave_room_until_2095()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2095, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var id = new MessageId(time).Take(1);
        Assert.True(id > 0);
        Assert.Equal(time.GetUtcNow(), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(id >> NodeAndSequenceBits));
    }

    [Fact]
    public async Task Ids_taken_at_once_are_all_different()
    {
        var ids = new MessageId(TimeProvider.System, node: 5);
        var cancel = TestContext.Current.CancellationToken;
        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() => Runs(worker), cancel)));

        var all = taken.SelectMany(runs => runs).OrderBy(run => run.First).ToList();
        Assert.Equal(80_000, all.Count);
        Assert.All(all.Zip(all.Skip(1)), pair => Assert.True(pair.First.First + pair.First.Count <= pair.Second.First));

        List<(long First, int Count)> Runs(int worker) =>
            [.. Enumerable.Range(worker, 20_000).Select(i => 1 + (i % 9)).Select(count => (ids.Take(count), count))];
    }

    [Fact]
    public void Written_ids_read_back_and_sort_as_they_grow()
    {
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue]).Sample((a, b) =>
        {
            Assert.True(MessageId.TryParse(MessageId.Format(a), out var read));
            Assert.Equal(a, read);
            Assert.Equal(a.CompareTo(b), Math.Sign(string.CompareOrdinal(MessageId.Format(a), MessageId.Format(b))));
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("00000000000000001")]
    [InlineData("000000000000000G")]
    [InlineData(" 000000000000001")]
    [InlineData("0x00000000000001")]
    [InlineData("-000000000000001")]
    public void What_is_no_id_is_refused(string text) => Assert.False(MessageId.TryParse(text, out _));

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public void A_run_has_1_to_255_ids(int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MessageId(TimeProvider.System).Take(count));

    /// <summary>A clock that steps by the given milliseconds, also back.</summary>
    private sealed class Clock(IEnumerable<int> steps) : TimeProvider
    {
        private readonly IEnumerator<int> _steps = steps.GetEnumerator();
        private DateTimeOffset _now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow()
        {
            if (_steps.MoveNext())
                _now = _now.AddMilliseconds(_steps.Current);
            return _now;
        }
    }
}
