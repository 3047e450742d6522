using System.Diagnostics.Metrics;

namespace Gateway.Delivery;

/// <summary>What deliveries count, under the meter name <c>Gateway</c>.</summary>
public sealed class DeliveryMetrics : IDisposable
{
    private readonly Meter _meter = new("Gateway");
    private readonly Counter<long> _late;

    public DeliveryMetrics() =>
        _late = _meter.CreateCounter<long>("gateway.carrier.receipts.late", description: "Carriers' receipts for messages that had been told of as expired");

    public void CarrierReceiptLate(string carrier) => _late.Add(1, new KeyValuePair<string, object?>("carrier", carrier));

    public void Dispose() => _meter.Dispose();
}
