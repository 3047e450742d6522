using Gateway.Sip.Transports;

namespace Gateway.Sip.Transactions;

/// <summary>
/// The non-INVITE server transaction, RFC 3261 §17.2.2 and figure 8, with RFC 4320: no provisional response but 100, and that one
/// exactly when the client's timer E has come to T2 and there is no final response yet.
/// <code>
///              request, given to the user
///                       │
///  request      ┌───────▼───┐  2xx-6xx, send
///  (absorbed) ──┤  Trying   ├───────────────────────┐
///               └─────┬─────┘                       │
///    T1 … T2 passed,  │ send 100                    │
///  request      ┌─────▼─────┐  2xx-6xx, send  ┌─────▼─────┐  request
///  send 100  ───┤Proceeding ├────────────────►│ Completed ├─ send the same response
///               └─────┬─────┘                 └─────┬─────┘
///           64*T1:    │ the client has given up     │ timer J (64*T1; 0 if reliable)
///               ┌─────▼─────────────────────────────▼─────┐
///               │               Terminated                │
///               └──────────────────────────────────────────┘
/// </code>
/// After the final response it holds no more than its key and what to repeat: mostly a status, since the client brings with its repetition all else
/// that such an answer says, and at thousands of requests a second their octets are a hundred megabytes. A request that is ignored is absorbed
/// without any response until the client has given up, as if the network had lost it.
/// </summary>
internal sealed class ServerTransaction : Transaction<ServerTransaction>
{
    private enum State : byte { Trying, Proceeding, Completed, Ignored, Terminated }

    private enum Trigger : byte { Request, Timer, Final, Ignore }

    private readonly ServerTransactions _table;
    private readonly long _started;
    private SipRequest? _request;
    private readonly Hop _back;
    private byte[]? _response;
    private PlainAnswer _plain;   // once completed without a response of its own
    private State _state;

    public ServerTransaction(ServerTransactions table, in TransactionKey key, SipRequest request, Hop back)
        : base(key)
    {
        _table = table;
        _request = request;
        _back = back;
        _started = table.Time.GetTimestamp();
    }

    public bool IsAnswered
    {
        get
        {
            lock (this)
                return _state is State.Completed or State.Ignored or State.Terminated;
        }
    }

    public void Start() => _table.Wheel.Schedule(this, _table.Timers.TryingAfter);

    /// <summary>The same request again. It never reaches the application.</summary>
    /// <returns>The answer that is to be written anew; null when there is none, or it has been sent.</returns>
    public PlainAnswer? OnRetransmission()
    {
        lock (this)
        {
            if (_state == State.Completed && _response is null)
                return _plain;
            On(Trigger.Request);
            return null;
        }
    }

    /// <summary>False when it is answered already, or so late that the client has given up.</summary>
    public bool TryRespond(byte[] final, out Hop back) => TryRespond(final, default, out back);

    /// <inheritdoc cref="TryRespond(byte[], out Hop)"/>
    public bool TryRespond(in PlainAnswer plain, out Hop back) => TryRespond(null, plain, out back);

    private bool TryRespond(byte[]? final, in PlainAnswer plain, out Hop back)
    {
        lock (this)
        {
            back = _back;
            if (_state is State.Completed or State.Ignored or State.Terminated)
                return false;
            _plain = plain;
            On(Trigger.Final, final);
            return true;
        }
    }

    public void Ignore() => On(Trigger.Ignore);

    internal override void OnTimer()
    {
        lock (this)
        {
            if (_table.Wheel.IsDue(this))
                On(Trigger.Timer);
        }
    }

    private void On(Trigger trigger, byte[]? final = null)
    {
        lock (this)
        {
            switch (_state, trigger)
            {
                case (State.Trying, Trigger.Timer):
                    _state = State.Proceeding;
                    _response = SipWriter.ToArray(_request!.CreateResponse(100));
                    _back.TrySend(_response);
                    _table.Wheel.Schedule(this, _table.Timers.TimerF - _table.Time.GetElapsedTime(_started));
                    break;
                case (State.Proceeding or State.Completed, Trigger.Request):
                    _back.TrySend(_response!);
                    break;
                case (State.Trying or State.Proceeding, Trigger.Final) when _back.IsReliable:
                    Terminate();
                    break;
                case (State.Trying or State.Proceeding, Trigger.Final):
                    _state = State.Completed;
                    _response = final;
                    _request = null;
                    _table.Wheel.Schedule(this, _table.Timers.TimerJ);
                    break;
                case (State.Trying or State.Proceeding, Trigger.Ignore):
                    _state = State.Ignored;
                    _request = null;
                    _response = null;
                    _table.Wheel.Schedule(this, _table.Timers.TimerF - _table.Time.GetElapsedTime(_started));
                    break;
                case (State.Proceeding or State.Completed or State.Ignored, Trigger.Timer):
                    Terminate();
                    break;
                default:
                    break;   // a request repeated while the application works is absorbed
            }
        }
    }

    private void Terminate()
    {
        _state = State.Terminated;
        _request = null;
        _response = null;
        _table.Remove(this);
    }
}
