using System.Runtime.CompilerServices;

namespace Gateway.Fuzz;

/// <summary>Inputs of a target, kept in <c>corpus/TARGET/*.bin</c>: seeds, and every input that once hurt an oracle.</summary>
internal static class Corpus
{
    public static readonly string Folder = FolderOf();

    public static IReadOnlyList<byte[]> Of(string target) => [.. Directory.GetFiles(Path.Combine(Folder, target), "*.bin").Order().Select(File.ReadAllBytes)];

    private static string FolderOf([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "corpus");
}
