using Gateway.Acceptance;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Acceptance;

public sealed class RecentlyBroughtTests
{
    private const string Handset = "4940100001";
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(2), Stated = Submission.StatedRepeat;

    private readonly FakeTimeProvider _time = new();
    private readonly RecentlyBrought _recent;

    public RecentlyBroughtTests() => _recent = new(_time);

    [Fact]
    public void Nothing_is_new_before_all_of_the_time_is_remembered()
    {
        Assert.False(_recent.IsNew(Handset, "1", Window)); // the process before this one may have taken it
        _time.Advance(Window);
        Assert.True(_recent.IsNew(Handset, "2", Window));
        Assert.False(_recent.IsNew(Handset, "3", Stated));
    }

    [Fact]
    public void What_came_before_is_looked_for_whatever_became_of_it()
    {
        _time.Advance(Stated);
        Assert.True(_recent.IsNew(Handset, "1", Window));
        Assert.False(_recent.IsNew(Handset, "1", Window));
        Assert.True(_recent.IsNew("4940100002", "1", Window));
        _time.Advance(Window - TimeSpan.FromSeconds(1));
        Assert.False(_recent.IsNew(Handset, "1", Window));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(299)]
    [InlineData(301)]
    public void It_is_remembered_for_as_long_as_a_repeat_may_be_stated(int startedSecondsBefore)
    {
        _time.Advance(Stated + TimeSpan.FromSeconds(startedSecondsBefore));
        Assert.True(_recent.IsNew(Handset, "1", Stated));
        for (var minute = 1; minute < Stated.TotalMinutes; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            Assert.True(_recent.IsNew(Handset, $"minute {minute}", Stated));
        }
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(_recent.IsNew(Handset, "1", Stated));
    }

    [Fact]
    public void Of_a_flood_less_time_is_remembered_and_nothing_is_wrong()
    {
        _time.Advance(Stated);
        Assert.True(_recent.IsNew(Handset, "first", Stated));
        for (var i = 0; i < 1_200_000; i++) _recent.IsNew(Handset, $"{i}", Stated);
        Assert.False(_recent.IsNew(Handset, "first", Stated)); // forgotten, so nothing is known of this time any more
        Assert.False(_recent.IsNew(Handset, "another", Window));
        _time.Advance(Window);
        Assert.True(_recent.IsNew(Handset, "a third", Window));
    }
}
