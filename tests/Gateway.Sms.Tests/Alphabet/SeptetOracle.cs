namespace Gateway.Sms.Tests;

/// <summary>TS 23.038 §6.1.2.1 read literally, one bit at a time.</summary>
internal static class SeptetOracle
{
    public static byte[] Pack(IReadOnlyList<byte> septets, int fillBits)
    {
        var octets = new byte[(fillBits + septets.Count * 7 + 7) / 8];
        for (var i = 0; i < septets.Count; i++)
        {
            for (var bit = 0; bit < 7; bit++)
            {
                var position = fillBits + i * 7 + bit;
                if ((septets[i] >> bit & 1) != 0) octets[position / 8] |= (byte)(1 << position % 8);
            }
        }
        return octets;
    }

    public static byte[] Unpack(IReadOnlyList<byte> octets, int count, int fillBits)
    {
        var septets = new byte[count];
        for (var i = 0; i < count; i++)
        {
            for (var bit = 0; bit < 7; bit++)
            {
                var position = fillBits + i * 7 + bit;
                if ((octets[position / 8] >> position % 8 & 1) != 0) septets[i] |= (byte)(1 << bit);
            }
        }
        return septets;
    }
}
