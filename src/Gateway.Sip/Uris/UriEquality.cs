using System.Net;

namespace Gateway.Sip;

/// <summary>RFC 3261 §19.1.4 for sip and sips, RFC 3966 §4 for tel, the text for others.</summary>
internal static class UriEquality
{
    // A URI that has one of these never equals a URI that has not.
    private static readonly string[] Decisive = ["user", "ttl", "method", "maddr"];

    public static bool AreEqual(SipUri a, SipUri b)
    {
        if (a.Scheme != b.Scheme) return false;
        if (a.IsTel) return AreEqualNumbers(a, b);
        if (!a.IsSip) return a.Opaque == b.Opaque;

        return Canonical(a.UserInfo) == Canonical(b.UserInfo)
            && Host(a.Host) == Host(b.Host)
            && a.Port == b.Port
            && ParametersMatch(a.Parameters, b.Parameters)
            && HeadersMatch(a.Headers, b.Headers);
    }

    public static int HashOf(SipUri uri) =>
        uri.IsTel ? Digits(uri.UserInfo!).GetHashCode(StringComparison.Ordinal)
        : uri.IsSip ? HashCode.Combine(uri.Scheme, Canonical(uri.UserInfo), Host(uri.Host), uri.Port)
        : HashCode.Combine(uri.Scheme, uri.Opaque);

    private static bool AreEqualNumbers(SipUri a, SipUri b)
    {
        if (Digits(a.UserInfo!) != Digits(b.UserInfo!) || a.Parameters.Count != b.Parameters.Count) return false;

        foreach (var (name, _, _) in a.Parameters)
        {
            if (!b.Parameters.TryGet(name, out var other)) return false;

            var value = a.Parameters[name] ?? "";
            var isNumber = value is ['+', ..] || name.Equals("ext", StringComparison.OrdinalIgnoreCase);
            if (isNumber ? Digits(value) != Digits(other ?? "") : !SameText(value, other ?? "")) return false;
        }

        return true;
    }

    private static bool ParametersMatch(SipParameters a, SipParameters b)
    {
        foreach (var name in Decisive)
        {
            if (a.Contains(name) != b.Contains(name)) return false;
        }

        // Of a parameter that is written twice (some write ;lr;lr) the first counts.
        foreach (var (name, _, _) in a)
        {
            if (b.TryGet(name, out var other) && !SameText(a[name], other)) return false;
        }

        return true;
    }

    // Headers are never ignored; their order is of no matter.
    private static bool HeadersMatch(string? a, string? b)
    {
        if (a is null || b is null) return a is null && b is null;

        return Sorted(a).SequenceEqual(Sorted(b), StringComparer.OrdinalIgnoreCase);

        static IEnumerable<string> Sorted(string headers) =>
            UriEscapes.Canonical(headers).Split('&').Order(StringComparer.OrdinalIgnoreCase);
    }

    private static bool SameText(string? a, string? b) =>
        string.Equals(Canonical(a), Canonical(b), StringComparison.OrdinalIgnoreCase);

    private static string? Canonical(string? raw) => raw is null ? null : UriEscapes.Canonical(raw);

    private static string Host(string host) =>
        host.StartsWith('[') && IPAddress.TryParse(host.AsSpan().Trim("[]"), out var address)
            ? address.ToString()
            : host.ToLowerInvariant();

    private static string Digits(string number) =>
        string.Concat(UriEscapes.Decode(number).Where(c => c is not ('-' or '.' or '(' or ')' or ' '))).ToLowerInvariant();
}
