using System.Diagnostics.Metrics;
using Gateway.Store;

namespace Gateway.Acceptance;

/// <summary>What the faces hand over and how it is answered, under the meter name <c>Gateway</c>.</summary>
public sealed class AcceptanceMetrics : IDisposable
{
    private readonly Meter _meter = new("Gateway");
    private readonly TaggedCounter<MessageSource> _accepted;
    private readonly TaggedCounter<(MessageSource Source, Refusal Reason)> _refused;

    public AcceptanceMetrics()
    {
        _accepted = new(_meter, "gateway.messages.accepted", "Messages stored, by the face they came from; repeats are not counted",
            source => [new("source", source)]);
        _refused = new(_meter, "gateway.messages.refused", "Messages not taken, by face and reason",
            what => [new("source", what.Source), new("reason", what.Reason)]);
    }

    public void Answered(MessageSource source, in AcceptanceResult result)
    {
        if (!result.Accepted) _refused.Add((source, result.Refusal));
        else if (!result.Repeat) _accepted.Add(source);
    }

    public void Dispose() => _meter.Dispose();
}
