namespace Gateway.Sip.Tests;

/// <summary>tests/vectors, found from wherever the tests run.</summary>
internal static class VectorFiles
{
    private static readonly string Root = Find();

    public static string Folder(string name) => Path.Combine(Root, name);

    public static byte[] Read(params ReadOnlySpan<string> path) => File.ReadAllBytes(Path.Combine([Root, .. path]));

    public static IEnumerable<string> Names(string folder, string pattern) =>
        Directory.EnumerateFiles(Folder(folder), pattern).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var vectors = Path.Combine(at.FullName, "tests", "vectors");
            if (Directory.Exists(vectors)) return vectors;
        }

        throw new DirectoryNotFoundException("tests/vectors is not above the test binaries.");
    }
}
