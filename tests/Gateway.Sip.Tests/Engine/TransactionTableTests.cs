using System.Text;
using Gateway.Sip.Transactions;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

public sealed class TransactionTableTests
{
    // vectors.h of the reference implementation: key 00 01 … 0f, input 00 01 … of the length.
    [Theory]
    [InlineData(0, "A3817F04BA25A8E66DF67214C7550293")]
    [InlineData(1, "DA87C1D86B99AF44347659119B22FC45")]
    [InlineData(2, "8177228DA4A45DC7FCA38BDEF60AFFE4")]
    [InlineData(7, "A1F1EBBED8DBC153C0B84AA61FF08239")]
    [InlineData(8, "3B62A9BA6258F5610F83E264F31497B4")]
    [InlineData(15, "5493E99933B0A8117E08EC0F97CFC3D9")]
    [InlineData(16, "6EE2A4CA67B054BBFD3315BF85230577")]
    [InlineData(63, "5150D1772F50834A503E069A973FBD7C")]
    public void Keys_are_hashed_as_the_reference_implementation_does(int length, string expected)
    {
        var input = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();

        var (first, second) = SipHash.Hash128(0x0706050403020100, 0x0f0e0d0c0b0a0908, input);

        Assert.Equal(expected, Convert.ToHexString([.. BitConverter.GetBytes(first), .. BitConverter.GetBytes(second)]));
    }

    [Fact]
    public void A_branch_of_ours_leads_back_to_its_key()
    {
        for (var i = 0; i < 1_000; i++)
        {
            var key = TransactionKey.NewBranch();
            Assert.True(TransactionKey.TryParseBranch(Encoding.ASCII.GetBytes($"{Via.MagicCookie}{key.High:x8}{key.Low:x16}"), out var read));
            Assert.Equal(key, read);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("z9hG4bK")]
    [InlineData("z9hG4bK0123456789abcdef0123456")]
    [InlineData("z9hG4bK0123456789abcdef012345678")]
    [InlineData("z9hG4bK0123456789abcdef0123456x")]
    [InlineData("z9hG4bK 123456789abcdef01234567")]
    [InlineData("z9hG4bK0123456+89abcdef01234567")]
    [InlineData("z9hG4bX0123456789abcdef01234567")]
    public void Any_other_branch_leads_nowhere(string branch) =>
        Assert.False(TransactionKey.TryParseBranch(Encoding.ASCII.GetBytes(branch), out _));

    // Against a dictionary, with keys of which every eighth falls on the same chains, through several growths.
    [Fact]
    public void What_was_added_is_found_until_it_is_removed()
    {
        var random = new Random(3261);
        var table = new TransactionTable<Entry>(int.MaxValue);
        var expected = new Dictionary<TransactionKey, Entry>();
        for (var step = 0; step < 100_000; step++)
        {
            var key = new TransactionKey((ulong)random.Next(8), (ulong)random.Next(4_000));
            if (random.Next(5) < 3)
            {
                var entry = new Entry(key);
                var known = table.FindOrAdd(entry);
                Assert.Same(expected.TryGetValue(key, out var before) ? before : entry, known);
                expected.TryAdd(key, entry);
            }
            else if (expected.Remove(key, out var gone))
            {
                table.Remove(gone);
                table.Remove(gone);   // nothing, as it is not there any more
            }

            Assert.Same(expected.GetValueOrDefault(key), table.Find(key));
        }

        Assert.Equal(expected.Count, table.Count);
        Assert.Equal(expected.Values.ToHashSet(), table.ToList().ToHashSet());
    }

    [Fact]
    public void A_full_table_takes_nothing_more_until_something_goes()
    {
        var table = new TransactionTable<Entry>(capacity: 2);
        var first = new Entry(new TransactionKey(1, 1));
        Assert.True(table.TryAdd(first));
        Assert.False(table.IsFull);
        Assert.True(table.TryAdd(new Entry(new TransactionKey(1, 2))));

        Assert.True(table.IsFull);
        Assert.False(table.TryAdd(new Entry(new TransactionKey(1, 3))));
        table.Remove(first);
        Assert.True(table.TryAdd(new Entry(new TransactionKey(1, 4))));
    }

    private sealed class Entry(in TransactionKey key) : Transaction<Entry>(key)
    {
        internal override void OnTimer()
        {
        }
    }
}
