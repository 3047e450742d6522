using System.Globalization;
using System.Text;

namespace Gateway.Sip;

/// <summary>RFC 3862 §2.3: one header of a message/cpim. Names and namespaces are compared letter by letter.</summary>
/// <param name="Namespace">URI that the prefix stood for; <see cref="Core"/> without a prefix.</param>
/// <param name="Value">Without the escapes of §2.3.2.</param>
/// <param name="Language">The lang parameter, or null.</param>
public readonly record struct CpimHeader(string Namespace, string Name, string Value, string? Language = null)
{
    /// <summary>RFC 3862 §3.4: From, To, cc, DateTime, Subject, NS, Require.</summary>
    public const string Core = "urn:ietf:params:cpim-headers:";

    /// <summary>RFC 5438 §6: Message-ID, Disposition-Notification and the others of IMDN.</summary>
    public const string Imdn = "urn:ietf:params:imdn";

    /// <summary>The address of a From or To: what stands in angle brackets, or the whole value of clients that write none.</summary>
    public string Address
    {
        get
        {
            var open = Value.LastIndexOf('<');
            var close = Value.LastIndexOf('>');
            return open >= 0 && close > open ? Value[(open + 1)..close].Trim() : Value.Trim();
        }
    }

    internal static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\' || at + 1 == text.Length)
            {
                plain.Append(text[at]);
                continue;
            }

            at++;
            if (text[at] == 'u' && at + 4 < text.Length
                && ushort.TryParse(text.AsSpan(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
            {
                plain.Append((char)unit);
                at += 4;
                continue;
            }

            plain.Append(text[at] switch { 'b' => '\b', 't' => '\t', 'n' => '\n', 'r' => '\r', var other => other });
        }

        return plain.ToString();
    }

    internal static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c == '\\') escaped.Append("\\\\");
            else if (char.IsControl(c) || char.IsSurrogate(c)) escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            else escaped.Append(c);
        }

        return escaped.ToString();
    }
}
