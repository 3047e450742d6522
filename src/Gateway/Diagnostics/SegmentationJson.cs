using System.Text.Json.Nodes;
using Gateway.Sms;

namespace Gateway.Diagnostics;

/// <summary>Layer <c>text-segmentation</c>: the parts a text or 8-bit data become. What was asked for is repeated in the answer.</summary>
internal static class SegmentationJson
{
    private const string SingleShifts = "national_single_shift_tables";
    private const string LockingShifts = "national_locking_shift_tables";

    private static readonly string[] Inputs =
        ["input_text", "input_hex", "ref", "ref_bits", "force_alphabet", SingleShifts, LockingShifts, "class"];

    public static bool TryAnswer(JsonObject request, out JsonObject answer)
    {
        if (!TryOptions(request, out var options, out var wrong))
        {
            answer = JsonLine.Error($"{wrong} is not understood", wrong, 0);
            return false;
        }
        bool fits;
        Segmentation segmentation;
        if (JsonLine.Text(request, "input_hex") is { } hex)
        {
            if (!TryHex(hex, out var data))
            {
                answer = JsonLine.Error("not whole octets in hexadecimal", "input_hex", 0);
                return false;
            }
            fits = Segmenter.TrySegmentData(data, null, options, out segmentation);
        }
        else fits = Segmenter.TrySegment(JsonLine.Text(request, "input_text") ?? "", options, out segmentation);
        if (!fits)
        {
            answer = JsonLine.Error($"more than {Segmenter.MaxSegments} parts", "input_text", 0);
            return false;
        }
        answer = [];
        foreach (var key in Inputs)
            if (request[key] is { } given) answer[key] = given.DeepClone();
        foreach (var (key, value) in SmsJson.Segments(segmentation).ToList()) answer[key] = value?.DeepClone();
        return true;
    }

    private static bool TryOptions(JsonObject request, out SegmentationOptions options, out string wrong)
    {
        options = SegmentationOptions.Default;
        var bits = JsonLine.Number(request, "ref_bits") ?? 8;
        var reference = JsonLine.Number(request, "ref") ?? 0;
        var messageClass = JsonLine.Number(request, "class");
        wrong = "ref_bits";
        if (bits is not (8 or 16)) return false;
        wrong = "ref";
        if (reference < 0 || reference >= 1 << bits) return false;
        wrong = "class";
        if (messageClass is not (null or >= 0 and <= 3)) return false;
        wrong = "force_alphabet";
        var forced = JsonLine.Text(request, "force_alphabet");
        if (forced is not (null or "gsm7" or "ucs2")) return false;
        wrong = SingleShifts;
        if (!TryIdentifiers(request, SingleShifts, out var singles)) return false;
        wrong = LockingShifts;
        if (!TryIdentifiers(request, LockingShifts, out var lockings)) return false;
        options = new SegmentationOptions
        {
            Reference = (ushort)reference,
            WideReference = bits == 16,
            MessageClass = messageClass,
            ForceUcs2 = forced == "ucs2",
            Unencodable = forced == "gsm7" ? UnencodableText.Replace : UnencodableText.Upgrade,
            SingleShifts = singles,
            LockingShifts = lockings,
        };
        return true;
    }

    private static bool TryIdentifiers(JsonObject request, string key, out List<byte> identifiers)
    {
        identifiers = [];
        if (request[key] is null) return true;
        if (request[key] is not JsonArray array) return false;
        foreach (var item in array)
        {
            if (item is not JsonValue value || !value.TryGetValue<int>(out var identifier) || identifier is < 0 or > 255) return false;
            identifiers.Add((byte)identifier);
        }
        return true;
    }

    private static bool TryHex(string hex, out byte[] octets)
    {
        octets = new byte[hex.Length / 2];
        return hex.Length % 2 == 0 && Convert.FromHexString(hex, octets, out _, out _) == System.Buffers.OperationStatus.Done;
    }

}
