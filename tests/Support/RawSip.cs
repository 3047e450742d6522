using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A SIP message as it stood on the wire, read by splitting lines: the tests' peers share nothing with the product's parser.</summary>
internal sealed class RawSip
{
    private readonly List<(string Name, string Value)> _headers = [];

    private RawSip(string startLine, byte[] octets, byte[] body) => (StartLine, Octets, Body) = (startLine, octets, body);

    /// <summary><see cref="Stopwatch.GetTimestamp"/> when it was read.</summary>
    public long ArrivedAt { get; } = Stopwatch.GetTimestamp();
    public string StartLine { get; }
    public byte[] Octets { get; }
    public byte[] Body { get; }
    public string Text => Encoding.UTF8.GetString(Body);

    public bool IsRequest => !StartLine.StartsWith("SIP/2.0 ", StringComparison.Ordinal);
    public string Method => IsRequest ? StartLine.Split(' ')[0] : this["CSeq"]!.Split(' ')[1];
    public string RequestUri => StartLine.Split(' ')[1];
    public int Status => IsRequest ? 0 : int.Parse(StartLine.AsSpan(8, 3), CultureInfo.InvariantCulture);
    public string Branch => Parameter(this["Via"]!, "branch") ?? "";
    public string Key => $"{Branch} {Method}";
    public bool IsMessage => IsRequest && Method == "MESSAGE";
    public bool Is3gppSms => this["Content-Type"]?.StartsWith("application/vnd.3gpp.sms", StringComparison.OrdinalIgnoreCase) == true;
    public bool IsText => this["Content-Type"]?.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase) == true;

    public string? this[string name] => All(name).FirstOrDefault();

    public IEnumerable<string> All(string name) =>
        _headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value);

    public static RawSip? TryRead(byte[] octets)
    {
        var end = octets.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0) return null;
        var lines = Encoding.UTF8.GetString(octets, 0, end).Split("\r\n");
        var message = new RawSip(lines[0], octets, octets[(end + 4)..]);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':');
            if (colon > 0) message._headers.Add((line[..colon].Trim(), line[(colon + 1)..].Trim()));
        }
        return message;
    }

    /// <summary>The answer of a user agent: the headers that RFC 3261 §8.2.6.2 has copied.</summary>
    public byte[] Response(string status, string tag)
    {
        var text = new StringBuilder($"SIP/2.0 {status}\r\n");
        foreach (var via in All("Via")) text.Append(CultureInfo.InvariantCulture, $"Via: {via}\r\n");
        var to = this["To"]!;
        if (Parameter(to, "tag") is null) to += $";tag={tag}";
        text.Append(CultureInfo.InvariantCulture, $"From: {this["From"]}\r\nTo: {to}\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Call-ID: {this["Call-ID"]}\r\nCSeq: {this["CSeq"]}\r\n");
        return Encoding.UTF8.GetBytes(text.Append("Content-Length: 0\r\n\r\n").ToString());
    }

    public static string? Parameter(string value, string name)
    {
        foreach (var part in value.Split(';').Skip(1))
            if (part.Split('=', 2) is [var key, var found] && key.Trim() == name) return found.Trim().TrimEnd('>');
        return null;
    }

    public override string ToString() => $"{StartLine} [{this["Content-Type"]}] {(Is3gppSms ? Convert.ToHexString(Body) : Text)}";
}
