using System.Buffers.Binary;
using System.Numerics;

namespace Gateway.Sip.Transactions;

/// <summary>
/// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein: "SipHash: a fast short-input PRF", and its reference implementation): whoever does not
/// know the key cannot tell what has which hash, nor make two things have the same.
/// </summary>
internal static class SipHash
{
    public static (ulong First, ulong Second) Hash128(ulong key0, ulong key1, ReadOnlySpan<byte> input)
    {
        var state = new State(key0, key1);
        var rest = input;
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..]) state.Take(BinaryPrimitives.ReadUInt64LittleEndian(rest));

        Span<byte> last = stackalloc byte[sizeof(ulong)];
        last.Clear();
        rest.CopyTo(last);
        last[^1] = (byte)input.Length;
        state.Take(BinaryPrimitives.ReadUInt64LittleEndian(last));
        return (state.First(), state.Second());
    }

    private ref struct State(ulong key0, ulong key1)
    {
        private ulong _v0 = key0 ^ 0x736f6d6570736575;
        private ulong _v1 = key1 ^ 0x646f72616e646f6d ^ 0xee;
        private ulong _v2 = key0 ^ 0x6c7967656e657261;
        private ulong _v3 = key1 ^ 0x7465646279746573;

        public void Take(ulong word)
        {
            _v3 ^= word;
            Round();
            Round();
            _v0 ^= word;
        }

        public ulong First()
        {
            _v2 ^= 0xee;
            return Finish();
        }

        public ulong Second()
        {
            _v1 ^= 0xdd;
            return Finish();
        }

        private ulong Finish()
        {
            Round();
            Round();
            Round();
            Round();
            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        private void Round()
        {
            _v0 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
