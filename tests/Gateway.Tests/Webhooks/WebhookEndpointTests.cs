using Gateway.Webhooks;
using Xunit;

namespace Gateway.Tests.Webhooks;

/// <summary>How a customer's server is left alone and taken up again; time is a number here.</summary>
public sealed class WebhookEndpointTests
{
    private readonly WebhookEndpoint _endpoint = new("http://customer.example");
    private readonly Random _random = new(1);

    [Fact]
    public void Eight_pushes_go_at_once_and_five_failures_in_a_row_pause_it()
    {
        Fill(20);
        for (var i = 0; i < 8; i++)
            _endpoint.Start();
        Assert.False(_endpoint.CanStart);
        for (var i = 0; i < 4; i++)
            Assert.Empty(_endpoint.Finished(answered: false, 100, now: 0));
        Assert.True(_endpoint.CanStart);
        Assert.Equal(12, _endpoint.Finished(answered: false, 100, now: 0).Count); // the whole line goes back to the store
        Assert.True(_endpoint.IsOpen);
        Assert.False(_endpoint.HasRoom(now: 29_999));
        Assert.True(_endpoint.HasRoom(now: 30_000));
    }

    [Fact]
    public void An_answer_in_between_starts_the_count_anew()
    {
        for (var i = 0; i < 20; i++)
        {
            Push(answered: false, now: 0, times: 4);
            Push(answered: true, now: 0);
        }
        Assert.False(_endpoint.IsOpen);
    }

    [Fact]
    public void Each_failed_try_after_the_pause_doubles_it_to_five_minutes_and_an_answer_ends_it()
    {
        Push(answered: false, now: 0, times: 5);
        var now = 30_000L;
        foreach (var pause in (long[])[60_000, 120_000, 240_000, 300_000, 300_000])
        {
            Fill(2);
            _endpoint.Start();
            Assert.False(_endpoint.CanStart); // one push alone shows whether it is back
            Assert.Single(_endpoint.Finished(answered: false, 100, now));
            Assert.False(_endpoint.HasRoom(now + pause - 1));
            now += pause;
            Assert.True(_endpoint.HasRoom(now));
        }
        Fill(8);
        _endpoint.Start();
        Assert.Empty(_endpoint.Finished(answered: true, 100, now));
        Assert.False(_endpoint.IsOpen);
        for (var i = 0; i < 7; i++)
            _endpoint.Start();
    }

    [Fact]
    public void What_is_put_off_in_a_pause_comes_back_spread_behind_it()
    {
        Push(answered: false, now: 0, times: 5);
        var times = Enumerable.Range(0, 1000).Select(_ => _endpoint.PutOff(1000, _random)).ToList();
        Assert.All(times, time => Assert.InRange(time, 30_000, 40_000));
        Assert.True(times.Distinct().Count() > 500);
    }

    [Fact]
    public void What_is_put_off_behind_a_full_line_comes_back_in_the_order_it_can_be_served()
    {
        for (var i = 0; i < 200; i++)
            Push(answered: true, now: 0, milliseconds: 800); // so one every 100 ms
        Fill(WebhookEndpoint.MaxLine);
        Assert.False(_endpoint.HasRoom(0));
        var times = Enumerable.Range(0, 9000).Select(_ => _endpoint.PutOff(0, _random)).ToList();
        Assert.InRange(times[0], 102_000, 103_000);
        Assert.InRange(times[999] - times[0], 99_000, 101_000);
        Assert.Equal(times.Order(), times);
        Assert.Equal(900_000, times[^1]); // and never later than the schedule's longest step
    }

    [Fact]
    public void It_is_forgotten_when_nothing_of_it_is_left()
    {
        Assert.True(_endpoint.IsForgettable(0));
        Push(answered: false, now: 0, times: 5);
        Assert.False(_endpoint.IsForgettable(600_000));
        Assert.True(_endpoint.IsForgettable(631_000));
        Fill(1);
        Assert.False(_endpoint.IsForgettable(631_000));
    }

    private void Fill(int chains)
    {
        for (var i = 0; i < chains; i++)
            _endpoint.Enqueue(new WebhookChain(i, [], _endpoint));
    }

    private void Push(bool answered, long now, int times = 1, double milliseconds = 100)
    {
        for (var i = 0; i < times; i++)
        {
            Fill(1);
            _endpoint.Start();
            _endpoint.Finished(answered, milliseconds, now);
        }
    }
}
