using Gateway.Acceptance;
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

    /// <summary>What the reply to a submission says is left.</summary>
    internal async ValueTask<long> AfterAsync(AcceptanceResult result, Submission submission)
    {
        if (submission is not { Account: { } account, Charge.StartingCredit: { } credit })
            return Tariff.UnlimitedBalance;
        if (result.Remaining is { } remaining)
            return remaining;
        try
        {
            return await ReadAsync(account, CancellationToken.None) ?? credit; // a repeat
        }
        catch (StoreUnavailableException)
        {
            return 0; // the message is taken all the same
        }
    }

    private Task<long?> ReadAsync(string account, CancellationToken cancel) => store.ReadAsync(db => new ValueTask<long?>(
        db.Balances.Where(balance => balance.Account == account).Select(balance => (long?)balance.Amount).FirstOrDefaultAsync(cancel)));
}
