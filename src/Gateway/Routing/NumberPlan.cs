using PhoneNumbers;

namespace Gateway.Routing;

/// <summary>
/// Whose number is it and how is it written: everything inside the gateway is E.164 digits without plus, or a short code as it stands.
/// Numbering plans are libphonenumber's; ours is only what is local.
/// </summary>
public sealed class NumberPlan
{
    private const int LongestShortCode = 6;

    private readonly PhoneNumberUtil _plans = PhoneNumberUtil.GetInstance();
    private readonly string _region;
    private readonly string[] _localPrefixes;

    public NumberPlan(NumberingSettings settings)
    {
        _region = _plans.GetRegionCodeForCountryCode(int.Parse(settings.CountryCode, System.Globalization.CultureInfo.InvariantCulture));
        _localPrefixes = [.. settings.LocalPrefixes];
    }

    public bool IsLocal(string msisdn)
    {
        foreach (var prefix in _localPrefixes)
            if (msisdn.StartsWith(prefix, StringComparison.Ordinal)) return true;
        return false;
    }

    /// <summary>A number an application or a carrier gave: E.164, with or without <c>+</c> or <c>00</c>; null if it is not digits.</summary>
    public static string? International(string given)
    {
        var digits = Bare(given);
        if (digits.StartsWith('+')) digits = digits[1..];
        else if (digits.StartsWith("00", StringComparison.Ordinal)) digits = digits[2..];
        return digits.Length is > 0 and <= 20 && IsDigits(digits) ? digits : null;
    }

    /// <summary>
    /// A number an application or a carrier gave: international, or with its one leading zero (no country code has one) as the home country's plan
    /// reads it. Short codes stay as they are. Null if it is not a number.
    /// </summary>
    public string? Given(string given)
    {
        var digits = Bare(given);
        return digits.StartsWith('0') && !digits.StartsWith("00", StringComparison.Ordinal) ? Dialled(digits) : International(digits);
    }

    /// <summary>A sender: a number as <see cref="Given"/> has it, or the name it is.</summary>
    public string Sender(string given) => given.Length > LongestShortCode && IsDigits(given) ? Given(given) ?? given : given;

    /// <summary>
    /// A number as a subscriber of ours dialled it (TON unknown or national, or the user part of a request URI): the home country's plan says what
    /// is meant. Short codes stay as they are. Null if it is not a number.
    /// </summary>
    public string? Dialled(string given)
    {
        var digits = Bare(given);
        if (digits.StartsWith('+') || digits.StartsWith("00", StringComparison.Ordinal)) return International(digits);
        if (digits.Length is 0 or > 20 || !IsDigits(digits)) return null;
        if (digits.Length <= LongestShortCode || IsLocal(digits)) return digits;
        try
        {
            var number = _plans.Parse(digits, _region);
            return _plans.IsPossibleNumber(number) ? _plans.Format(number, PhoneNumberFormat.E164)[1..] : digits;
        }
        catch (NumberParseException)
        {
            return digits;
        }
    }

    /// <summary>ISO 3166-1 alpha-2 of the country whose plan an E.164 number (digits) is of; ZZ if none has it.</summary>
    public string CountryOf(string msisdn)
    {
        try
        {
            var number = _plans.Parse($"+{msisdn}", null);
            // A number that its plan has not given out yet is of the plan's first country.
            return _plans.GetRegionCodeForNumber(number) ?? _plans.GetRegionCodeForCountryCode(number.CountryCode);
        }
        catch (NumberParseException)
        {
            return "ZZ";
        }
    }

    private static bool IsDigits(string text)
    {
        foreach (var c in text) // so few that a search over a range costs more
            if (!char.IsAsciiDigit(c)) return false;
        return true;
    }

    // RFC 3966 §3 visual separators.
    private static string Bare(string given) =>
        given.AsSpan().ContainsAny("-.() ") ? string.Concat(given.Where(c => c is not ('-' or '.' or '(' or ')' or ' '))) : given;
}
