using System.Text;
using System.Text.RegularExpressions;
using Gateway.Rest;

namespace Gateway.Carriers;

/// <summary>What an HTTP carrier answered or pushed, and where in it the values are (<see cref="HttpCarrierSettings"/> says how a path is written).</summary>
internal sealed class AnswerValue(byte[] body)
{
    private const string Expression = "regex:";
    private const int MaxCharacters = 200;

    private readonly RequestFields _fields = RequestFields.Of(body, RequestReading.Nested);
    private string? _text;

    /// <summary>The value, or null when there is none or it is empty.</summary>
    public string? this[string? path]
    {
        get
        {
            var value = string.IsNullOrEmpty(path) ? null
                : path.StartsWith(Expression, StringComparison.Ordinal) ? Find(path[Expression.Length..])
                : _fields.Fault is null ? _fields[path] : null; // of one that breaks off nothing is believed
            return value is { Length: > MaxCharacters } ? value[..MaxCharacters] : value;
        }
    }

    /// <summary>What is wrong with a path, or null.</summary>
    public static string? Fault(string? path)
    {
        if (path?.StartsWith(Expression, StringComparison.Ordinal) != true) return null;
        try
        {
            return Compile(path[Expression.Length..]).GetGroupNumbers().Length > 1 ? null : "has no group for the value";
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return $"is no regular expression: {e.Message}";
        }
    }

    private string? Find(string pattern) =>
        Compile(pattern).Match(_text ??= Encoding.UTF8.GetString(body)) is { Success: true } match && match.Groups[1].Length > 0 ? match.Groups[1].Value : null;

    // Non-backtracking: whatever the carrier answers, it takes no longer than its length. The runtime keeps the compiled ones by pattern.
    private static Regex Compile(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}
