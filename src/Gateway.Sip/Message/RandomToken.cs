using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Sip;

/// <summary>
/// Tags, branches and Call-IDs that nobody can guess (RFC 3261 §8.1.1.7, §19.3). The generator is asked for many octets at a time: a call costs
/// more than all else that is done for a request.
/// </summary>
internal static class RandomToken
{
    private const int BufferLength = 4_096;

    [ThreadStatic]
    private static byte[]? _octets;

    [ThreadStatic]
    private static int _used;

    /// <summary>Twice as many hex digits as octets.</summary>
    public static string Hex(int octets, string prefix = "") =>
        string.Create(prefix.Length + 2 * octets, (octets, prefix), static (text, state) =>
        {
            state.prefix.CopyTo(text);
            Convert.TryToHexStringLower(Take(state.octets), text[state.prefix.Length..], out _);
        });

    /// <summary>The same as octets, as many as fit.</summary>
    public static void WriteHex(Span<byte> output) => Convert.TryToHexStringLower(Take(output.Length / 2), output, out _);

    public static ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(sizeof(ulong)));

    private static ReadOnlySpan<byte> Take(int octets)
    {
        var buffer = _octets ??= new byte[BufferLength];
        if (_used == 0 || _used + octets > BufferLength)
        {
            RandomNumberGenerator.Fill(buffer);
            _used = 0;
        }

        var taken = buffer.AsSpan(_used, octets);
        _used += octets;
        return taken;
    }
}
