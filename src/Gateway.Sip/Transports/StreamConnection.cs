using System.Net;
using System.Threading.Channels;
using Gateway.Sip.Transactions;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transports;

/// <summary>
/// One connection, accepted or made, used in both directions. Two loops live as long as it does: one reads and frames, one writes
/// what is queued. The queue is bounded and its writer has a time limit, so that a peer which takes nothing fails by
/// itself and delays nobody else. Its wheel timer looks for the silent, the slow and the stuck, and on a connection that we made it sends
/// keep-alives: a peer that has answered one and then does not is dead, or what lies between us has forgotten the connection. Many never
/// answer, and that says nothing.
/// </summary>
internal abstract partial class StreamConnection : WheelTimer
{
    private const int MaxQueuedMessages = 4_096;
    private static readonly byte[] Ping = "\r\n\r\n"u8.ToArray();
    private static readonly byte[] Pong = "\r\n"u8.ToArray();
    private static readonly TimeSpan LongestCheckInterval = TimeSpan.FromSeconds(5);

    private readonly MessageReceived _onMessage;
    private readonly TimerWheel _wheel;
    private readonly ILogger _logger;
    private readonly Channel<byte[]> _outgoing = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(MaxQueuedMessages) { SingleReader = true });
    private readonly TimeSpan? _pingInterval;
    private readonly TimeSpan _checkInterval;
    private readonly Lock _waitersLock = new();
    private HashSet<ClientTransaction>? _waiters = [];
    private int _queuedOctets;
    private long _lastMessage;
    private long _partialSince;
    private long _writingSince;
    private long _pinged;
    private long _pongAwaitedSince;
    private bool _answersPings;
    private bool _carried;
    private bool _closing;
    private bool _ended;

    protected StreamConnection(
        SipFlow flow, bool accepted, SipEndpointOptions options, MessageReceived onMessage, TimerWheel wheel, TimeProvider time, ILogger logger)
    {
        Flow = flow;
        Options = options;
        _onMessage = onMessage;
        _wheel = wheel;
        Time = time;
        _logger = logger;
        _lastMessage = _pinged = time.GetTimestamp();
        // RFC 5626 §4.4.1: between 80 and 100 % of it, so that a proxy's clients do not all ping at once.
        _pingInterval = accepted ? null : options.PingInterval * (0.8 + 0.2 * Random.Shared.NextDouble());
        TimeSpan[] limits = [options.IdleTimeout, options.PartialMessageTimeout, options.WriteTimeout, options.PongTimeout, _pingInterval ?? TimeSpan.MaxValue];
        _checkInterval = new(Math.Min(LongestCheckInterval.Ticks, limits.Min().Ticks / 4));
    }

    public SipFlow Flow { get; }

    protected SipEndpointOptions Options { get; }

    protected TimeProvider Time { get; }

    /// <summary>The address the peer wants this connection used for (RFC 5923).</summary>
    public IPEndPoint? Alias { get; set; }

    /// <summary>Over TLS only a peer that has shown who it is may ask for that (RFC 5923 §6).</summary>
    public abstract bool MayHaveAlias { get; }

    /// <summary>
    /// Whether the peer may stand for this host (null: its address alone). Over TCP there is only its address to go by; over TLS its
    /// certificate says (RFC 5923 §8).
    /// </summary>
    public abstract bool MayStandFor(string? host);

    /// <summary>Something has been sent on it before.</summary>
    public bool HasCarried => Volatile.Read(ref _carried);

    /// <summary>False as soon as nothing can be sent on it any more.</summary>
    public bool IsOpen => !Volatile.Read(ref _closing);

    /// <summary>Reads and writes until either side has had enough.</summary>
    public async Task RunAsync()
    {
        _wheel.Schedule(this, _checkInterval);
        var reading = ReadAsync();
        var writing = WriteAsync();
        await Task.WhenAny(reading, writing);
        StopSending();   // what is queued is still written, unless the peer takes nothing
        await writing;
        await LingerAsync(reading);
        Abort(null);
        await reading;
        Volatile.Write(ref _ended, true);
        _wheel.Cancel(this);
        await ReleaseAsync();
        HashSet<ClientTransaction>? waiters;
        lock (_waitersLock)
            (waiters, _waiters) = (_waiters, null);
        foreach (var waiter in waiters!)
            waiter.OnConnectionClosed();
    }

    /// <summary>False when the connection is closed or its peer is too far behind.</summary>
    public bool TrySend(byte[] message)
    {
        if (Interlocked.Add(ref _queuedOctets, message.Length) <= Options.MaxQueuedOctetsPerConnection
            && _outgoing.Writer.TryWrite(message))
        {
            Volatile.Write(ref _carried, true);
            return true;
        }

        Interlocked.Add(ref _queuedOctets, -message.Length);
        return false;
    }

    /// <summary>Asks to be told when the connection ends. False when it has ended already.</summary>
    public bool TryAwaitEnd(ClientTransaction waiter)
    {
        lock (_waitersLock)
            return _waiters is not null && _waiters.Add(waiter);
    }

    public void NoLongerAwaits(ClientTransaction waiter)
    {
        lock (_waitersLock)
            _waiters?.Remove(waiter);
    }

    public void Close(string reason)
    {
        LogClosing(Flow, reason);
        StopSending();
        Abort(reason);
    }

    /// <summary>Takes what comes until the peer ends; what <see cref="IsEnd"/> says is an end may be thrown.</summary>
    protected abstract Task ReceiveAsync();

    /// <summary>Sends some of the queue, which is not empty. How many octets the peer has taken; negative: it takes no more.</summary>
    protected abstract ValueTask<int> TransmitAsync(ChannelReader<byte[]> queued);

    /// <summary>Nothing more is sent; <paramref name="ended"/> is what broke the sending.</summary>
    protected abstract Task EndSendingAsync(Exception? ended);

    /// <summary>What the peer may still have to say when nothing more is sent.</summary>
    protected virtual Task LingerAsync(Task reading) => Task.CompletedTask;

    protected abstract void Abort(string? reason);

    protected abstract ValueTask ReleaseAsync();

    protected abstract bool IsEnd(Exception e);

    /// <summary>How long the peer may be silent.</summary>
    protected virtual TimeSpan IdleTimeout => Options.IdleTimeout;

    protected void StopSending()
    {
        Volatile.Write(ref _closing, true);
        _outgoing.Writer.TryComplete();
    }

    protected void OnUnit(StreamUnit unit, ReadOnlyMemory<byte> message)
    {
        Volatile.Write(ref _pongAwaitedSince, 0);   // whatever it is, the peer lives
        if (unit == StreamUnit.Pong)
            Volatile.Write(ref _answersPings, true);
        else
            Volatile.Write(ref _lastMessage, Time.GetTimestamp());
        if (unit == StreamUnit.Message)
            _onMessage(Flow, message);
        else if (unit == StreamUnit.Ping)
            TrySend(Pong);
    }

    protected void OnPartial(bool isPartial) =>
        Volatile.Write(ref _partialSince, !isPartial ? 0 : _partialSince != 0 ? _partialSince : Time.GetTimestamp());

    protected void OnUnframeable(string reason) => LogClosing(Flow, reason);

    internal override void OnTimer()
    {
        if (Volatile.Read(ref _ended))
            return;
        if (HasLasted(Volatile.Read(ref _writingSince), Options.WriteTimeout))
            Close("the peer takes nothing");
        else if (HasLasted(Volatile.Read(ref _partialSince), Options.PartialMessageTimeout))
            Close("a message was begun and not finished");
        else if (HasLasted(Volatile.Read(ref _lastMessage), IdleTimeout))
            Close("idle");
        else if (Volatile.Read(ref _answersPings) && HasLasted(Volatile.Read(ref _pongAwaitedSince), Options.PongTimeout))
            Close("the peer does not answer keep-alives any more");
        else
        {
            if (_pingInterval is { } interval && HasLasted(_pinged, interval))
                SendPing();
            _wheel.Schedule(this, _checkInterval);
        }

        bool HasLasted(long since, TimeSpan limit) => since != 0 && Time.GetElapsedTime(since) >= limit;
    }

    private void SendPing()
    {
        _pinged = Time.GetTimestamp();
        if (Volatile.Read(ref _pongAwaitedSince) == 0)
            Volatile.Write(ref _pongAwaitedSince, _pinged);
        TrySend(Ping);
    }

    private async Task ReadAsync()
    {
        try
        {
            await ReceiveAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || IsEnd(e))
        {
            LogEnded(Flow, e.Message);
        }
        catch (Exception e)
        {
            LogFault(e, Flow);
        }
    }

    private async Task WriteAsync()
    {
        Exception? ended = null;
        try
        {
            while (await _outgoing.Reader.WaitToReadAsync())
            {
                Volatile.Write(ref _writingSince, Time.GetTimestamp());
                var taken = await TransmitAsync(_outgoing.Reader);
                Volatile.Write(ref _writingSince, 0);
                if (taken < 0)
                    return;
                Interlocked.Add(ref _queuedOctets, -taken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException || IsEnd(e))
        {
            ended = e;
            LogEnded(Flow, e.Message);
        }
        finally
        {
            await EndSendingAsync(ended);
        }
    }

    [LoggerMessage(1111, LogLevel.Debug, "Closing {Flow}: {Reason}")]
    private partial void LogClosing(SipFlow flow, string reason);

    [LoggerMessage(1112, LogLevel.Debug, "{Flow} ended: {Reason}")]
    private partial void LogEnded(SipFlow flow, string reason);

    [LoggerMessage(1113, LogLevel.Error, "{Flow} was closed by a fault")]
    private partial void LogFault(Exception fault, SipFlow flow);
}
