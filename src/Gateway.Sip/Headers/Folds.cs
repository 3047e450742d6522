using System.Buffers;

namespace Gateway.Sip;

/// <summary>RFC 3261 §7.3.1: a fold and the white space about it stand for one space.</summary>
internal static class Folds
{
    public static string Undo(ReadOnlySpan<byte> value)
    {
        if (!value.ContainsAny(SipGrammar.LineEnds)) return HeaderReader.Text(value);

        var output = new ArrayBufferWriter<byte>(value.Length);
        Undo(value, output);
        return HeaderReader.Text(output.WrittenSpan);
    }

    public static void Undo(ReadOnlySpan<byte> value, IBufferWriter<byte> output)
    {
        for (var end = value.IndexOfAny(SipGrammar.LineEnds); end >= 0; end = value.IndexOfAny(SipGrammar.LineEnds))
        {
            output.Write(value[..end].TrimEnd(" \t"u8));
            output.Write(" "u8);
            value = value[end..].TrimStart(" \t\r\n"u8);
        }

        output.Write(value);
    }
}
