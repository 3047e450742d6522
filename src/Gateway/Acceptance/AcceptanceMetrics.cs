using System.Diagnostics.Metrics;
using Gateway.Store;

namespace Gateway.Acceptance;

/// <summary>What the faces hand over and how it is answered, under the meter name <c>Gateway</c>.</summary>
public sealed class AcceptanceMetrics : IDisposable
{
    private readonly Meter _meter = new("Gateway");
    private readonly Counter<long> _accepted, _refused;

    public AcceptanceMetrics()
    {
        _accepted = _meter.CreateCounter<long>("gateway.messages.accepted", description: "Messages stored, by the face they came from; repeats are not counted");
        _refused = _meter.CreateCounter<long>("gateway.messages.refused", description: "Messages not taken, by face and reason");
    }

    public void Answered(MessageSource source, in AcceptanceResult result)
    {
        var face = new KeyValuePair<string, object?>("source", source);
        if (!result.Accepted) _refused.Add(1, face, new("reason", result.Refusal));
        else if (!result.Repeat) _accepted.Add(1, face);
    }

    public void Dispose() => _meter.Dispose();
}
