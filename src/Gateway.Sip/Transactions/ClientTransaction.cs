using Gateway.Sip.Transports;

namespace Gateway.Sip.Transactions;

/// <summary>
/// The non-INVITE client transaction, RFC 3261 §17.1.2 and figure 6.
/// <code>
///                 request from the user
///                        │ send
///  timer E, send   ┌─────▼─────┐
///            ┌─────┤  Trying   ├──────── timer F, transport error ─────────┐
///            └─────►           │                                          │
///                  └──┬─────┬──┘                                          │
///                 1xx │     │ 2xx-6xx                                      │
///  timer E, send ┌────▼─────┼─┐                                           │
///          ┌─────┤ Proceeding ├──────── timer F, transport error ───────┐ │
///          └─────►          │ │                                         │ │
///                └────┬─────┼─┘                                         │ │
///             2xx-6xx │     │                                           │ │
///                ┌────▼─────▼─┐                                    ┌────▼─▼─────┐
///                │ Completed  ├─── timer K (T4; 0 if reliable) ───►│ Terminated │
///                └────────────┘                                    └────────────┘
/// </code>
/// </summary>
internal sealed class ClientTransaction : WheelTimer
{
    private enum State : byte { Trying, Proceeding, Completed, Terminated }

    private enum Trigger : byte { Timer, Provisional, Final, TransportError, Abandoned }

    private readonly ClientTransactions _table;
    private readonly Lock _lock = new();
    private TaskCompletionSource<SipOutcome>? _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _started;
    private readonly SipFlow _flow;
    private Hop _hop;
    private byte[]? _message;
    private TimeSpan _timerE;
    private State _state;

    public ClientTransaction(ClientTransactions table, string branch, string method, string sentBy, Hop hop, byte[] message)
    {
        _table = table;
        Branch = branch;
        Method = method;
        SentBy = sentBy;
        _hop = hop;
        _flow = hop.Flow;
        _message = message;
        _started = table.Time.GetTimestamp();
        _timerE = table.Timers.T1;
    }

    public string Branch { get; }

    public string Method { get; }

    /// <summary>As in the Via sent; a response whose Via names another is not for us (RFC 3261 §18.1.2).</summary>
    public string SentBy { get; }

    /// <returns>
    /// What comes of it. The transaction itself lets go of that, as timer K may keep it longer than anybody needs the response.
    /// </returns>
    public Task<SipOutcome> Start()
    {
        var outcome = _outcome!.Task;
        if (_hop.Connection is { } connection && !connection.TryAwaitEnd(this))
        {
            OnConnectionClosed();
            return outcome;
        }

        lock (_lock)
        {
            if (_state != State.Trying)
                return outcome;   // the connection ended just now
            _table.Wheel.Schedule(this, _hop.IsReliable ? _table.Timers.TimerF : _timerE);
            if (!_hop.TrySend(_message!))
                On(Trigger.TransportError, new SipOutcome(SipOutcomeKind.TransportError, Reason: $"sending to {_flow} failed"));
        }

        return outcome;
    }

    public void OnResponse(SipResponse response) =>
        On(response.StatusCode < 200 ? Trigger.Provisional : Trigger.Final, new SipOutcome(SipOutcomeKind.Final, response, _flow));

    public void OnConnectionClosed() =>
        On(Trigger.TransportError, new SipOutcome(SipOutcomeKind.TransportError, Reason: $"{_flow} was closed"));

    /// <summary>Nobody waits for the outcome any more: there is no CANCEL for these requests (RFC 3261 §9.1), only silence.</summary>
    public void Abandon() => On(Trigger.Abandoned, new SipOutcome(SipOutcomeKind.TimedOut, Reason: "abandoned"));

    internal override void OnTimer()
    {
        lock (_lock)
        {
            if (_table.Wheel.IsDue(this))
                On(Trigger.Timer);
        }
    }

    private void On(Trigger trigger, SipOutcome outcome = default)
    {
        lock (_lock)
        {
            switch (_state, trigger)
            {
                case (State.Trying or State.Proceeding, Trigger.Timer) when Elapsed >= _table.Timers.TimerF:
                    Terminate(new SipOutcome(SipOutcomeKind.TimedOut, Flow: _flow, Reason: $"no final response from {_flow}"));
                    break;
                case (State.Trying, Trigger.Timer):
                    Retransmit(Min(2 * _timerE, _table.Timers.T2));
                    break;
                case (State.Proceeding, Trigger.Timer):
                    Retransmit(_table.Timers.T2);
                    break;
                case (State.Trying, Trigger.Provisional):
                    _state = State.Proceeding;
                    break;
                case (State.Trying or State.Proceeding, Trigger.Final) when _hop.IsReliable:
                    Terminate(outcome);
                    break;
                case (State.Trying or State.Proceeding, Trigger.Final):
                    Complete(outcome);
                    break;
                case (State.Trying or State.Proceeding, Trigger.TransportError or Trigger.Abandoned):
                    Terminate(outcome);
                    break;
                case (State.Completed, Trigger.Timer):
                    Terminate(outcome);
                    break;
                default:
                    break;   // retransmitted responses and whatever comes after the end are absorbed
            }
        }
    }

    private TimeSpan Elapsed => _table.Time.GetElapsedTime(_started);

    private void Retransmit(TimeSpan timerE)
    {
        if (!_hop.TrySend(_message!))
        {
            Terminate(new SipOutcome(SipOutcomeKind.TransportError, Flow: _flow, Reason: $"sending to {_flow} failed"));
            return;
        }

        _timerE = timerE;
        _table.Wheel.Schedule(this, Min(timerE, _table.Timers.TimerF - Elapsed));
    }

    private void Complete(SipOutcome outcome)
    {
        _state = State.Completed;
        _message = null;
        _hop = default;
        _table.Wheel.Schedule(this, _table.Timers.TimerK);
        SetOutcome(outcome);
    }

    private void Terminate(SipOutcome outcome)
    {
        _state = State.Terminated;
        _hop.Connection?.NoLongerAwaits(this);
        _message = null;
        _hop = default;
        _table.Remove(this);
        SetOutcome(outcome);   // without effect when Completed has set it
    }

    private void SetOutcome(in SipOutcome outcome)
    {
        _outcome?.SetResult(outcome);
        _outcome = null;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
