using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Gateway.Sip.Transactions;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transports;

/// <summary>
/// One connection, accepted or made, used in both directions. Two loops live as long as it does: one reads and frames, one writes
/// what is queued. The queue is bounded and its writer has a time limit, so that a peer which takes nothing fails by
/// itself and delays nobody else. Its wheel timer looks for the silent, the slow and the stuck, and on a connection that we made it sends
/// keep-alives: a peer that has answered one and then does not is dead, or what lies between us has forgotten the connection. Many never
/// answer, and that says nothing.
/// </summary>
internal sealed partial class StreamConnection : WheelTimer
{
    private const int MaxQueuedMessages = 4_096;
    private static readonly byte[] Ping = "\r\n\r\n"u8.ToArray();
    private static readonly byte[] Pong = "\r\n"u8.ToArray();
    private static readonly TimeSpan LongestCheckInterval = TimeSpan.FromSeconds(5);

    private readonly ConnectionContext _context;
    private readonly SipEndpointOptions _options;
    private readonly MessageReceived _onMessage;
    private readonly TimerWheel _wheel;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<byte[]> _outgoing = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(MaxQueuedMessages) { SingleReader = true });
    private readonly StreamFraming _framing;
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

    public StreamConnection(
        SipFlow flow, ConnectionContext context, bool accepted, SipEndpointOptions options, MessageReceived onMessage,
        TimerWheel wheel, TimeProvider time, ILogger logger)
    {
        Flow = flow;
        _context = context;
        _options = options;
        _onMessage = onMessage;
        _wheel = wheel;
        _time = time;
        _logger = logger;
        _framing = new StreamFraming(options.MaxMessageOctets);
        _lastMessage = _pinged = time.GetTimestamp();
        // RFC 5626 §4.4.1: between 80 and 100 % of it, so that a proxy's clients do not all ping at once.
        _pingInterval = accepted ? null : options.PingInterval * (0.8 + 0.2 * Random.Shared.NextDouble());
        TimeSpan[] limits = [options.IdleTimeout, options.PartialMessageTimeout, options.WriteTimeout, options.PongTimeout, _pingInterval ?? TimeSpan.MaxValue];
        _checkInterval = new(Math.Min(LongestCheckInterval.Ticks, limits.Min().Ticks / 4));
    }

    public SipFlow Flow { get; }

    /// <summary>The address the peer wants this connection used for (RFC 5923).</summary>
    public IPEndPoint? Alias { get; set; }

    /// <summary>Over TLS only a peer that has shown who it is may ask for that (RFC 5923 §6).</summary>
    public bool MayHaveAlias => _context is not TlsConnection { IsPeerKnown: false };

    /// <summary>
    /// Whether the peer may stand for this host (null: its address alone). Over TCP there is only its address to go by; over TLS its
    /// certificate says (RFC 5923 §8).
    /// </summary>
    public bool MayStandFor(string? host) => _context is TlsConnection tls ? tls.IsPeerNamed(host, Flow.Remote.Address) : host is null;

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
        _context.Abort();
        await reading;
        Volatile.Write(ref _ended, true);
        _wheel.Cancel(this);
        await _context.DisposeAsync();
        HashSet<ClientTransaction>? waiters;
        lock (_waitersLock)
            (waiters, _waiters) = (_waiters, null);
        foreach (var waiter in waiters!)
            waiter.OnConnectionClosed();
    }

    /// <summary>False when the connection is closed or its peer is too far behind.</summary>
    public bool TrySend(byte[] message)
    {
        if (Interlocked.Add(ref _queuedOctets, message.Length) <= _options.MaxQueuedOctetsPerConnection
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
        _context.Abort(new ConnectionAbortedException(reason));
    }

    private void StopSending()
    {
        Volatile.Write(ref _closing, true);
        _outgoing.Writer.TryComplete();
    }

    internal override void OnTimer()
    {
        if (Volatile.Read(ref _ended))
            return;
        if (HasLasted(_writingSince, _options.WriteTimeout))
            Close("the peer takes nothing");
        else if (HasLasted(_partialSince, _options.PartialMessageTimeout))
            Close("a message was begun and not finished");
        else if (HasLasted(_lastMessage, _options.IdleTimeout))
            Close("idle");
        else if (_answersPings && HasLasted(_pongAwaitedSince, _options.PongTimeout))
            Close("the peer does not answer keep-alives any more");
        else
        {
            if (_pingInterval is { } interval && HasLasted(_pinged, interval))
                SendPing();
            _wheel.Schedule(this, _checkInterval);
        }

        bool HasLasted(long since, TimeSpan limit) => since != 0 && _time.GetElapsedTime(since) >= limit;
    }

    private void SendPing()
    {
        _pinged = _time.GetTimestamp();
        if (_pongAwaitedSince == 0)
            _pongAwaitedSince = _pinged;
        TrySend(Ping);
    }

    private async Task ReadAsync()
    {
        var input = _context.Transport.Input;
        try
        {
            while (true)
            {
                var result = await input.ReadAsync();
                var buffer = result.Buffer;
                if (!TryTakeMessages(ref buffer))
                    return;
                input.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted || result.IsCanceled)
                    return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            LogEnded(Flow, e.Message);
        }
        catch (Exception e)
        {
            LogFault(e, Flow);
        }
    }

    private bool TryTakeMessages(ref ReadOnlySequence<byte> buffer)
    {
        while (true)
        {
            switch (_framing.TryRead(ref buffer, out var unit, out var message))
            {
                case OperationStatus.Done:
                    _pongAwaitedSince = 0;   // whatever it is, the peer lives
                    _answersPings |= unit == StreamUnit.Pong;
                    if (unit != StreamUnit.Pong)
                        _lastMessage = _time.GetTimestamp();
                    if (unit == StreamUnit.Message)
                        _onMessage(Flow, message);
                    else if (unit == StreamUnit.Ping)
                        TrySend(Pong);
                    break;
                case OperationStatus.NeedMoreData:
                    _partialSince = buffer.IsEmpty ? 0 : _partialSince != 0 ? _partialSince : _time.GetTimestamp();
                    return true;
                default:
                    LogClosing(Flow, $"what it sends cannot be framed ({_framing.Fault})");
                    if (SipParser.Refuse(message, _framing.Fault).CreateAnswer() is { } answer)
                        TrySend(SipWriter.ToArray(answer));
                    return false;   // where the next message begins is not known any more (RFC 3261 §18.3)
            }
        }
    }

    private async Task WriteAsync()
    {
        var output = _context.Transport.Output;
        Exception? ended = null;
        try
        {
            while (await _outgoing.Reader.WaitToReadAsync())
            {
                var taken = 0;
                while (_outgoing.Reader.TryRead(out var message))
                {
                    output.Write(message);
                    taken += message.Length;
                }

                Volatile.Write(ref _writingSince, _time.GetTimestamp());
                var flushed = await output.FlushAsync();
                Volatile.Write(ref _writingSince, 0);
                Interlocked.Add(ref _queuedOctets, -taken);
                if (flushed.IsCompleted || flushed.IsCanceled)
                    return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or InvalidOperationException)
        {
            ended = e;
            LogEnded(Flow, e.Message);
        }
        finally
        {
            await output.CompleteAsync(ended);   // without it, TLS would try once more to write what is left
        }
    }

    [LoggerMessage(1111, LogLevel.Debug, "Closing {Flow}: {Reason}")]
    private partial void LogClosing(SipFlow flow, string reason);

    [LoggerMessage(1112, LogLevel.Debug, "{Flow} ended: {Reason}")]
    private partial void LogEnded(SipFlow flow, string reason);

    [LoggerMessage(1113, LogLevel.Error, "{Flow} was closed by a fault")]
    private partial void LogFault(Exception fault, SipFlow flow);
}
