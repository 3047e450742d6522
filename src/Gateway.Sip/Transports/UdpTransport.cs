using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transports;

/// <summary>Takes one whole message, or one datagram, off a transport. The octets belong to the receiver from then on.</summary>
internal delegate void MessageReceived(in SipFlow flow, ReadOnlyMemory<byte> octets);

/// <summary>
/// Looks at a datagram where it was received, which the next one will be written over: a span cannot be kept. False: it is to be had as a
/// message, in octets of its own.
/// </summary>
internal delegate bool DatagramArrived(ReadOnlySpan<byte> datagram);

/// <summary>
/// One UDP socket with its own blocking receive threads: an asynchronous receive costs more than twice the CPU of a blocking one,
/// and many times that at low rates, where the thread pool spins between datagrams.
/// </summary>
internal sealed partial class UdpTransport : IDisposable
{
    private const int LargestDatagram = 65_535;

    /// <summary>Rides out bursts and collections: at 600 octets a message this is some 5,000 messages in the kernel's accounting.</summary>
    private const int SocketBuffer = 4 * 1024 * 1024;

    /// <summary>Remotes whose address object a receive thread keeps rather than makes again for each datagram.</summary>
    private const int RememberedRemotes = 8_192;

    private readonly Socket _socket;
    private readonly ConcurrentDictionary<IPAddress, string> _sentByOf = new();
    private readonly DatagramArrived _isTaken;
    private readonly MessageReceived _onMessage;
    private readonly Thread[] _threads;
    private readonly ILogger _logger;
    private volatile bool _closed;

    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public UdpTransport(IPEndPoint address, int receiveThreads, DatagramArrived isTaken, MessageReceived onMessage, ILogger logger)
    {
        _isTaken = isTaken;
        _onMessage = onMessage;
        _logger = logger;
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                _socket.DualMode = false;   // 0.0.0.0 and [::] are two listen addresses
            _socket.ReceiveBufferSize = SocketBuffer;
            _socket.SendBufferSize = SocketBuffer;
            if (OperatingSystem.IsWindows())
                IgnorePortUnreachable();
            _socket.Bind(address);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        Local = (IPEndPoint)_socket.LocalEndPoint!;
        SentBy = Local.ToString();
        _threads = new Thread[receiveThreads];
        for (var i = 0; i < receiveThreads; i++)
            _threads[i] = new Thread(Receive) { IsBackground = true, Name = $"SIP udp {Local}" };
    }

    public IPEndPoint Local { get; }

    /// <summary>Of our Vias, unless the socket is bound to all addresses.</summary>
    public string SentBy { get; }

    /// <summary>The same when it is, as seen by whom <paramref name="local"/> faces: one of this machine's addresses, which are few.</summary>
    public string SentByOf(IPAddress local) =>
        _sentByOf.GetOrAdd(local, static (address, port) => new IPEndPoint(address, port).ToString(), Local.Port);

    public void Start()
    {
        foreach (var thread in _threads)
            thread.Start();
    }

    public SocketError Send(ReadOnlySpan<byte> message, IPEndPoint remote)
    {
        try
        {
            _socket.SendTo(message, SocketFlags.None, remote.Serialize());
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (ObjectDisposedException)
        {
            return SocketError.Shutdown;
        }
    }

    public void Dispose()
    {
        _closed = true;
        _socket.Dispose();   // wakes the threads that block in it
        foreach (var thread in _threads)
        {
            if (thread.IsAlive && thread != Thread.CurrentThread)
                thread.Join(TimeSpan.FromSeconds(5));
        }
    }

    private void Receive()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(LargestDatagram, pinned: true);
        var from = new SocketAddress(_socket.AddressFamily);
        var remotes = new Dictionary<SocketAddress, IPEndPoint>();
        while (!_closed)
        {
            try
            {
                var length = _socket.ReceiveFrom(buffer, SocketFlags.None, from);
                var datagram = buffer.AsSpan(0, length);
                if (!_isTaken(datagram))
                    _onMessage(new SipFlow(SipTransportKind.Udp, RemoteOf(from, remotes), Local), datagram.ToArray());
            }
            catch (Exception e) when (_closed && e is SocketException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // Errors of earlier sends may be reported here (ICMP); they say nothing about what arrives next.
                LogReceiveError(Local, e.SocketErrorCode);
            }
            catch (Exception e)
            {
                LogFault(e, Local);
            }
        }
    }

    private static IPEndPoint RemoteOf(SocketAddress from, Dictionary<SocketAddress, IPEndPoint> remotes)
    {
        if (remotes.TryGetValue(from, out var remote))
            return remote;
        var anyOfFamily = from.Family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        remote = new SerializedEndPoint((IPEndPoint)new IPEndPoint(anyOfFamily, 0).Create(from));
        if (remotes.Count >= RememberedRemotes)
            remotes.Clear();
        var key = new SocketAddress(from.Family, from.Size);
        from.Buffer.Span[..from.Size].CopyTo(key.Buffer.Span);
        remotes.Add(key, remote);
        return remote;
    }

    /// <summary>SIO_UDP_CONNRESET off: Windows otherwise fails the next receive with the ICMP answer to an earlier send.</summary>
    private void IgnorePortUnreachable() => _socket.IOControl(unchecked((int)0x9800000C), [0], null);

    [LoggerMessage(1101, LogLevel.Debug, "Receiving on udp {Local} reported {Error}")]
    private partial void LogReceiveError(IPEndPoint local, SocketError error);

    [LoggerMessage(1102, LogLevel.Error, "A datagram received on udp {Local} met a fault and was dropped")]
    private partial void LogFault(Exception fault, IPEndPoint local);
}
