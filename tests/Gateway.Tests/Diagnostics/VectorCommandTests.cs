using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Gateway.Diagnostics;
using Xunit;

namespace Gateway.Tests.Diagnostics;

/// <summary>Every shared vector through the line mode of <c>decode</c>: one object in, one <c>expect</c>-shaped object out.</summary>
public sealed class VectorCommandTests
{
    private static readonly string[] SegmentationInputs =
        ["input_text", "input_hex", "ref", "ref_bits", "force_alphabet", "national_single_shift_tables", "national_locking_shift_tables"];

    /// <summary>Septets no encoder writes: an escape before an escape, or before what the extension table has nothing for.</summary>
    private static readonly string[] OneOfSeveralForms = ["aosp-esc-esc", "aosp-esc-unmapped-at", "aosp-esc-unmapped-agrave", "warthog-gsm7-double-escape"];

    public static TheoryData<string> Ids()
    {
        var ids = new TheoryData<string>();
        foreach (var id in Vectors.Keys) ids.Add(id);
        return ids;
    }

    private static readonly Dictionary<string, JsonObject> Vectors = Load();

    [Fact]
    public void All_vectors_are_there() => Assert.Equal(280, Vectors.Count);

    [Theory]
    [MemberData(nameof(Ids))]
    public void Vector_is_answered_as_expected(string id)
    {
        var vector = Vectors[id];
        var expected = vector["expect"]!.AsObject();
        var answer = Decode(InputOf(vector));
        if (expected["error"] is not null)
        {
            if (answer["error"] is null)
            {
                Assert.True((bool?)expected["lenient_ok"] is true, $"accepted: {answer.ToJsonString()}");
                return;
            }
            Assert.Equal(["error", "reason", "field", "offset"], answer.Select(member => member.Key));
            Assert.Matches("^[RT]P-", (string)answer["field"]!);
            Assert.InRange((int)answer["offset"]!, 0, ((string)vector["hex"]!).Length / 2);
            return;
        }
        Assert.True(JsonNode.DeepEquals(expected, answer), $"expected {expected.ToJsonString()}\nanswered {answer.ToJsonString()}");
    }

    [Fact]
    public void All_vectors_in_one_run_are_answered_line_by_line()
    {
        var input = string.Join('\n', Vectors.Values.Select(vector => InputOf(vector).ToJsonString()));
        var output = new StringWriter();
        Assert.Equal(0, DecodeCommand.Run(["--json"], new StringReader(input), output, TextWriter.Null));
        Assert.Equal(Vectors.Count, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Packed_text_is_encoded_to_the_octets_of_the_vector(string id)
    {
        var vector = Vectors[id];
        if ((string)vector["layer"]! != "text7") return;
        var request = InputOf(vector);
        request["text"] = vector["expect"]!["text"]!.DeepClone();
        var output = new StringWriter();
        EncodeCommand.Run([], new StringReader(request.ToJsonString()), output, TextWriter.Null);
        var hex = (string)JsonNode.Parse(output.ToString())!["hex"]!;
        if (OneOfSeveralForms.Contains(id)) Assert.NotEqual((string)vector["hex"]!, hex);
        else Assert.Equal((string)vector["hex"]!, hex);
    }

    private static JsonObject Decode(JsonObject input)
    {
        var output = new StringWriter();
        Assert.Equal(0, DecodeCommand.Run(["--json"], new StringReader(input.ToJsonString()), output, TextWriter.Null));
        return JsonNode.Parse(output.ToString())!.AsObject();
    }

    /// <summary>What the command may know: never a member that is an answer.</summary>
    private static JsonObject InputOf(JsonObject vector)
    {
        var expected = vector["expect"]!.AsObject();
        var input = new JsonObject();
        foreach (var key in (string[])["layer", "direction", "hex"]) input[key] = vector[key]!.DeepClone();
        var inputs = (string)vector["layer"]! switch
        {
            "text7"             => ["septets", "fill_bits", "locking", "single"],
            "text-segmentation" => SegmentationInputs,
            _                   => (string[])["rp"],
        };
        foreach (var key in inputs)
            if (expected[key] is { } value) input[key] = value.DeepClone();
        return input;
    }

    internal static string VectorFile([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../../vectors/vectors.json");

    private static Dictionary<string, JsonObject> Load() =>
        JsonNode.Parse(File.ReadAllText(VectorFile()))!.AsArray().Select(vector => vector!.AsObject()).ToDictionary(vector => (string)vector["id"]!);
}
