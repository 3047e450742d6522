using System.Diagnostics;
using System.Globalization;

namespace Gateway.Benchmarks.Load;

/// <summary>
/// What became of every message, from its request to its acknowledgement. A figure counts only if <see cref="Fault"/> finds nothing: each accepted
/// message was shown once, and nothing was shown that nobody sent.
/// </summary>
internal sealed class Ledger(int capacity)
{
    private const string Before = "Your code is ", After = ". Do not share it.";
    private const int Digits = 9, LongText = 320;

    // Stopwatch time stamps by number of the message; 0: not yet.
    private readonly long[] _asked = new long[capacity], _answered = new long[capacity], _shown = new long[capacity], _acknowledged = new long[capacity];
    private readonly int[] _times = new int[capacity];
    private int _last = -1;
    private int _accepted;
    private int _ended;
    private int _unknown;

    /// <summary>Called when a message has come to its end, well or not.</summary>
    public Action OnEnded { get; set; } = () => { };

    /// <summary>So many messages were acknowledged (text clients, carriers: shown).</summary>
    public int Ended => Volatile.Read(ref _ended);

    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>The number of a new message, whose request leaves now; -1: there is no room for more.</summary>
    public int Begin()
    {
        var number = Interlocked.Increment(ref _last);
        if (number >= capacity) return -1;
        _asked[number] = Stopwatch.GetTimestamp();
        return number;
    }

    public static string TextOf(int number, bool isLong)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{Before}{number:D9}{After}");
        return isLong ? text.PadRight(LongText, '.') : text;
    }

    public void Answered(int number, bool accepted)
    {
        _answered[number] = Stopwatch.GetTimestamp();
        if (accepted) Interlocked.Increment(ref _accepted);
        else _asked[number] = 0;
    }

    /// <returns>The number of the message; null: it is none of these.</returns>
    public int? Shown(string text)
    {
        var at = Stopwatch.GetTimestamp();
        if (text.Length < Before.Length + Digits || !int.TryParse(text.AsSpan(Before.Length, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number >= capacity || Volatile.Read(ref _asked[number]) == 0)
        {
            Interlocked.Increment(ref _unknown);
            return null;
        }
        if (Interlocked.Increment(ref _times[number]) == 1) _shown[number] = at;
        return number;
    }

    public void Acknowledged(int number)
    {
        if (Interlocked.CompareExchange(ref _acknowledged[number], Stopwatch.GetTimestamp(), 0) != 0) return;
        Interlocked.Increment(ref _ended);
        OnEnded();
    }

    /// <summary>Null: nothing was lost and nothing came twice.</summary>
    public string? Fault()
    {
        var (sent, lost, twice) = (0, 0, 0);
        for (var number = 0; number < Math.Min(_last + 1, capacity); number++)
        {
            if (_asked[number] == 0) continue;
            sent++;
            if (_times[number] == 0 || _acknowledged[number] == 0) lost++;
            else if (_times[number] > 1) twice++;
        }
        return lost + twice + _unknown == 0 ? null : $"{lost} of {sent} messages lost, {twice} shown twice, {_unknown} shown that nobody sent";
    }

    /// <summary>Milliseconds of the messages asked for between these time stamps, sorted.</summary>
    public Latencies Between(long from, long to)
    {
        List<double> answer = [], wire = [], acknowledged = [];
        for (var number = 0; number < Math.Min(_last + 1, capacity); number++)
        {
            if (_asked[number] < from || _asked[number] > to) continue;
            answer.Add(Milliseconds(_asked[number], _answered[number]));
            // It may be on the wire before the answer is read here.
            wire.Add(Math.Max(0, Milliseconds(_answered[number], _shown[number])));
            acknowledged.Add(Math.Max(0, Milliseconds(_answered[number], _acknowledged[number])));
        }
        return new Latencies(Sorted(answer), Sorted(wire), Sorted(acknowledged));
    }

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;

    private static double[] Sorted(List<double> values)
    {
        values.Sort();
        return [.. values];
    }
}

/// <summary>Milliseconds, sorted: until the answer, and from then until the message was shown and until it was acknowledged.</summary>
internal sealed record Latencies(double[] Answer, double[] Wire, double[] Acknowledged)
{
    public static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[(int)((sorted.Length - 1) * share)];
}
