using System.Globalization;

namespace Gateway.Benchmarks.Load;

/// <summary>What the gateway's own /metrics says of its runtime.</summary>
internal sealed class RuntimeMetrics(HttpClient http)
{
    public async Task<RuntimeFigures> ReadAsync()
    {
        var text = await http.GetStringAsync("/metrics");
        return new RuntimeFigures(Value(text, "dotnet_gc_heap_total_allocated_bytes_total"), Value(text, "dotnet_gc_pause_time_seconds_total"));
    }

    private static double Value(string text, string name)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (!line.StartsWith(name, StringComparison.Ordinal)) continue;
            // NAME[{LABELS}] VALUE [TIME]
            var rest = line[name.Length..];
            if (rest.StartsWith("{")) rest = rest[(rest.IndexOf('}') + 1)..];
            rest = rest.Trim();
            var end = rest.IndexOf(' ');
            return double.Parse(end < 0 ? rest : rest[..end], CultureInfo.InvariantCulture);
        }
        throw new InvalidOperationException($"/metrics has no {name}");
    }
}
