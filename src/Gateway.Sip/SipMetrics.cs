using System.Diagnostics.Metrics;

namespace Gateway.Sip;

/// <summary>What an endpoint counts, under the meter name <c>Gateway.Sip</c>.</summary>
internal sealed class SipMetrics : IDisposable
{
    private readonly Meter _meter = new("Gateway.Sip");
    private readonly Counter<long> _requests;
    private readonly Counter<long> _retransmissions;
    private readonly Counter<long> _overloads;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _discarded;

    public SipMetrics(Func<int> clientTransactions, Func<int> serverTransactions, Func<int> requestsInProgress, Func<int> connections)
    {
        _requests = _meter.CreateCounter<long>("sip.requests.received");
        _retransmissions = _meter.CreateCounter<long>("sip.requests.retransmitted");
        _overloads = _meter.CreateCounter<long>("sip.requests.overload");
        _rejected = _meter.CreateCounter<long>("sip.messages.rejected");
        _discarded = _meter.CreateCounter<long>("sip.messages.discarded");
        _meter.CreateObservableGauge("sip.transactions.client", clientTransactions);
        _meter.CreateObservableGauge("sip.transactions.server", serverTransactions);
        _meter.CreateObservableGauge("sip.requests.in_progress", requestsInProgress);
        _meter.CreateObservableGauge("sip.connections", connections);
    }

    public void RequestReceived(string method) => _requests.Add(1, new KeyValuePair<string, object?>("method", method));

    public void RetransmissionAbsorbed() => _retransmissions.Add(1);

    public void OverloadAnswered() => _overloads.Add(1);

    public void Rejected() => _rejected.Add(1);

    public void Discarded() => _discarded.Add(1);

    public void Dispose() => _meter.Dispose();
}
