using System.Diagnostics.Metrics;

namespace Gateway.Store;

/// <summary>What the writer counts, under the meter name <c>Gateway.Store</c>.</summary>
internal sealed class WriterMetrics : IDisposable
{
    private readonly Meter _meter = new("Gateway.Store");
    private readonly Counter<long> _changes;
    private readonly Histogram<double> _transactions;

    public WriterMetrics(Func<int> pending)
    {
        _meter.CreateObservableGauge("gateway.store.pending", pending, description: "Changes that wait for the writer");
        _changes = _meter.CreateCounter<long>("gateway.store.changes", description: "Changes that were written, or refused by the database");
        _transactions = _meter.CreateHistogram("gateway.store.transaction", "s", "How long a batch of changes took, its commit included", advice:
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5] });
    }

    public void Written(int changes, TimeSpan took)
    {
        _changes.Add(changes);
        _transactions.Record(took.TotalSeconds);
    }

    public void Dispose() => _meter.Dispose();
}
