using Gateway.Sip.Transports;

namespace Gateway.Sip.Transactions;

/// <summary>The client transactions under way, found by branch. Bounded: when full, nothing more is begun.</summary>
internal sealed class ClientTransactions(SipTimers timers, int capacity, TimerWheel wheel, TimeProvider time)
{
    private readonly TransactionTable<ClientTransaction> _byBranch = new(capacity);

    public SipTimers Timers { get; } = timers;

    public TimerWheel Wheel { get; } = wheel;

    public TimeProvider Time { get; } = time;

    public int Count => _byBranch.Count;

    /// <summary>Null when the table is full.</summary>
    /// <param name="message">For UDP in an array of the shared pool, where the transaction returns it.</param>
    public ClientTransaction? Begin(in TransactionKey branch, string method, string sentBy, Hop hop, ArraySegment<byte> message)
    {
        var transaction = new ClientTransaction(this, branch, method, sentBy, hop, message);
        if (!_byBranch.TryAdd(transaction))
            return null;
        transaction.Start();
        return transaction;
    }

    /// <summary>
    /// RFC 3261 §17.1.3: branch and CSeq method must be those of the request; §18.1.2: a response whose top Via does not name us
    /// is discarded. False when it is nobody's.
    /// </summary>
    public bool TryDeliver(SipResponse response) =>
        response.Headers.TryGet(HeaderName.CSeq, out CSeq cseq) && TryDeliver(response, TopVia.Of(response), cseq.Method);

    /// <inheritdoc cref="TryDeliver(SipResponse)"/>
    public bool TryDeliver(in PlainSuccess success) => TryDeliver(success.Response, TopVia.Of(success.Via), SipMethod.Message);

    private bool TryDeliver(SipResponse response, in TopVia via, string method)
    {
        if (!TransactionKey.TryParseBranch(via.Branch, out var branch) || _byBranch.Find(branch) is not { } transaction)
            return false;
        if (method != transaction.Method || !via.IsSentBy(transaction.SentBy))
            return false;
        transaction.OnResponse(response);
        return true;
    }

    public void EndAll()
    {
        foreach (var transaction in _byBranch.ToList())
            transaction.OnConnectionClosed();
    }

    internal void Remove(ClientTransaction transaction)
    {
        Wheel.Cancel(transaction);
        _byBranch.Remove(transaction);
    }
}
