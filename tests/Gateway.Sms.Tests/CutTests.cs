using Xunit;

namespace Gateway.Sms.Tests;

/// <summary>Every valid vector cut at every octet: an error that names its place, or a shorter PDU that the standard allows. Never a throw.</summary>
public sealed class CutTests
{
    public static TheoryData<string> Pdus() => Vectors.Ids(vector => !vector.IsError && (vector.IsTpdu || vector.Layer == "rp"));
    public static TheoryData<string> Packed() => Vectors.Ids(vector => vector.Layer == "text7");

    [Theory]
    [MemberData(nameof(Pdus))]
    public void Cut_pdu_is_refused_where_it_ends(string id)
    {
        var vector = Vectors.All[id];
        var needed = vector.Octets.Length - ((int?)vector.Expect["trailing"] ?? (int?)vector.Expect["tpdu"]?["trailing"] ?? 0);
        for (var length = 0; length < needed; length++)
        {
            // A copy, so that reading past the cut cannot find the octets that were there.
            var cut = vector.Octets[..length];
            var accepted = Decoders.TryDecode(vector.Layer, cut, vector.CarriedBy, out var error);
            Assert.True(accepted == EndsWell(vector, length), $"cut at {length}: {(accepted ? "accepted" : error)}");
            if (accepted) continue;
            Assert.Matches("^[RT]P-", error.Field);
            Assert.InRange(error.Offset, 0, length);
        }
    }

    [Theory]
    [MemberData(nameof(Packed))]
    public void Cut_septets_are_refused(string id)
    {
        var (octets, septets, fillBits) = (Vectors.All[id].Octets, (int)Vectors.All[id].Expect["septets"]!, (int)Vectors.All[id].Expect["fill_bits"]!);
        for (var length = 0; length < octets.Length; length++)
            Assert.False(Gsm7.TryUnpack(octets.AsSpan(0, length), septets, out _, fillBits: fillBits));
    }

    [Theory]
    [MemberData(nameof(Pdus))]
    public void Any_octet_replaced_by_any_other_decodes_or_is_refused(string id)
    {
        var vector = Vectors.All[id];
        for (var at = 0; at < vector.Octets.Length; at++)
        {
            var octets = vector.Octets.ToArray();
            for (var value = 0; value < 256; value += at < 40 ? 1 : 51)
            {
                octets[at] = (byte)value;
                if (!Decoders.TryDecode(vector.Layer, octets, vector.CarriedBy, out var error)) Assert.InRange(error.Offset, 0, octets.Length);
            }
        }
    }

    /// <summary>Optional elements: everything after TP-ST of a status report, and RP-User Data of an acknowledgement.</summary>
    private static bool EndsWell(Vector vector, int length)
    {
        var octets = vector.Octets;
        if (vector.Layer == "tpdu-status-report") return length == 2 + 2 + (octets[2] + 1) / 2 + 7 + 7 + 1;
        if (vector.Layer != "rp") return false;
        return (octets[0] & 7) switch { 2 or 3 => length == 2, 4 or 5 => length == 3 + octets[2], _ => false };
    }
}
