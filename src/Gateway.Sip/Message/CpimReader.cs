using System.Buffers;
using System.Text;

namespace Gateway.Sip;

/// <summary>Reads the two header blocks of a message/cpim, line by line; what is left is the content.</summary>
internal sealed class CpimReader
{
    // RFC 3862 §2.2 NAMECHAR, without the full stop that ends a prefix.
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("!#$%&'*+-^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private readonly List<CpimHeader> _headers = [];
    private readonly Dictionary<string, string> _namespaces =
        new(StringComparer.Ordinal) { [""] = CpimHeader.Core, ["imdn"] = CpimHeader.Imdn };
    private int _lines;

    public IReadOnlyList<CpimHeader> Headers => _headers;

    public MediaType? PartType { get; private set; }

    public string? PartDisposition { get; private set; }

    /// <summary>In lower case, or null.</summary>
    public string? TransferEncoding { get; private set; }

    public int ContentAt { get; private set; }

    public static bool IsName(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(NameCharacters);

    /// <summary>Can stand in the angle brackets of an NS.</summary>
    public static bool IsNamespace(string text) => !text.AsSpan().ContainsAny("<>\\ ") && !text.Any(char.IsControl);

    /// <returns>What is wrong, or null.</returns>
    public string? Read(ReadOnlySpan<byte> octets)
    {
        var at = 0;
        while (true)
        {
            if (!TryLine(octets, ref at, out var line)) return "The headers of the message do not end.";
            if (line.Length == 0) break;
            if (IsOfPart(line)) return ReadPart(octets, at, line);
            if (Header(line) is { } fault) return fault;
        }

        return ReadPart(octets, at, line: null);
    }

    private string? ReadPart(ReadOnlySpan<byte> octets, int at, string? line)
    {
        string? unfolded = line;
        while (true)
        {
            if (!TryLine(octets, ref at, out var next)) return "The headers of the content do not end.";
            if (next is [' ' or '\t', ..] && unfolded is not null)   // RFC 2822 §2.2.3, of MIME headers alone
            {
                if (++_lines > CpimMessage.MaxHeaders) return TooMany;
                unfolded += next;
                continue;
            }

            if (unfolded is not null && PartHeader(unfolded) is { } fault) return fault;
            unfolded = next;
            if (next.Length == 0) break;
        }

        ContentAt = at;
        return null;
    }

    private static string TooMany => $"There are more than {CpimMessage.MaxHeaders} header lines.";

    private static bool TryLine(ReadOnlySpan<byte> octets, ref int at, out string line)
    {
        line = "";
        var end = octets[at..].IndexOf((byte)'\n');
        if (end < 0) return false;
        var content = octets.Slice(at, end);
        if (content is [.., (byte)'\r']) content = content[..^1];
        line = Encoding.UTF8.GetString(content);
        at += end + 1;
        return true;
    }

    private static bool IsOfPart(string line) => line.StartsWith("Content-", StringComparison.OrdinalIgnoreCase);

    private string? Header(string line)
    {
        if (++_lines > CpimMessage.MaxHeaders) return TooMany;
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1) return $"Header line {_lines} has no name.";
        var (prefix, name) = line.IndexOf('.', 0, colon) is var dot and > 0 ? (line[..dot], line[(dot + 1)..colon]) : ("", line[..colon]);
        if (!IsName(name) || (prefix.Length > 0 && !IsName(prefix))) return $"The name in header line {_lines} is none.";

        // RFC 3862 §2.3: parameters come between the colon and the space that begins the value.
        var value = line.AsSpan(colon + 1);
        string? language = null;
        if (value is [';', ..])
        {
            var space = value.IndexOf(' ');
            var parameters = (space < 0 ? value[1..] : value[1..space]).ToString();
            value = space < 0 ? [] : value[space..];
            foreach (var parameter in parameters.Split(';'))
            {
                if (parameter.StartsWith("lang=", StringComparison.Ordinal)) language = parameter[5..];
            }
        }

        var text = CpimHeader.Unescape(value.Trim(" \t").ToString());
        if (prefix.Length == 0 && name == "NS") return Namespace(text);
        if (!_namespaces.TryGetValue(prefix, out var uri)) return $"The prefix in header line {_lines} has no NS.";
        _headers.Add(new CpimHeader(uri, name, text, language));
        return null;
    }

    // RFC 3862 §3.4.6: "prefix <uri>", or "<uri>" for names without a prefix from here on.
    private string? Namespace(string text)
    {
        var open = text.IndexOf('<', StringComparison.Ordinal);
        var prefix = open < 0 ? "" : text[..open].Trim();
        var uri = open >= 0 && text[^1] == '>' ? text[(open + 1)..^1] : null;
        if (uri is null || !IsNamespace(uri) || (prefix.Length > 0 && !IsName(prefix))) return $"The NS in header line {_lines} is none.";
        _namespaces[prefix] = uri;
        return null;
    }

    private string? PartHeader(string line)
    {
        if (++_lines > CpimMessage.MaxHeaders) return TooMany;
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1) return $"Header line {_lines} has no name.";
        var value = line[(colon + 1)..].Trim();
        switch (line[..colon].Trim().ToLowerInvariant())
        {
            case "content-type":
                if (!MediaType.TryParse(Encoding.UTF8.GetBytes(value), out var type)) return "The Content-Type is none.";
                PartType = type;
                break;
            case "content-disposition":
                PartDisposition = value;
                break;
            case "content-transfer-encoding":
                TransferEncoding = value.ToLowerInvariant();
                break;
        }

        return null;
    }
}
