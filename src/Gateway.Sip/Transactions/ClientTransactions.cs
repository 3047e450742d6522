using System.Collections.Concurrent;
using System.Text;
using Gateway.Sip.Transports;

namespace Gateway.Sip.Transactions;

/// <summary>The client transactions under way, found by branch. Bounded: when full, nothing more is begun.</summary>
internal sealed class ClientTransactions(SipTimers timers, int capacity, TimerWheel wheel, TimeProvider time)
{
    /// <summary>Of a branch worth looking up; our own are much shorter.</summary>
    private const int LongestBranch = 128;

    private readonly ConcurrentDictionary<string, ClientTransaction> _byBranch = new(StringComparer.Ordinal);
    private int _count;

    public SipTimers Timers { get; } = timers;

    public TimerWheel Wheel { get; } = wheel;

    public TimeProvider Time { get; } = time;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Null when the table is full.</summary>
    /// <param name="message">For UDP in an array of the shared pool, where the transaction returns it.</param>
    public ClientTransaction? Begin(string branch, string method, string sentBy, Hop hop, ArraySegment<byte> message)
    {
        if (Interlocked.Increment(ref _count) > capacity)
        {
            Interlocked.Decrement(ref _count);
            return null;
        }

        var transaction = new ClientTransaction(this, branch, method, sentBy, hop, message);
        _byBranch[branch] = transaction;
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
        if (via.Branch.Length is 0 or > LongestBranch)
            return false;
        Span<char> branch = stackalloc char[via.Branch.Length];
        Encoding.Latin1.GetChars(via.Branch, branch);
        if (!_byBranch.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(branch, out var transaction))
            return false;
        if (method != transaction.Method || !via.IsSentBy(transaction.SentBy))
            return false;
        transaction.OnResponse(response);
        return true;
    }

    public void EndAll()
    {
        foreach (var transaction in _byBranch.Values)
            transaction.OnConnectionClosed();
    }

    internal void Remove(ClientTransaction transaction)
    {
        Wheel.Cancel(transaction);
        if (_byBranch.TryRemove(transaction.Branch, out _))
            Interlocked.Decrement(ref _count);
    }
}
