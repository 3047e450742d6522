using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Store;

/// <summary>A prepaid account pays in the transaction that stores its message, and never more than it has.</summary>
public abstract class DebitTests(PostgresCluster? cluster) : TestStore(cluster)
{
    [Fact]
    public async Task What_is_not_paid_for_is_not_stored_and_a_smaller_debit_behind_it_still_is()
    {
        var (first, tooMuch, rest, none) = (new Debit("a1", 60, 100), new Debit("a1", 60, 100), new Debit("a1", 40, 100), new Debit("a1", 1, 100));
        foreach (var (id, debit) in new[] { (1L, first), (2, tooMuch), (3, rest), (4, none) }) await PayAsync(Store, id, debit);

        Assert.Equal([(true, 40L), (false, 40), (true, 0), (false, 0)], new[] { first, tooMuch, rest, none }.Select(debit => (debit.Paid, debit.Remaining)));
        Assert.Equal([1, 3], await IdsAsync());
    }

    [Fact]
    public async Task Of_256_callers_at_two_nodes_as_many_pay_as_there_is_money_and_no_update_is_lost()
    {
        await using var other = new GatewayStore(Options, new FakeTimeProvider(), NullLoggerFactory.Instance);
        var debits = Enumerable.Range(0, 256).Select(_ => new Debit("a1", 7, 700)).ToList();

        await Task.WhenAll(debits.Select((debit, i) => Task.Run(() => PayAsync(Options.Provider == StoreProvider.Postgres && i % 2 == 0 ? other : Store, i + 1, debit))));

        Assert.Equal(100, debits.Count(debit => debit.Paid));
        Assert.Equal(Enumerable.Range(0, 100).Select(left => left * 7L), debits.Where(debit => debit.Paid).Select(debit => debit.Remaining).Order());
        Assert.Equal(100, (await IdsAsync()).Count);
        Assert.Equal(0, await BalanceAsync("a1"));
    }

    [Fact]
    public async Task A_change_that_fails_costs_nothing()
    {
        await PayAsync(Store, 1, new Debit("a1", 10, 100));
        var others = Enumerable.Range(2, 5).Select(id => PayAsync(Store, id, new Debit("a1", 10, 100)));

        await Assert.ThrowsAnyAsync<Exception>(() => PayAsync(Store, 1, new Debit("a1", 10, 100))); // the id is there
        await Task.WhenAll(others);

        Assert.Equal(40, await BalanceAsync("a1"));
    }

    [Fact]
    public async Task A_credit_is_added_and_taken_within_its_bounds_and_accounts_are_apart()
    {
        await PayAsync(Store, 1, new Debit("a2", 5, 5));
        var (more, less, tooLittle, tooMuch) = (new Debit("a1", -50, 100), new Debit("a1", 150, 100), new Debit("a1", 1, 100), new Debit("a1", -Debit.MaxBalance - 1, 100));
        foreach (var debit in new[] { more, less, tooLittle, tooMuch }) await Store.Writer.WriteAsync(new StoreChange { Debit = debit }, Cancel);

        Assert.Equal([(true, 150L), (true, 0), (false, 0), (false, 0)], new[] { more, less, tooLittle, tooMuch }.Select(debit => (debit.Paid, debit.Remaining)));
        Assert.Equal((0L, 0L), (await BalanceAsync("a1"), await BalanceAsync("a2")));
    }

    [Fact]
    public async Task Many_accounts_in_one_transaction_each_pay_their_own()
    {
        var debits = Enumerable.Range(0, 60).Select(i => new Debit($"a{i % 20}", i % 20, 30)).ToList();

        await Task.WhenAll(debits.Select((debit, i) => PayAsync(Store, i + 1, debit)));

        foreach (var account in debits.ToLookup(debit => debit.Account))
            Assert.Equal(30 - account.Where(debit => debit.Paid).Sum(debit => debit.Amount), await BalanceAsync(account.Key));
        Assert.Equal(debits.Count(debit => debit.Paid), (await IdsAsync()).Count);
        Assert.All(debits, debit => Assert.Equal(debit.Paid, debit.Amount * debits.Where(d => d.Account == debit.Account).TakeWhile(d => d != debit).Count(d => d.Paid) + debit.Amount <= 30));
    }

    private static async Task PayAsync(GatewayStore store, long id, Debit debit)
    {
        var change = new StoreChange { Debit = debit };
        change.NewMessages.Add(Message(id));
        await store.Writer.WriteAsync(change, Cancel);
    }

    private Task<List<long>> IdsAsync() => Store.ReadAsync(db => new ValueTask<List<long>>(db.ShortMessages.OrderBy(m => m.Id).Select(m => m.Id).ToListAsync(Cancel)));

    private Task<long> BalanceAsync(string account) =>
        Store.ReadAsync(db => new ValueTask<long>(db.Balances.Where(b => b.Account == account).Select(b => b.Amount).SingleAsync(Cancel)));
}

public sealed class SqliteDebitTests() : DebitTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresDebitTests(PostgresCluster cluster) : DebitTests(cluster);
