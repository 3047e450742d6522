using System.Text;

namespace Gateway.Rest;

/// <summary>
/// Texts that come again with every request of a client, as its key and its name do: the same octets are given the same string, as long as no other text
/// takes its place. Not for secrets, which are not to be kept, nor compared with what others sent.
/// </summary>
internal static class RecurringTexts
{
    private const int Places = 1024, Longest = 32;

    private static readonly string?[] Texts = new string?[Places];

    public static string Of(ReadOnlySpan<byte> octets, Encoding encoding)
    {
        if (octets.IsEmpty || octets.Length > Longest || !Ascii.IsValid(octets))
            return encoding.GetString(octets);
        var hash = new HashCode();
        hash.AddBytes(octets);
        // Of two threads that fill the same place at once one is overwritten, which does no harm.
        ref var place = ref Texts[(uint)hash.ToHashCode() % Places];
        return place is { } known && Ascii.Equals(octets, known) ? known : place = Encoding.ASCII.GetString(octets);
    }
}
