using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Sms;

namespace Gateway.Diagnostics;

/// <summary>
/// <c>encode</c>: the segments a text, or 8-bit data, become: alphabet, number of parts, and the octets of each. Without <c>--text</c> and
/// <c>--data</c> every line of standard input is a text and is answered in one line (with <c>--json</c>) or listing; a
/// line that is a JSON object with a <c>layer</c>, text7 or text-segmentation, is answered as the vectors' schema says.
/// </summary>
internal static class EncodeCommand
{
    private const string Usage =
        """
        encode (--text TEXT | --data HEX) [--json] [--ref NUMBER] [--ref-bits 8|16] [--class 0..3] [--alphabet gsm7|ucs2]
               [--single ID,...] [--locking ID,...]

        --alphabet gsm7 puts ? for what the alphabet lacks; without it such a text becomes UCS2.
        --single, --locking: national language tables (1 to 13) that may be used.
        Without --text and --data: one text a line of standard input.
        """;

    public static int Run(string[] args, TextReader stdin, TextWriter stdout, TextWriter stderr)
    {
        var json = false;
        var request = new JsonObject { ["ref"] = 0, ["ref_bits"] = 8 };
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--json")
            {
                json = true;
                continue;
            }
            if (i + 1 == args.Length || !TryOption(request, args[i], args[i + 1]))
            {
                stderr.WriteLine(Usage);
                return args[i] is "--help" or "-h" ? 0 : 2;
            }
            i++;
        }
        if (request.ContainsKey("input_text") || request.ContainsKey("input_hex")) return Answer(request, json, stdout) ? 0 : 1;
        while (stdin.ReadLine() is { } line)
        {
            if (line.StartsWith('{') && JsonLine.TryParse(line, out var asked) && asked["layer"] is not null)
            {
                AnswerObject(asked, stdout);
                continue;
            }
            request["input_text"] = line;
            Answer(request, json, stdout);
        }
        return 0;
    }

    private static bool TryOption(JsonObject request, string name, string value)
    {
        switch (name)
        {
            case "--text":     request["input_text"] = value; return true;
            case "--data":     request["input_hex"] = value; return true;
            case "--alphabet": request["force_alphabet"] = value; return true;
            case "--ref":      return TryNumber(request, "ref", value);
            case "--ref-bits": return TryNumber(request, "ref_bits", value);
            case "--class":    return TryNumber(request, "class", value);
            case "--single":   return TryNumbers(request, "national_single_shift_tables", value);
            case "--locking":  return TryNumbers(request, "national_locking_shift_tables", value);
            default:           return false;
        }
    }

    private static bool Answer(JsonObject request, bool json, TextWriter stdout)
    {
        var well = SegmentationJson.TryAnswer(request, out var answer);
        if (json) stdout.WriteLine(JsonLine.Of(answer));
        else if (!well) stdout.WriteLine($"error: {answer["reason"]} (field {answer["field"]})");
        else List(answer, stdout);
        return well;
    }

    private static void AnswerObject(JsonObject request, TextWriter stdout)
    {
        JsonObject answer;
        switch (JsonLine.Text(request, "layer"))
        {
            case "text-segmentation":
                SegmentationJson.TryAnswer(request, out answer);
                break;
            case "text7" when JsonLine.Text(request, "text") is null:
                answer = JsonLine.Error("there is no text", "text", 0);
                break;
            case "text7":
                request.Remove("hex");
                Text7Json.TryAnswer(request, [], out answer);
                break;
            default:
                answer = JsonLine.Error("only text7 and text-segmentation are encoded from a line", "layer", 0);
                break;
        }
        stdout.WriteLine(JsonLine.Of(answer));
    }

    private static void List(JsonObject answer, TextWriter stdout)
    {
        stdout.WriteLine($"{answer["alphabet"]}, {answer["count"]} part{((int)answer["count"]! == 1 ? "" : "s")}");
        var number = 0;
        foreach (var segment in answer["segments"]!.AsArray())
        {
            stdout.WriteLine($"part {++number}");
            var size = (segment!["septets"], segment["code_units"]) switch
            {
                ({ } septets, _) => $"{septets} septets",
                (_, { } units)   => $"{units} UCS2 characters",
                _                => $"{segment["octets"]} octets",
            };
            stdout.WriteLine($"  TP-UDL  {segment["udl"]} ({size} beside the header)");
            if (segment["text"] is { } text) stdout.WriteLine($"  text    \"{PduListing.Visible((string)text!)}\"");
            stdout.WriteLine($"  TP-UD   {segment["ud_hex"]}");
        }
    }

    private static bool TryNumber(JsonObject request, string key, string value)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        request[key] = number;
        return true;
    }

    private static bool TryNumbers(JsonObject request, string key, string value)
    {
        var numbers = new JsonArray();
        foreach (var item in value.Split(','))
        {
            if (!int.TryParse(item, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
            numbers.Add(number);
        }
        request[key] = numbers;
        return true;
    }
}
