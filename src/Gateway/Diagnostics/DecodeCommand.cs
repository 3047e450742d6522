using System.Buffers;
using System.Text.Json.Nodes;
using Gateway.Sms;

namespace Gateway.Diagnostics;

/// <summary>
/// <c>decode</c>: 3GPP octets explained. Hexadecimal as arguments is answered with a listing, or with one JSON object each; a PDU that is
/// malformed makes the exit code 1. Without such arguments every line of standard input, hexadecimal or a JSON object with the input keys
/// of the vectors, is answered in a line (or listing), malformed or not, with exit code 0.
/// </summary>
internal static class DecodeCommand
{
    private const string Usage =
        """
        decode [--mt|--mo] [--json] [--layer LAYER] [--carried-by ack|error] [HEX...]

        LAYER: rp, tpdu-deliver, tpdu-submit, tpdu-status-report, tpdu-submit-report, tpdu-deliver-report, tpdu-command, text7,
               text-segmentation; without it RP messages and TPDUs are told apart.
        Without HEX, standard input: one PDU a line, hexadecimal or a JSON object with layer, direction, hex (rp for reports).
        """;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    private sealed record Options(bool Json = false, RpDirection? Direction = null, string? Layer = null, RpKind? CarriedBy = null);

    public static int Run(string[] args, TextReader stdin, TextWriter stdout, TextWriter stderr)
    {
        var options = new Options();
        var octets = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            var next = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--json": options = options with { Json = true }; break;
                case "--mo":   options = options with { Direction = RpDirection.FromHandset }; break;
                case "--mt":   options = options with { Direction = RpDirection.ToHandset }; break;
                case "--layer" when next.Length > 0:
                    options = options with { Layer = next };
                    i++;
                    break;
                case "--carried-by" when next is "ack" or "error":
                    options = options with { CarriedBy = CarrierOf(next) };
                    i++;
                    break;
                case var other when other.StartsWith('-'):
                    stderr.WriteLine(Usage);
                    return other is "--help" or "-h" ? 0 : 2;
                case var hex:
                    octets.Add(hex);
                    break;
            }
        }
        if (octets.Count == 0) return Lines(options, stdin, stdout);
        var failed = false;
        foreach (var hex in octets) failed |= !Answer(new JsonObject { ["hex"] = hex }, options, stdout);
        return failed ? 1 : 0;
    }

    private static int Lines(Options options, TextReader stdin, TextWriter stdout)
    {
        while (stdin.ReadLine() is { } line)
        {
            line = line.Trim();
            // An object is answered with an object, whatever the options say.
            if (line.StartsWith('{'))
            {
                if (JsonLine.TryParse(line, out var request)) Answer(request, options with { Json = true }, stdout);
                else stdout.WriteLine(JsonLine.Of(JsonLine.Error("not a JSON object", "line", 0)));
            }
            else if (line.Length > 0 || options.Json) Answer(new JsonObject { ["hex"] = line }, options, stdout);
        }
        return 0;
    }

    private static bool Answer(JsonObject request, Options options, TextWriter stdout)
    {
        var well = TryAnswer(request, options, stdout, out var answer);
        // Texts have no octets to list, so they are answered as objects in any case.
        if (options.Json || (well && answer.Count > 0)) stdout.WriteLine(JsonLine.Of(answer));
        else if (!well) stdout.WriteLine($"error: {answer["reason"]} (field {answer["field"]}, octet {answer["offset"]})");
        return well;
    }

    private static bool TryAnswer(JsonObject request, Options options, TextWriter stdout, out JsonObject answer)
    {
        var layer = JsonLine.Text(request, "layer") ?? options.Layer;
        if (layer == "text-segmentation") return SegmentationJson.TryAnswer(request, out answer);
        if (!TryOctets(JsonLine.Text(request, "hex") ?? "", out var octets, out answer)) return false;
        if (layer == "text7") return Text7Json.TryAnswer(request, octets, out answer);

        var direction = JsonLine.Text(request, "direction") switch
        {
            "mo" => RpDirection.FromHandset,
            "mt" => RpDirection.ToHandset,
            _    => options.Direction,
        };
        var carriedBy = CarrierOf(JsonLine.Text(request, "rp")) ?? options.CarriedBy;
        PduError error;
        if (layer is null)
        {
            if (TryGuess(octets, direction, carriedBy, options, stdout, out answer, out error)) return true;
        }
        else if (layer == "rp")
        {
            if (TryRp(octets, direction, options, stdout, out answer, out error)) return true;
        }
        else if (TypeOf(layer) is { } type)
        {
            if (TryTpdu(octets, type, carriedBy ?? RpKind.Ack, options, stdout, out answer, out error)) return true;
        }
        else
        {
            answer = JsonLine.Error($"layer '{layer}' is not known", "layer", 0);
            return false;
        }
        answer = JsonLine.Error(error);
        return false;
    }

    /// <summary>
    /// Nothing marks a TPDU as such. Octets are an RP message if they read as one to the last octet, with a TPDU inside that reads as well;
    /// else a TPDU to a handset, else one from a handset. If they are none, the reading that came furthest tells what is wrong.
    /// </summary>
    private static bool TryGuess(
        byte[] octets, RpDirection? direction, RpKind? carriedBy, Options options, TextWriter stdout,
        out JsonObject answer, out PduError error)
    {
        if (IsRp(octets, direction)) return TryRp(octets, direction, options, stdout, out answer, out error);
        TryRp(octets, direction, options with { Json = true }, stdout, out answer, out error);
        RpDirection[] directions = direction is { } given ? [given] : [RpDirection.ToHandset, RpDirection.FromHandset];
        foreach (var tried in directions)
        {
            if (TpMessageTypes.TryIdentify(octets, tried, carriedBy ?? RpKind.Data, out var type, out var fault) &&
                TryTpdu(octets, type, carriedBy ?? RpKind.Data, options, stdout, out answer, out fault)) return true;
            if (error.Fault == PduFault.None || fault.Offset >= error.Offset) error = fault;
        }
        return false;
    }

    private static bool IsRp(byte[] octets, RpDirection? direction)
    {
        if (!RpPdu.TryDecode(octets, out var pdu, out _) || (direction is { } wanted && wanted != pdu.Direction)) return false;
        var encoded = pdu.Kind switch
        {
            RpKind.Data  => pdu.Data.Encode(),
            RpKind.Ack   => pdu.Ack.Encode(),
            RpKind.Error => pdu.Error.Encode(),
            _            => pdu.Smma.Encode(),
        };
        return encoded.Length == octets.Length && SmsJson.TryRp(octets, out _, out _);
    }

    private static bool TryRp(
        byte[] octets, RpDirection? direction, Options options, TextWriter stdout, out JsonObject answer, out PduError error)
    {
        answer = [];
        if (direction is { } stated && RpPdu.TryDecodeHeader(octets, out _, out var told, out _) && told != stated)
        {
            error = new PduError(PduFault.WrongMessageType, "RP-MTI", 0);
            return false;
        }
        return options.Json ? SmsJson.TryRp(octets, out answer, out error) : PduListing.TryWriteRp(octets, stdout, out error);
    }

    private static bool TryTpdu(
        byte[] octets, TpMessageType type, RpKind carriedBy, Options options, TextWriter stdout, out JsonObject answer, out PduError error)
    {
        answer = [];
        return options.Json
            ? SmsJson.TryTpdu(octets, type, carriedBy, out answer, out error)
            : PduListing.TryWriteTpdu(octets, type, carriedBy, stdout, out error);
    }

    private static TpMessageType? TypeOf(string layer) => layer switch
    {
        "tpdu-deliver"        => TpMessageType.SmsDeliver,
        "tpdu-submit"         => TpMessageType.SmsSubmit,
        "tpdu-status-report"  => TpMessageType.SmsStatusReport,
        "tpdu-submit-report"  => TpMessageType.SmsSubmitReport,
        "tpdu-deliver-report" => TpMessageType.SmsDeliverReport,
        "tpdu-command"        => TpMessageType.SmsCommand,
        _                     => null,
    };

    private static RpKind? CarrierOf(string? name) => name switch { "ack" => RpKind.Ack, "error" => RpKind.Error, _ => null };

    /// <summary>Blanks between octets are allowed, as people paste them.</summary>
    private static bool TryOctets(string hex, out byte[] octets, out JsonObject error)
    {
        octets = [];
        error = [];
        var digits = string.Concat(hex.Where(character => character is not (' ' or '\t' or ':')));
        var bad = digits.AsSpan().IndexOfAnyExcept(HexDigits);
        if (bad < 0 && digits.Length % 2 == 0)
        {
            octets = Convert.FromHexString(digits);
            return true;
        }
        error = JsonLine.Error("not whole octets in hexadecimal", "hex", bad < 0 ? digits.Length / 2 : bad / 2);
        return false;
    }
}
