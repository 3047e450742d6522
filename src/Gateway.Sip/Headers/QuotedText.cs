using System.Text;

namespace Gateway.Sip;

/// <summary>RFC 3261 §25.1 quoted-string, written. A line end cannot be expressed in one, so it becomes a space.</summary>
internal static class QuotedText
{
    public static StringBuilder Append(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            if (c is '\r' or '\n')
            {
                text.Append(' ');
                continue;
            }

            if (c is '"' or '\\' or '\0' or '\x7f' || (c < ' ' && c != '\t')) text.Append('\\');
            text.Append(c);
        }

        return text.Append('"');
    }
}
