using System.Text;

namespace Gateway.Sip;

/// <summary>
/// The common form of challenges and credentials (RFC 3261 §25.1): <c>Digest name=value, name="value"</c>. Here commas do not separate
/// header values.
/// </summary>
internal sealed class AuthParameters
{
    // RFC 7616 defines a dozen; each new one is compared with those before it.
    private const int MaxParameters = 32;

    private readonly List<SipParameter> _list = [];

    private AuthParameters(string scheme) => Scheme = scheme;

    public string Scheme { get; }

    public bool IsDigest => Scheme.Equals("Digest", StringComparison.OrdinalIgnoreCase);

    public string? this[string name]
    {
        get
        {
            foreach (var parameter in _list)
            {
                if (parameter.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return parameter.Value;
            }

            return null;
        }
    }

    /// <summary>Looks at the scheme alone.</summary>
    public static bool IsDigestScheme(ReadOnlySpan<byte> value)
    {
        var reader = new HeaderReader(value);
        reader.SkipLws();
        return reader.Token(out var scheme) && Ascii.EqualsIgnoreCase(scheme, "Digest"u8);
    }

    /// <summary>False when it does not follow the grammar, names a parameter twice, or has more than 32.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out AuthParameters parameters)
    {
        parameters = new AuthParameters("");
        var reader = new HeaderReader(octets);
        reader.SkipLws();
        if (!reader.Token(out var scheme)) return false;

        parameters = new AuthParameters(HeaderReader.Text(scheme));
        reader.SkipLws();
        do
        {
            if (!reader.Token(out var name) || !reader.Separator((byte)'=')) return false;

            var text = HeaderReader.Text(name);
            if (parameters[text] is not null || parameters._list.Count == MaxParameters) return false;

            string value;
            if (reader.QuotedString(out var quoted)) value = HeaderReader.Unquote(quoted);
            else if (reader.Run(SipGrammar.ParameterValue, out var plain)) value = HeaderReader.Text(plain);
            else return false;

            parameters._list.Add(new SipParameter(text, value));
        }
        while (reader.Separator((byte)','));

        return reader.AtEnd();
    }

    /// <summary>Writes <paramref name="list"/>, leaving out those without value.</summary>
    public static string Write(ReadOnlySpan<SipParameter> list)
    {
        var text = new StringBuilder("Digest ", 256);
        var first = true;
        foreach (var (name, value, quoted) in list)
        {
            if (value is null) continue;
            if (!first) text.Append(", ");
            first = false;
            text.Append(name).Append('=');
            if (quoted) QuotedText.Append(text, value);
            else text.Append(value);
        }

        return text.ToString();
    }
}
