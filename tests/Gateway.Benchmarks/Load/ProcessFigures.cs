using System.Diagnostics;
using System.Globalization;

namespace Gateway.Benchmarks.Load;

/// <summary>What Linux tells of a process and its children (proc(5)).</summary>
internal static class ProcessFigures
{
    private const double TicksASecond = 100; // USER_HZ, which is 100 on every Linux that .NET runs on

    /// <summary>Seconds of CPU of the process, its children, and those of them that have ended.</summary>
    public static double CpuSeconds(int process) => (Ticks(process) + Children(process).Sum(Ticks)) / TicksASecond;

    /// <summary>Octets resident of the process and its children, what several share counted once.</summary>
    public static long ProportionalOf(int process) => Children(process).Append(process).Sum(Proportional);

    /// <summary>Octets: the most it has had resident, and what it has now.</summary>
    public static (long Peak, long Now) Resident(int process)
    {
        var (peak, now) = (0L, 0L);
        foreach (var line in File.ReadLines($"/proc/{process}/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal)) peak = Kilobytes(line);
            else if (line.StartsWith("VmRSS:", StringComparison.Ordinal)) now = Kilobytes(line);
        }
        return (peak, now);
    }

    /// <summary>Seconds of CPU that all processors have spent on anything, so that what was not ours shows.</summary>
    public static double MachineCpuSeconds()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // user, nice, system, irq, softirq; what idles, waits or is stolen is not spent here.
        return new[] { 1, 2, 3, 6, 7 }.Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture)) / TicksASecond;
    }

    public static double OwnCpuSeconds()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime.TotalSeconds;
    }

    private static IEnumerable<int> Children(int process)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Fields(id) is { } fields
                && int.Parse(fields[1], CultureInfo.InvariantCulture) == process) yield return id;
        }
    }

    /// <summary>utime, stime, and those of its ended children.</summary>
    private static long Ticks(int process) =>
        Fields(process) is { } fields ? Enumerable.Range(11, 4).Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture)) : 0;

    private static long Proportional(int process)
    {
        try
        {
            return Kilobytes(File.ReadLines($"/proc/{process}/smaps_rollup").First(line => line.StartsWith("Pss:", StringComparison.Ordinal)));
        }
        catch (IOException)
        {
            return 0; // it has ended
        }
    }

    private static long Kilobytes(string line) => 1024 * long.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    /// <summary>Those behind the name, which may hold blanks: state, parent, …; null: it is gone.</summary>
    private static string[]? Fields(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
