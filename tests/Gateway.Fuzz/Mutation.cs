namespace Gateway.Fuzz;

/// <summary>
/// Blind mutation of a corpus, for machines without a fuzzing engine and for the short run in the tests: bits, octets, lengths, cuts,
/// repeats and splices, from a seed, so that a failure can be repeated.
/// </summary>
internal static class Mutation
{
    private const int MinMaxLength = 400;

    public static IEnumerable<byte[]> Of(IReadOnlyList<byte[]> corpus, int count, int seed)
    {
        var random = new Random(seed);
        var maxLength = Math.Max(MinMaxLength, 2 * corpus.Max(octets => octets.Length));
        for (var i = 0; i < count; i++)
        {
            var octets = corpus[random.Next(corpus.Count)].ToList();
            for (var rounds = random.Next(1, 5); rounds > 0; rounds--) Mutate(octets, corpus, random);
            yield return octets.Take(maxLength).ToArray();
        }
    }

    private static void Mutate(List<byte> octets, IReadOnlyList<byte[]> corpus, Random random)
    {
        var at = octets.Count == 0 ? 0 : random.Next(octets.Count);
        switch (octets.Count == 0 ? 4 : random.Next(7))
        {
            case 0: octets[at] ^= (byte)(1 << random.Next(8)); break;
            case 1: octets[at] = (byte)random.Next(256); break;
            case 2: octets[at] = (byte)(octets[at] + random.Next(-2, 3)); break;
            case 3: octets.RemoveRange(at, random.Next(1, octets.Count - at + 1)); break;
            case 4: octets.Insert(at, (byte)random.Next(256)); break;
            case 5: octets.InsertRange(at, octets.GetRange(at, random.Next(1, octets.Count - at + 1))); break;
            default:
                var other = corpus[random.Next(corpus.Count)];
                octets.RemoveRange(at, octets.Count - at);
                octets.AddRange(other.Skip(random.Next(other.Length + 1)));
                break;
        }
    }
}
