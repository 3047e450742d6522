namespace Gateway.Sms;

/// <summary>
/// The GSM 7-bit alphabets of TS 23.038 §6: default table with its extension, or the tables of national language identifiers 1 to 13.
/// An identifier that no table belongs to means the default.
/// </summary>
public static class Gsm7
{
    /// <summary>Whether every character is in the alphabet.</summary>
    public static bool CanEncode(ReadOnlySpan<char> text, int locking = 0, int single = 0) =>
        Gsm7Alphabet.Of(locking, single).Count(text) >= 0;

    /// <summary>Septets the text takes, escapes included, or -1 if it cannot be encoded.</summary>
    public static int Count(ReadOnlySpan<char> text, int locking = 0, int single = 0) =>
        Gsm7Alphabet.Of(locking, single).Count(text);

    /// <summary>
    /// Packed septets of <paramref name="text"/> behind <paramref name="fillBits"/> zero bits, or null if the alphabet lacks a character.
    /// </summary>
    public static byte[]? Pack(ReadOnlySpan<char> text, int locking = 0, int single = 0, int fillBits = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)fillBits, 6u, nameof(fillBits));
        var alphabet = Gsm7Alphabet.Of(locking, single);
        var count = alphabet.Count(text);
        if (count < 0) return null;
        var septets = new byte[count];
        alphabet.Encode(text, septets);
        var octets = new byte[(fillBits + count * 7 + 7) / 8];
        Septets.Pack(septets, octets, fillBits);
        return octets;
    }

    /// <summary>False if the octets hold fewer septets than asked for.</summary>
    /// <param name="octets">Packed septets.</param>
    /// <param name="septetCount">How many there are: the octets alone cannot tell seven spare bits from a last <c>@</c>.</param>
    /// <param name="text">What they say.</param>
    /// <param name="locking">National language identifier of the locking shift table.</param>
    /// <param name="single">National language identifier of the single shift table.</param>
    /// <param name="fillBits">Bits before the first septet, 0 to 6.</param>
    public static bool TryUnpack(
        ReadOnlySpan<byte> octets, int septetCount, out string text, int locking = 0, int single = 0, int fillBits = 0)
    {
        text = "";
        if (septetCount < 0 || (uint)fillBits > 6 || fillBits + 7L * septetCount > 8L * octets.Length) return false;
        var septets = new byte[septetCount];
        Septets.Unpack(octets, septets, fillBits);
        var characters = new char[septetCount];
        text = new string(characters, 0, Gsm7Alphabet.Of(locking, single).Decode(septets, characters));
        return true;
    }
}
