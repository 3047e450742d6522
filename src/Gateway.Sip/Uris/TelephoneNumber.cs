namespace Gateway.Sip;

/// <summary>RFC 3966 numbers, in tel URIs and in the user part of SIP URIs (RFC 3261 §19.1.6: telephone-subscriber).</summary>
internal static class TelephoneNumber
{
    private const string VisualSeparators = "-.() ";

    public static string? Of(SipUri uri)
    {
        if (uri.User is not { } user) return null;

        var number = user.AsSpan();
        if (number.IndexOf(';') is >= 0 and var semicolon) number = number[..semicolon];

        Span<char> digits = stackalloc char[32];
        var length = 0;
        for (var i = 0; i < number.Length; i++)
        {
            var c = number[i];
            if (VisualSeparators.Contains(c, StringComparison.Ordinal)) continue;
            if ((!char.IsAsciiDigit(c) && (c != '+' || length > 0)) || length == digits.Length) return null;

            digits[length++] = c;
        }

        return length == 0 || (length == 1 && digits[0] == '+') ? null
            : length == user.Length ? user : new string(digits[..length]);
    }

    public static string? ContextOf(SipUri uri)
    {
        if (uri.Parameters["phone-context"] is { } context) return UriEscapes.Decode(context);
        if (!uri.IsSip || uri.User is not { } user) return null;

        foreach (var part in user.Split(';').Skip(1))
        {
            if (part.StartsWith("phone-context=", StringComparison.OrdinalIgnoreCase)) return part["phone-context=".Length..];
        }

        return null;
    }
}
