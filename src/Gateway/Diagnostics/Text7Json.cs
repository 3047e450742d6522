using System.Text.Json.Nodes;
using Gateway.Sms;

namespace Gateway.Diagnostics;

/// <summary>Layer <c>text7</c>: packed septets to text, or with <c>text</c> and no <c>hex</c> the other way.</summary>
internal static class Text7Json
{
    public static bool TryAnswer(JsonObject request, byte[] octets, out JsonObject answer)
    {
        var fillBits = JsonLine.Number(request, "fill_bits") ?? 0;
        var (locking, single) = (JsonLine.Number(request, "locking") ?? 0, JsonLine.Number(request, "single") ?? 0);
        var packed = octets;
        if (fillBits is < 0 or > 6) return Refuse("fill_bits is not 0 to 6", "fill_bits", out answer);
        if (locking is < 0 or > 255 || single is < 0 or > 255)
            return Refuse("a national language identifier is one octet", "locking", out answer);
        string text;
        int septets;
        if (request["hex"] is null && request["text"] is JsonValue value && value.TryGetValue(out text!))
        {
            if (Gsm7.Pack(text, locking, single, fillBits) is not { } encoded)
                return Refuse("a character is not in the alphabet", "text", out answer);
            (packed, septets) = (encoded, Gsm7.Count(text, locking, single));
        }
        else
        {
            septets = JsonLine.Number(request, "septets") ?? Math.Max(0, (8 * octets.Length - fillBits) / 7);
            if (!Gsm7.TryUnpack(octets, septets, out text, locking, single, fillBits))
            {
                answer = JsonLine.Error(new PduError(PduFault.Truncated, "TP-UD", octets.Length));
                return false;
            }
        }
        answer = new JsonObject
        {
            ["septets"] = septets, ["fill_bits"] = fillBits, ["locking"] = locking, ["single"] = single, ["text"] = text,
        };
        if (packed != octets) answer["hex"] = SmsJson.Hex(packed);
        return true;
    }

    private static bool Refuse(string reason, string field, out JsonObject answer)
    {
        answer = JsonLine.Error(reason, field, 0);
        return false;
    }
}
