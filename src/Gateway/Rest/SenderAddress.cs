using Gateway.Routing;
using Gateway.Sms;

namespace Gateway.Rest;

/// <summary>
/// A sender as applications and carriers write it: a number, or a name, for which TP-OA has room for 11 septets (TS 23.040 §9.1.2.5). Like Nexmo
/// we shorten a longer name and do not refuse it. What the GSM alphabet cannot write is no sender.
/// </summary>
internal static class SenderAddress
{
    private const int MaxDigits = 15, MaxSeptets = 11;

    /// <summary>Digits without plus, or the name; null if it is neither.</summary>
    public static string? Parse(string given)
    {
        var from = given.Trim();
        if (!from.AsSpan().ContainsAnyExcept("+0123456789") && NumberPlan.International(from) is { } digits)
            return digits.Length <= MaxDigits ? digits : null;
        var name = from.Length > MaxSeptets ? from[..MaxSeptets] : from;
        if (HasControl(name) || !Gsm7.CanEncode(name))
            return null;
        while (Gsm7.Count(name) > MaxSeptets)
            name = name[..^1];
        name = name.TrimEnd();
        return name.Length > 0 ? name : null;
    }

    private static bool HasControl(ReadOnlySpan<char> name)
    {
        foreach (var c in name)
            if (char.IsControl(c)) return true;
        return false;
    }
}
