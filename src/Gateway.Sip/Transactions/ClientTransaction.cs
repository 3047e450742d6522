using System.Buffers;
using Gateway.Sip.Transports;

namespace Gateway.Sip.Transactions;

/// <summary>
/// The non-INVITE client transaction, RFC 3261 §17.1.2 and figure 6.
/// <code>
///                 request from the user
///                        │ send
///  timer E, send   ┌─────▼─────┐
///            ┌─────┤  Trying   ├──── 2xx-6xx, timer F, transport error ────┐
///            └─────►           │                                           │
///                  └─────┬─────┘                                           │
///                    1xx │                                                 │
///  timer E, send ┌───────▼────┐                                      ┌─────▼──────┐
///          ┌─────┤ Proceeding ├─── 2xx-6xx, timer F, transport error ►│ Terminated │
///          └─────►            │                                      └────────────┘
///                └────────────┘
/// </code>
/// There is no Completed state: with timer K it would do nothing but swallow repetitions of the final response, and without it those match
/// nothing and are discarded all the same (§8.1.3, §18.1.2). What need not be kept for 5 s costs the collector nothing.
/// </summary>
internal sealed class ClientTransaction : Transaction<ClientTransaction>
{
    private enum State : byte { Trying, Proceeding, Terminated }

    private enum Trigger : byte { Timer, Provisional, Final, TransportError, Abandoned }

    private readonly ClientTransactions _table;
    private readonly TaskCompletionSource<SipOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _started;
    private readonly Hop _hop;
    private ArraySegment<byte> _message;
    private TimeSpan _timerE;
    private State _state;

    public ClientTransaction(ClientTransactions table, in TransactionKey branch, string method, string sentBy, Hop hop, ArraySegment<byte> message)
        : base(branch)
    {
        _table = table;
        Method = method;
        SentBy = sentBy;
        _hop = hop;
        _message = message;
        _started = table.Time.GetTimestamp();
        _timerE = table.Timers.T1;
    }

    public string Method { get; }

    /// <summary>As in the Via sent; a response whose Via names another is not for us (RFC 3261 §18.1.2).</summary>
    public string SentBy { get; }

    public Task<SipOutcome> Outcome => _outcome.Task;

    public void Start()
    {
        if (_hop.Connection is { } connection && !connection.TryAwaitEnd(this))
        {
            OnConnectionClosed();
            return;
        }

        lock (this)
        {
            if (_state != State.Trying)
                return;   // the connection ended just now
            _table.Wheel.Schedule(this, _hop.IsReliable ? _table.Timers.TimerF : _timerE);
            if (!_hop.TrySend(_message))
                On(Trigger.TransportError, new SipOutcome(SipOutcomeKind.TransportError, Reason: $"sending to {Flow} failed"));
        }
    }

    public void OnResponse(SipResponse response) =>
        On(response.StatusCode < 200 ? Trigger.Provisional : Trigger.Final, new SipOutcome(SipOutcomeKind.Final, response, Flow));

    public void OnConnectionClosed() =>
        On(Trigger.TransportError, new SipOutcome(SipOutcomeKind.TransportError, Reason: $"{Flow} was closed"));

    /// <summary>Nobody waits for the outcome any more: there is no CANCEL for these requests (RFC 3261 §9.1), only silence.</summary>
    public void Abandon() => On(Trigger.Abandoned, new SipOutcome(SipOutcomeKind.TimedOut, Reason: "abandoned"));

    internal override void OnTimer()
    {
        lock (this)
        {
            if (_table.Wheel.IsDue(this))
                On(Trigger.Timer);
        }
    }

    private void On(Trigger trigger, SipOutcome outcome = default)
    {
        lock (this)
        {
            switch (_state, trigger)
            {
                case (State.Trying or State.Proceeding, Trigger.Timer) when Elapsed >= _table.Timers.TimerF:
                    Terminate(new SipOutcome(SipOutcomeKind.TimedOut, Flow: Flow, Reason: $"no final response from {Flow}"));
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
                case (State.Trying or State.Proceeding, Trigger.Final or Trigger.TransportError or Trigger.Abandoned):
                    Terminate(outcome);
                    break;
                default:
                    break;   // more provisional responses, and whatever comes after the end
            }
        }
    }

    private SipFlow Flow => _hop.Flow;

    private TimeSpan Elapsed => _table.Time.GetElapsedTime(_started);

    private void Retransmit(TimeSpan timerE)
    {
        if (!_hop.TrySend(_message))
        {
            Terminate(new SipOutcome(SipOutcomeKind.TransportError, Flow: Flow, Reason: $"sending to {Flow} failed"));
            return;
        }

        _timerE = timerE;
        _table.Wheel.Schedule(this, Min(timerE, _table.Timers.TimerF - Elapsed));
    }

    private void Terminate(in SipOutcome outcome)
    {
        _state = State.Terminated;
        _hop.Connection?.NoLongerAwaits(this);
        _table.Remove(this);
        GiveBack();
        _outcome.SetResult(outcome);
    }

    /// <summary>
    /// A datagram is with the system when its send returns, and all sends are made under the lock that the end is under too: nobody reads it any
    /// more. A connection may still have it in its queue.
    /// </summary>
    private void GiveBack()
    {
        if (!_hop.IsReliable)
            ArrayPool<byte>.Shared.Return(_message.Array!);
        _message = default;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
