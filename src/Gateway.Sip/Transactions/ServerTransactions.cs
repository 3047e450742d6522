using System.Text;
using Gateway.Sip.Transports;

namespace Gateway.Sip.Transactions;

/// <summary>
/// The server transactions, found by what makes two requests the same one. Bounded: when full, requests are answered 503.
/// </summary>
internal sealed class ServerTransactions(SipTimers timers, int capacity, TimerWheel wheel, TimeProvider time)
{
    private readonly TransactionTable<ServerTransaction> _byKey = new(capacity);

    public SipTimers Timers { get; } = timers;

    public TimerWheel Wheel { get; } = wheel;

    public TimeProvider Time { get; } = time;

    public int Count => _byKey.Count;

    /// <summary>
    /// RFC 3261 §17.2.3: branch, sent-by and method of the top Via; a branch without the magic cookie, or with nothing behind it
    /// (RFC 4475 §3.2.1), identifies nothing, and the rules of RFC 2543 take its place.
    /// </summary>
    public static TransactionKey KeyOf(SipRequest request, in TopVia via) => via.HasUniqueBranch
        ? via.KeyOf(request.Method)
        : TransactionKey.Of(Encoding.UTF8.GetBytes(
            $"{request.RequestUri}\n{request.To.Tag}\n{request.From.Tag}\n{request.CallId}\n{request.CSeq}\n{request.TopVia}"));

    public ServerTransaction? Find(in TransactionKey key) => _byKey.Find(key);

    public bool IsFull => _byKey.IsFull;

    /// <summary>False when another thread has begun the same one meanwhile, which this request then repeats.</summary>
    public bool TryBegin(in TransactionKey key, SipRequest request, Hop back, out ServerTransaction transaction)
    {
        var own = new ServerTransaction(this, key, request, back);
        transaction = _byKey.FindOrAdd(own);
        if (transaction != own)
            return false;
        own.Start();
        return true;
    }

    internal void Remove(ServerTransaction transaction)
    {
        Wheel.Cancel(transaction);
        _byKey.Remove(transaction);
    }
}
