using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Billing;

/// <summary>What prepaid accounts have left. It is spent in the transaction that takes a message (<see cref="Debit"/>), and never given back.</summary>
public sealed class Balances(GatewayStore store)
{
    /// <summary>In hundred-millionths of the currency; null: the account is not prepaid.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read now.</exception>
    public async Task<long?> ReadAsync(AccountSettings account, CancellationToken cancel) =>
        account.Balance is { } credit ? await ReadAsync(account.ApiKey, cancel) ?? Tariff.ToUnits(credit) : null;

    /// <summary>Adds an amount, or with a negative one takes it.</summary>
    /// <param name="account">A prepaid account.</param>
    /// <param name="amount">In hundred-millionths of the currency.</param>
    /// <param name="cancel">Gives up waiting for room to write.</param>
    /// <returns>What there is then; null: it would have less than nothing, or more than anybody may.</returns>
    /// <exception cref="StoreUnavailableException">It cannot be written now.</exception>
    public async Task<long?> AddAsync(AccountSettings account, long amount, CancellationToken cancel)
    {
        var debit = new Debit(account.ApiKey, -amount, Tariff.ToUnits(account.Balance ?? 0));
        await store.Writer.WriteAsync(new StoreChange { Debit = debit }, cancel);
        return debit.Paid ? debit.Remaining : null;
    }

    /// <summary>What the reply to a request says is left.</summary>
    /// <param name="account">api_key.</param>
    /// <param name="charge">What was asked for costs.</param>
    /// <param name="after">What was left when it was paid or could not be; null: it was a repeat, or pays from no balance.</param>
    internal async ValueTask<long> AfterAsync(string account, Charge charge, long? after)
    {
        if (charge.StartingCredit is not { } credit)
            return Tariff.UnlimitedBalance;
        if (after is { } remaining)
            return remaining;
        try
        {
            return await ReadAsync(account, CancellationToken.None) ?? credit;
        }
        catch (StoreUnavailableException)
        {
            return 0; // the message is taken all the same
        }
    }

    private Task<long?> ReadAsync(string account, CancellationToken cancel) => store.ReadAsync(db => new ValueTask<long?>(
        db.Balances.Where(balance => balance.Account == account).Select(balance => (long?)balance.Amount).FirstOrDefaultAsync(cancel)));
}
