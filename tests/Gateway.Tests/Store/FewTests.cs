using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Store;

public sealed class FewTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public void Few_hold_what_a_list_of_them_would(int count)
    {
        var items = Enumerable.Range(0, count).Select(i => $"{i}").ToList();
        var few = new Few<string>();
        few.AddRange(items);
        List<string> seen = [], added = ["before"];
        foreach (var item in few) seen.Add(item);
        few.AddTo(added);
        Assert.Equal(items, seen);
        Assert.Equal(items, few);
        Assert.Equal(["before", .. items], added);
        Assert.Equal(items, Enumerable.Range(0, few.Count).Select(i => few[i]));
        Assert.All(items, item => Assert.True(few.Contains(item)));
        Assert.False(few.Contains("another"));
        Assert.Equal(count < 2, few.TrueForAll(item => item == "0"));
        Assert.Throws<ArgumentOutOfRangeException>(() => few[count]);
        Assert.Throws<ArgumentOutOfRangeException>(() => few[-1]);
    }
}
