using System.Text.Json.Nodes;
using Gateway.Diagnostics;
using Xunit;

namespace Gateway.Tests.Diagnostics;

public sealed class EncodeCommandTests
{
    [Fact]
    public void Text_is_shown_as_its_segments()
    {
        var (code, output, _) = Run(["--text", "Grüße\n€"]);
        Assert.Equal(0, code);
        Assert.Equal(
            """
            gsm7, 1 part
            part 1
              TP-UDL  8 (8 septets beside the header)
              text    "Grüße\n€"
              TP-UD   47b9df53566cca

            """, output, ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData(new[] { "--text", "hi" }, "gsm7", 1, "e834")]
    [InlineData(new[] { "--text", "hi", "--alphabet", "ucs2" }, "ucs2", 1, "00680069")]
    [InlineData(new[] { "--text", "ж", "--alphabet", "gsm7" }, "gsm7", 1, "3f")]
    [InlineData(new[] { "--text", "ж" }, "ucs2", 1, "0436")]
    [InlineData(new[] { "--text", "ş", "--single", "1,3" }, "gsm7", 1, "03240101d8cc01")]
    [InlineData(new[] { "--text", "ş", "--locking", "1" }, "gsm7", 1, "03250101e800")]
    [InlineData(new[] { "--data", "cafe" }, "8bit", 1, "cafe")]
    public void Options_choose_the_alphabet(string[] args, string alphabet, int count, string userData)
    {
        var (code, output, _) = Run(["--json", .. args]);
        var answer = JsonNode.Parse(output)!;
        Assert.Equal((0, alphabet, count), (code, (string)answer["alphabet"]!, (int)answer["count"]!));
        Assert.Equal(userData, (string)answer["segments"]![0]!["ud_hex"]!);
    }

    [Fact]
    public void Reference_is_in_every_part()
    {
        var (_, output, _) = Run(["--json", "--ref", "23205", "--ref-bits", "16", "--text", new string('x', 161)]);
        Assert.Equal(["0608045aa50201", "0608045aa50202"], JsonNode.Parse(output)!["segments"]!.AsArray().Select(segment => ((string)segment!["ud_hex"]!)[..14]));
    }

    [Fact]
    public void Lines_of_standard_input_are_texts_or_objects()
    {
        var (code, output, _) = Run(["--json"], """
            plain text
            {not an object
            {"layer":"text-segmentation","input_text":"x","ref":1,"ref_bits":8}
            {"layer":"text7","text":"Hello"}
            {"layer":"text7","text":"ж"}
            {"layer":"text7"}
            {"layer":"rp"}
            """);
        Assert.Equal(0, code);
        var answers = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(
            ["plain text", "{not an object", "x", "c8329bfd06", "text", "text", "layer"],
            answers.Select(answer => (string)(answer["field"] ?? answer["hex"] ?? answer["input_text"])!));
    }

    [Theory]
    [InlineData(new[] { "--text", "x", "--ref", "256" }, 1)]
    [InlineData(new[] { "--text", "x", "--class", "4" }, 1)]
    [InlineData(new[] { "--text", "x", "--alphabet", "klingon" }, 1)]
    [InlineData(new[] { "--data", "0" }, 1)]
    [InlineData(new[] { "--text" }, 2)]
    [InlineData(new[] { "--ref", "x" }, 2)]
    [InlineData(new[] { "--single", "1,x" }, 2)]
    [InlineData(new[] { "--nonsense", "x" }, 2)]
    [InlineData(new[] { "--help" }, 0)]
    public void What_is_not_understood_is_said(string[] args, int code)
    {
        var (actual, output, errors) = Run(args);
        Assert.Equal(code, actual);
        if (code == 1) Assert.StartsWith("error: ", output);
        else Assert.StartsWith("encode (--text TEXT", errors);
    }

    [Fact]
    public void Text_of_more_than_255_parts_is_refused()
    {
        var (code, output, _) = Run(["--json", "--text", new string('x', 255 * 153 + 1)]);
        Assert.Equal((1, "input_text"), (code, (string)JsonNode.Parse(output)!["field"]!));
    }

    private static (int Code, string Output, string Errors) Run(string[] args, string input = "")
    {
        var (output, errors) = (new StringWriter { NewLine = "\n" }, new StringWriter());
        return (EncodeCommand.Run(args, new StringReader(input), output, errors), output.ToString(), errors.ToString());
    }
}
