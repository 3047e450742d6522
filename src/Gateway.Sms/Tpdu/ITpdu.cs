namespace Gateway.Sms;

/// <summary>A TPDU that can be put into an RP message without being copied on the way.</summary>
public interface ITpdu
{
    /// <summary>Octets written from TP-MTI on; at most <see cref="Tpdu.MaxLength"/>.</summary>
    int Encode(Span<byte> destination);
}

public static class Tpdu
{
    /// <summary>Octets of the longest TPDU, an SMS-SUBMIT with everything (TS 23.040 §9.2.2.2).</summary>
    public const int MaxLength = 164;

    /// <summary>Octets of TP-UD in SMS-DELIVER and SMS-SUBMIT (TS 23.040 §9.2.3.24).</summary>
    public const int MaxUserData = 140;

    public static byte[] ToArray<TTpdu>(in TTpdu tpdu) where TTpdu : struct, ITpdu
    {
        Span<byte> octets = stackalloc byte[MaxLength + 16];
        return octets[..tpdu.Encode(octets)].ToArray();
    }
}
