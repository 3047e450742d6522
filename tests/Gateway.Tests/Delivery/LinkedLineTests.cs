using CsCheck;
using Gateway.Delivery;
using Xunit;

namespace Gateway.Tests.Delivery;

public sealed class LinkedLineTests
{
    [Fact]
    public void Whoever_comes_goes_and_comes_again_stands_as_in_a_list() =>
        Gen.Int[0, 7].Array[0, 60].Sample(steps =>
        {
            var flights = Enumerable.Range(0, 8).Select(i => new Flight(i, reference: 0, last: true)).ToList();
            var line = new LinkedLine<Flight>();
            var model = new List<Flight>();
            foreach (var one in steps.Select(step => flights[step]))
            {
                Assert.Equal(model.Remove(one), line.Remove(one));
                if (one.SegmentId % 2 == model.Count % 2) continue;
                model.Add(one);
                line.Add(one);
            }
            Assert.Equal(model.Count, line.Count);
            foreach (var expected in model)
            {
                Assert.Same(expected, line.First);
                Assert.True(line.Remove(expected));
            }
            Assert.Null(line.First);
        });

    [Fact]
    public async Task The_first_to_tell_a_flight_its_report_is_heard_and_nobody_after_it()
    {
        var flight = new Flight(1, reference: 7, last: true);
        Assert.False(flight.Report.IsCompleted);
        Assert.True(flight.TryTell(null));
        Assert.False(flight.TryTell(null));
        Assert.True(flight.Report.IsCompleted);
        Assert.Null(await flight.Report);
    }
}
