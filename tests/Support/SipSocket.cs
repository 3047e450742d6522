using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A UDP socket, or a TCP connection to the server with or without TLS, that brings SIP messages.</summary>
internal sealed class SipSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly IPEndPoint _server;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Stream? _stream;

    /// <param name="server">Where everything goes.</param>
    /// <param name="tcp">A connection instead of datagrams.</param>
    /// <param name="bindTo">Null: 127.0.0.1.</param>
    /// <param name="tls">Whose certificates the server must have; null: no TLS.</param>
    public SipSocket(IPEndPoint server, bool tcp, IPAddress? bindTo, TlsFolder? tls)
    {
        _server = server;
        tcp |= tls is not null;
        IsTcp = tcp;
        Transport = tls is not null ? "TLS" : tcp ? "TCP" : "UDP";
        _socket = new Socket(AddressFamily.InterNetwork, tcp ? SocketType.Stream : SocketType.Dgram, tcp ? ProtocolType.Tcp : ProtocolType.Udp);
        if (!tcp) _socket.ReceiveBufferSize = 1 << 20;
        _socket.Bind(new IPEndPoint(bindTo ?? IPAddress.Loopback, 0));
        if (tcp)
        {
            _socket.Connect(server);
            _stream = new NetworkStream(_socket);
            if (tls is not null) _stream = tls.Secure(_stream, server.Address);
        }
        Local = (IPEndPoint)_socket.LocalEndPoint!;
    }

    public bool IsTcp { get; }
    /// <summary>As in a Via.</summary>
    public string Transport { get; }
    public IPEndPoint Local { get; }

    /// <param name="message">The octets of one message.</param>
    /// <param name="to">Where a datagram goes, when not to the server.</param>
    /// <param name="cancel">Ends a write that hangs.</param>
    public async Task SendAsync(byte[] message, IPEndPoint? to, CancellationToken cancel)
    {
        if (_stream is null)
        {
            await _socket.SendToAsync(message, to ?? _server, cancel);
            return;
        }
        await _writing.WaitAsync(cancel);
        try
        {
            await _stream.WriteAsync(message, cancel);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Until the socket is closed; what is no SIP message (a keep-alive) is passed over.</summary>
    public async Task ReceiveAsync(Func<RawSip, IPEndPoint, Task> onMessage, CancellationToken cancel)
    {
        try
        {
            if (_stream is not null) await ReceiveStreamAsync(_stream, onMessage, cancel);
            else await ReceiveDatagramsAsync(onMessage, cancel);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || cancel.IsCancellationRequested)
        {
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task ReceiveDatagramsAsync(Func<RawSip, IPEndPoint, Task> onMessage, CancellationToken cancel)
    {
        var buffer = new byte[65_536];
        while (true)
        {
            int length;
            EndPoint from;
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), cancel);
                (length, from) = (received.ReceivedBytes, received.RemoteEndPoint);
            }
            catch (SocketException)
            {
                continue; // an ICMP "port unreachable" for something sent to a server that is down just now
            }
            if (RawSip.TryRead(buffer[..length]) is { } message) await onMessage(message, (IPEndPoint)from);
        }
    }

    private async Task ReceiveStreamAsync(Stream stream, Func<RawSip, IPEndPoint, Task> onMessage, CancellationToken cancel)
    {
        var (buffer, filled) = (new byte[1 << 20], 0);
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(filled), cancel);
            if (read == 0) return;
            filled += read;
            while (Length(buffer.AsSpan(0, filled)) is { } length)
            {
                if (RawSip.TryRead(buffer[..length]) is { } message) await onMessage(message, _server);
                buffer.AsSpan(length, filled - length).CopyTo(buffer);
                filled -= length;
            }
        }
    }

    /// <summary>Octets of the first message in the stream, or null while it is not all there.</summary>
    private static int? Length(ReadOnlySpan<byte> stream)
    {
        if (stream.StartsWith("\r\n"u8)) return 2;
        var head = stream.IndexOf("\r\n\r\n"u8);
        if (head < 0) return null;
        var line = Encoding.ASCII.GetString(stream[..head]).Split("\r\n")
            .First(text => text.StartsWith("Content-Length", StringComparison.OrdinalIgnoreCase));
        var total = head + 4 + int.Parse(line.AsSpan(line.IndexOf(':') + 1), CultureInfo.InvariantCulture);
        return stream.Length < total ? null : total;
    }
}
