using System.Text.Json.Nodes;
using Gateway.Diagnostics;
using Xunit;

namespace Gateway.Tests.Diagnostics;

public sealed class DecodeCommandTests
{
    private const string Submit = "00090007919471227230330f3107038198f40000a705c8329bfd06";

    [Fact]
    public void Listing_names_every_field_with_its_octets()
    {
        var (code, output, _) = Run([Submit]);
        Assert.Equal(0, code);
        Assert.Equal(
            """
            RP-DATA, mobile originated
            0          RP-MTI                  0  [00]
            1          RP-Message Reference    9  [09]
            2          RP-Originator Address   none  [00]
            3-10       RP-Destination Address  +491722270333 (International, E164)  [0791947122723033]
            11         RP-User Data            15 octets  [0f]
            SMS-SUBMIT
            12         TP-MTI                  1 SMS-SUBMIT  [31]
                       TP-RD                   0
                       TP-VPF                  2 Relative
                       TP-SRR                  1
                       TP-UDHI                 0
                       TP-RP                   0
            13         TP-MR                   7  [07]
            14-17      TP-DA                   894 (3 semi-octets, Unknown, E164)  [038198f4]
            18         TP-PID                  00 SmeToSme  [00]
            19         TP-DCS                  00 gsm7  [00]
            20         TP-VP                   1.00:00:00  [a7]
            21         TP-UDL                  5 septets  [05]
            22-26      TP-UD                   "Hello"  [c8329bfd06]

            """, output, ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData("440b915155550110f0000052804001000000110605040b8423f0f0b79c0e92e56838", "IEI 05", "ports, destination 2948, source 9200 (16 bits)")]
    [InlineData("4401800500c07020027160112b06040102000000", "IEI 01", "special SMS, type 0, 0 waiting, discard")]
    [InlineData("4401800500c07020027160112b06040102000000", "TP-DCS", "C0 gsm7, Voicemail waiting off, discard")]
    [InlineData("0404a149490000218070012530400161ffff", "(trailing, ignored)", "2 octets")]
    public void Listing_says_what_a_field_means(string hex, string field, string value)
    {
        var (_, output, _) = Run(["--layer", "tpdu-deliver", hex]);
        Assert.Contains(output.Split('\n'), line => line.Contains(field) && line.Contains(value));
    }

    [Fact]
    public void Every_octet_of_every_listed_pdu_is_accounted_for()
    {
        foreach (var node in JsonNode.Parse(File.ReadAllText(VectorCommandTests.VectorFile()))!.AsArray())
        {
            var (layer, hex) = ((string)node!["layer"]!, (string)node["hex"]!);
            if (node["expect"]!["error"] is not null || (layer != "rp" && !layer.StartsWith("tpdu-", StringComparison.Ordinal))) continue;
            var (code, output, _) = Run(["--layer", layer, "--carried-by", (string?)node["expect"]!["rp"] ?? "ack", hex]);
            Assert.Equal(0, code);
            var next = 0;
            foreach (var range in output.Split('\n').Select(line => line.Split(' ')[0]).Where(range => range.Length > 0 && char.IsAsciiDigit(range[0])))
            {
                var ends = range.Split('-').Select(int.Parse).ToArray();
                Assert.Equal((hex, next), (hex, ends[0]));
                next = ends[^1] + 1;
            }
            Assert.Equal((hex, hex.Length / 2), (hex, next));
        }
    }

    [Fact]
    public void Element_as_long_as_a_report_allows_is_listed()
    {
        var (code, output, _) = Run(["--layer", "tpdu-deliver-report", "4006049f9e709c" + new string('0', 2 * 156)]);
        Assert.Equal(0, code);
        Assert.Contains("156 octets", output);
    }

    [Theory]
    [InlineData(new[] { "--json", "0302" }, "RP-ACK")]
    [InlineData(new[] { "--json", "06040d91945152991136f00160124130340a0160124130940a00" }, "SMS-STATUS-REPORT")]
    [InlineData(new[] { "--json", "040b911346610089f60000208062917314480cc8f71d14969741f977fd07" }, "SMS-DELIVER")]
    [InlineData(new[] { "--json", "11000b916407281553f80000aa0ae8329bfd4697d9ec37" }, "SMS-SUBMIT")]
    [InlineData(new[] { "--json", "--mo", "0242ab893404913619096120636f6d6d616e64" }, "SMS-COMMAND")]
    [InlineData(new[] { "--json", "--mo", "--carried-by", "error", "00d300" }, "SMS-DELIVER-REPORT")]
    [InlineData(new[] { "--json", "--mt", "--carried-by", "ack", "010052804001000080" }, "SMS-SUBMIT-REPORT")]
    public void Kind_is_told_from_the_octets(string[] args, string kind)
    {
        var (code, output, _) = Run(args);
        var answer = JsonNode.Parse(output)!;
        Assert.Equal((0, kind), (code, (string?)answer["type"] ?? (string?)answer["rp_type"]));
    }

    [Theory]
    [InlineData("0042000391214301",     "RP-User Data", 8)]
    [InlineData("0404913619",           "TP-PID", 5)]
    [InlineData("zz",                   "hex", 0)]
    [InlineData("040",                  "hex", 1)]
    public void Malformed_argument_fails_with_field_and_offset(string hex, string field, int offset)
    {
        var (code, output, _) = Run(["--json", hex]);
        var answer = JsonNode.Parse(output)!;
        Assert.Equal((1, true, field, offset), (code, (bool)answer["error"]!, (string)answer["field"]!, (int)answer["offset"]!));
        (code, output, _) = Run([hex]);
        Assert.Equal(1, code);
        Assert.Contains($"field {field}, octet {offset}", output);
    }

    [Fact]
    public void Error_in_the_tpdu_counts_from_the_start_of_the_rp_message()
    {
        var (_, output, _) = Run(["--json", "--layer", "rp", "00090007919471227230330131"]);
        Assert.Equal(("TP-MR", 13), ((string)JsonNode.Parse(output)!["field"]!, (int)JsonNode.Parse(output)!["offset"]!));
    }

    [Fact]
    public void Line_mode_answers_every_line_and_succeeds()
    {
        var input = $$"""
            0302
            zz

            {"layer":"rp","direction":"mt","hex":"0302"}
            {"layer":"rp","direction":"mo","hex":"0302"}
            {"layer":"nothing","hex":"00"}
            {"layer":"tpdu-deliver-report","direction":"mo","rp":"error","hex":"00d300"}
            {"layer":"text7","hex":"c8329bfd06","septets":5,"fill_bits":0,"locking":0,"single":0}
            {"layer":"text7","hex":"c8","septets":5}
            {"layer":"text-segmentation","input_text":"ж","ref":90,"ref_bits":8}
            {"layer":"text-segmentation","input_text":"ж","ref":256,"ref_bits":8}
            {"layer":"text-segmentation","input_hex":"0"}
            {"layer":"text-segmentation","input_text":"ж","national_single_shift_tables":[300]}
            {"hex":1}
            {
            {"hex":"00","hex":"00"}
            []
            """;
        var (code, output, _) = Run(["--json"], input);
        Assert.Equal(0, code);
        var answers = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
        Assert.Equal(input.ReplaceLineEndings("\n").Split('\n').Length, answers.Count);
        string[] expected =
        [
            "RP-ACK", "hex", "TP-MTI", "RP-ACK", "RP-MTI", "layer", "SMS-DELIVER-REPORT", "Hello", "TP-UD", "ucs2", "ref", "input_hex",
            "national_single_shift_tables", "TP-MTI", "line", "line", "hex",
        ];
        Assert.Equal(expected, answers.Select(answer => (string?)(answer["field"] ?? answer["rp_type"] ?? answer["type"] ?? answer["alphabet"] ?? answer["text"])));
    }

    [Theory]
    [InlineData(new[] { "--help" }, 0)]
    [InlineData(new[] { "--nonsense" }, 2)]
    [InlineData(new[] { "--carried-by", "pigeon" }, 2)]
    public void Unknown_option_is_answered_with_the_usage(string[] args, int code)
    {
        var (actual, output, errors) = Run(args);
        Assert.Equal((code, ""), (actual, output));
        Assert.StartsWith("decode [--mt|--mo] [--json]", errors);
    }

    private static (int Code, string Output, string Errors) Run(string[] args, string input = "")
    {
        var (output, errors) = (new StringWriter { NewLine = "\n" }, new StringWriter());
        return (DecodeCommand.Run(args, new StringReader(input), output, errors), output.ToString(), errors.ToString());
    }
}
