using System.Globalization;

namespace Gateway.Billing;

/// <summary>What a message costs its account.</summary>
/// <param name="Price">Of each segment, in hundred-millionths of the currency.</param>
/// <param name="StartingCredit">Of an account that pays from a balance: what it began with. Null: it does not.</param>
public readonly record struct Charge(long Price, long? StartingCredit);

/// <summary>
/// What replies and receipts say about money and network. Amounts are counted in hundred-millionths of the currency, so that sums are exact; on the
/// wire they are decimals with eight places. The network is not looked up; its field is sent all the same, because clients of Nexmo read it without
/// asking whether it is there.
/// </summary>
internal static class Tariff
{
    /// <summary>What one of the currency has.</summary>
    public const long Units = 100_000_000;

    /// <summary>Of an account without a balance; high enough that no client's low-balance alarm goes off.</summary>
    public const long UnlimitedBalance = 1_000_000 * Units;

    /// <summary>Mobile country and network code; no country has 000 (ITU-T E.212).</summary>
    public const string UnknownNetwork = "00000";

    // What most replies say.
    private static readonly string FreeText = Written(0), UnlimitedText = Written(UnlimitedBalance);

    /// <summary>What a message of this account to this number (E.164 digits) costs for each segment, and whether it is paid from a balance.</summary>
    public static Charge ChargeFor(AccountSettings account, string recipient) =>
        new(account.Prices.Count == 0 ? 0 : PriceOf(account.Prices, recipient), account.Balance is { } credit ? ToUnits(credit) : null);

    /// <summary>More than eight places are cut off; <see cref="SettingsCheck"/> lets none through.</summary>
    public static long ToUnits(decimal amount) => (long)(amount * Units);

    public static decimal ToDecimal(long units) => (decimal)units / Units;

    public static string Text(long units) => units switch
    {
        0                => FreeText,
        UnlimitedBalance => UnlimitedText,
        _                => Written(units),
    };

    /// <summary>An amount of at most so much with no more than eight places.</summary>
    public static bool IsAmount(decimal amount, decimal most) => Math.Abs(amount) <= most && amount * Units == decimal.Truncate(amount * Units);

    private static string Written(long units) => ToDecimal(units).ToString("F8", CultureInfo.InvariantCulture);

    /// <summary>The longest prefix wins; without one the message costs nothing.</summary>
    private static long PriceOf(Dictionary<string, decimal> prices, string recipient)
    {
        var byPrefix = prices.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var length = Math.Min(recipient.Length, SettingsCheck.MaxPrefix); length >= 0; length--)
            if (byPrefix.TryGetValue(recipient.AsSpan(0, length), out var price)) return ToUnits(price);
        return 0;
    }
}
