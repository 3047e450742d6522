using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Xunit;

namespace Gateway.Sms.Tests;

/// <summary>One item of <c>tests/vectors/vectors.json</c>; the keys are explained in SCHEMA.md beside it.</summary>
public sealed record Vector(string Id, string Layer, string Direction, byte[] Octets, JsonObject Expect)
{
    public bool IsError => Expect["error"] is not null;
    public bool IsLenientOk => (bool?)Expect["lenient_ok"] is true;
    public RpKind CarriedBy => (string?)Expect["rp"] == "error" ? RpKind.Error : RpKind.Ack;
    public bool IsTpdu => Layer.StartsWith("tpdu-", StringComparison.Ordinal);
}

public static class Vectors
{
    public static readonly IReadOnlyDictionary<string, Vector> All = Load().ToDictionary(vector => vector.Id);

    public static TheoryData<string> Ids(Func<Vector, bool> wanted)
    {
        var ids = new TheoryData<string>();
        foreach (var vector in All.Values.Where(wanted)) ids.Add(vector.Id);
        return ids;
    }

    public static string PathOf(string file) => Path.Combine(Folder, "../vectors", file);

    /// <summary>The folder of this project's sources.</summary>
    public static string Folder => FolderOf();

    private static string FolderOf([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;

    private static IEnumerable<Vector> Load() =>
        from node in JsonNode.Parse(File.ReadAllText(PathOf("vectors.json")))!.AsArray()
        select new Vector(
            (string)node["id"]!, (string)node["layer"]!, (string)node["direction"]!, Convert.FromHexString((string)node["hex"]!), node["expect"]!.AsObject());
}
