namespace Gateway.Webhooks;

/// <summary>
/// What replies and receipts say about money and network. There is no price table: every account is unlimited, a message costs nothing, and
/// the network is not looked up. The fields are sent all the same, because clients of Nexmo read them without asking whether they are there.
/// </summary>
internal static class Tariff
{
    /// <summary>Euro with eight decimals.</summary>
    public const string Price = "0.00000000";

    /// <summary>High enough that no client's low-balance alarm goes off.</summary>
    public const string UnlimitedBalance = "1000000.00000000";

    /// <summary>Mobile country and network code; no country has 000 (ITU-T E.212).</summary>
    public const string UnknownNetwork = "00000";
}
