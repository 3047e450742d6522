namespace Gateway.Store;

/// <summary>What a prepaid account has left. It is changed by <see cref="Debit"/>s alone; an account that never sent has no row yet.</summary>
public sealed class BalanceRow
{
    /// <summary>api_key.</summary>
    public string Account { get; set; } = "";
    /// <summary>Hundred-millionths of the currency; never below zero.</summary>
    public long Amount { get; set; }
}
