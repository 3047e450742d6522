using System.Diagnostics;

namespace Gateway.Benchmarks.Load;

/// <summary>
/// How fast a processor is at this moment: on a shared machine the same work may cost twice the CPU time an hour later, and figures of two runs can be
/// compared only by what this says beside them.
/// </summary>
internal static class ProcessorSpeed
{
    private const int Numbers = 100_000, Rounds = 15;

    /// <summary>Milliseconds in which one processor sorts 100,000 numbers, always the same; the best of fifteen times.</summary>
    public static double Measure()
    {
        var (numbers, times) = (new int[Numbers], new double[Rounds]);
        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(1);
            for (var i = 0; i < numbers.Length; i++) numbers[i] = random.Next();
            var began = Stopwatch.GetTimestamp();
            Array.Sort(numbers);
            times[round] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        return times.Min();
    }
}
