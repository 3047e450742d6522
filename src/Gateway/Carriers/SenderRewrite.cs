using System.Text.RegularExpressions;

namespace Gateway.Carriers;

/// <summary>How senders are written on one route: the first rule that fits decides, and none changes nothing.</summary>
internal sealed class SenderRewrite(IEnumerable<SenderRewriteSettings> rules)
{
    private readonly (string Prefix, Regex Pattern, string Replacement)[] _rules =
        [.. rules.Select(rule => (rule.Prefix, Compile(rule.Pattern), rule.Replacement))];

    /// <summary>The whole sender must match. Non-backtracking: no pattern takes longer than its sender is long.</summary>
    /// <exception cref="ArgumentException">It is no such expression.</exception>
    public static Regex Compile(string pattern) => new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    public string Apply(string sender, string recipient)
    {
        foreach (var (prefix, pattern, replacement) in _rules)
        {
            if (!recipient.StartsWith(prefix, StringComparison.Ordinal) || pattern.Match(sender) is not { Success: true } match) continue;
            var written = match.Result(replacement);
            return written.Length > 0 ? written : sender;
        }
        return sender;
    }
}
