using System.Diagnostics.Metrics;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>What deliveries count, under the meter name <c>Gateway</c>.</summary>
public sealed class DeliveryMetrics : IDisposable
{
    private readonly Meter _meter = new("Gateway");
    private readonly Counter<long> _late;
    private readonly TaggedCounter<(string Channel, Next Next)> _attempts;
    private readonly TaggedCounter<MessageState> _concluded;

    public DeliveryMetrics(SendSlots slots)
    {
        _late = _meter.CreateCounter<long>("gateway.carrier.receipts.late", description: "Carriers' receipts for messages that had been told of as expired");
        _attempts = new(_meter, "gateway.attempts", "Tries on the air or at a carrier, by channel and by what follows",
            what => [new("channel", what.Channel), new("next", what.Next)]);
        _concluded = new(_meter, "gateway.messages.concluded", "Messages that have come to their end, by state", state => [new("state", state)]);
        _meter.CreateObservableGauge("gateway.attempts.under_way", () => slots.UnderWay, description: "Send slots taken");
        _meter.CreateObservableGauge("gateway.attempts.in_line", () => slots.InLine, description: "Attempts that wait for a send slot");
    }

    public void CarrierReceiptLate(string carrier) => _late.Add(1, new KeyValuePair<string, object?>("carrier", carrier));

    internal void Attempted(string channel, Next next) => _attempts.Add((channel, next));

    internal void Concluded(MessageState state) => _concluded.Add(state);

    public void Dispose() => _meter.Dispose();
}
