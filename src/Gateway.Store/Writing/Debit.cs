namespace Gateway.Store;

/// <summary>
/// What a change costs a prepaid account. The balance is taken first and in the change's own transaction: when there is not enough, nothing of the
/// change is written. All debits of a transaction to one account share one update of its row, in the order of the changes, and what one cannot pay
/// a smaller one behind it still may. On PostgreSQL the row stays locked until the commit, so that two nodes never spend the same money.
/// </summary>
/// <param name="account">api_key.</param>
/// <param name="amount">Hundred-millionths of the currency; below zero: a credit.</param>
/// <param name="startingCredit">What the account has when nothing was ever taken from it.</param>
public sealed class Debit(string account, long amount, long startingCredit)
{
    /// <summary>More no account has: a credit beyond it is not taken.</summary>
    public const long MaxBalance = 1_000_000_000_000_000_000;

    public string Account { get; } = account;
    public long Amount { get; } = amount;
    public long StartingCredit { get; } = startingCredit;

    /// <summary>After the write: there was enough.</summary>
    public bool Paid { get; private set; }

    /// <summary>After the write: what is left, or what there is when it was not enough.</summary>
    public long Remaining { get; private set; }

    /// <summary>From what there is to what is left.</summary>
    internal long From(long balance)
    {
        Paid = Amount >= 0 ? balance >= Amount : balance - Amount is > 0 and <= MaxBalance;
        Remaining = Paid ? balance - Amount : balance;
        return Remaining;
    }
}

/// <summary>One account's balance within a transaction.</summary>
internal sealed class Balance(string account, long startingCredit)
{
    public string Account { get; } = account;
    public long StartingCredit { get; } = startingCredit;
    public long Amount { get; set; }

    /// <summary>Returns what there is, and keeps others from changing it until the commit.</summary>
    public static RowCommand<Balance> HoldCommand() => new(
        new RowValues<Balance>([nameof(Account), nameof(StartingCredit)]),
        (value, from) => $"""
            INSERT INTO "Balances" ("Account", "Amount") SELECT {value(0)}, {value(1)} {from} WHERE true
            ON CONFLICT ("Account") DO UPDATE SET "Amount" = "Balances"."Amount"
            RETURNING "Amount"
            """)
        {
            Answers = true,
        };

    public static RowCommand<Balance> SetCommand() => new(
        new RowValues<Balance>([nameof(Account), nameof(Amount)]),
        (value, from) => $"""UPDATE "Balances" SET "Amount" = {value(1)} {from} WHERE "Account" = {value(0)}""");
}
