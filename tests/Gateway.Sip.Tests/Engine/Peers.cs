using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Sip.Tests.Engine;

/// <summary>One received message as text.</summary>
internal sealed record Received(string Text, IPEndPoint From)
{
    public string StartLine => Text[..Text.IndexOf("\r\n", StringComparison.Ordinal)];

    public string Body => Text[(Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

    public string Header(string name) => Headers(name).FirstOrDefault() ?? throw new InvalidOperationException($"no {name} in\n{Text}");

    public IReadOnlyList<string> Headers(string name) =>
    [
        .. Text.Split("\r\n\r\n")[0].Split("\r\n").Skip(1)
            .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            .Select(line => line[(name.Length + 1)..].Trim()),
    ];

    public string Branch => Parameter(Header("Via"), "branch");

    public static string Parameter(string value, string name) =>
        value.Split(';').Select(p => p.Trim().Split('=', 2)).First(p => p[0].Trim('>', '<') == name)[1];

    /// <summary>A response to this request, put together by hand.</summary>
    public string Reply(int status, string extraHeaders = "", string toTag = "peer")
    {
        var to = Header("To");
        return $"SIP/2.0 {status} Whatever\r\n" + string.Concat(Headers("Via").Select(v => $"Via: {v}\r\n"))
            + $"From: {Header("From")}\r\nTo: {(to.Contains("tag=", StringComparison.Ordinal) ? to : $"{to};tag={toTag}")}\r\n"
            + $"Call-ID: {Header("Call-ID")}\r\nCSeq: {Header("CSeq")}\r\n{extraHeaders}Content-Length: 0\r\n\r\n";
    }
}

/// <summary>A scriptable peer on a UDP socket of its own.</summary>
internal sealed class UdpPeer : IDisposable
{
    private readonly Socket _socket;
    private readonly Socket _marker;
    private readonly byte[] _buffer = new byte[65_535];

    public UdpPeer(string address = "127.0.0.1", int port = 0)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(address), port);
        _socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 4 << 20,
            ReceiveTimeout = (int)Wait.Deadline.TotalMilliseconds,
        };
        _marker = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(endPoint);
        Address = (IPEndPoint)_socket.LocalEndPoint!;
    }

    public IPEndPoint Address { get; }

    public void Send(string message, IPEndPoint to) => Send(Encoding.UTF8.GetBytes(message), to);

    public void Send(byte[] octets, IPEndPoint to) => _socket.SendTo(octets, to);

    /// <summary>
    /// What was sent to this peer by now, by the calling thread at least: a datagram of its own comes behind it and marks the end. (A busy
    /// kernel may deliver on loopback some time after the sender's call has returned, though in order.)
    /// </summary>
    public List<Received> Pending()
    {
        var mark = Guid.NewGuid().ToString();
        _marker.SendTo(Encoding.UTF8.GetBytes(mark), Address);
        List<Received> all = [];
        while (true)
        {
            EndPoint from = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
            var length = _socket.ReceiveFrom(_buffer, ref from);
            var text = Encoding.UTF8.GetString(_buffer, 0, length);
            if (text == mark)
                return all;
            all.Add(new Received(text, (IPEndPoint)from));
        }
    }

    public async Task<Received> ReceiveAsync()
    {
        using var deadline = new CancellationTokenSource(Wait.Deadline);
        var any = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        var got = await _socket.ReceiveFromAsync(_buffer, any, deadline.Token);
        return new Received(Encoding.UTF8.GetString(_buffer, 0, got.ReceivedBytes), (IPEndPoint)got.RemoteEndPoint);
    }

    /// <summary>Answers every request until disposed.</summary>
    public Task AnswerAllAsync(Func<Received, string?> answer, CancellationToken until) => Task.Run(
        async () =>
        {
            var buffer = new byte[65_535];
            var any = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
            try
            {
                while (true)
                {
                    var got = await _socket.ReceiveFromAsync(buffer, any, until);
                    var received = new Received(Encoding.UTF8.GetString(buffer, 0, got.ReceivedBytes), (IPEndPoint)got.RemoteEndPoint);
                    if (answer(received) is { } response)
                        Send(response, received.From);
                }
            }
            catch (OperationCanceledException)
            {
            }
        },
        CancellationToken.None);

    public void Dispose()
    {
        _socket.Dispose();
        _marker.Dispose();
    }
}

/// <summary>A scriptable peer at the other end of one TCP connection, or of the TLS in it.</summary>
internal sealed class TcpPeer(Socket socket, Stream? tls = null) : IDisposable
{
    private readonly IPEndPoint _remote = (IPEndPoint)socket.RemoteEndPoint!;
    private readonly StringBuilder _unread = new();
    private readonly byte[] _buffer = new byte[65_536];

    public IPEndPoint Address => (IPEndPoint)socket.LocalEndPoint!;

    public static async Task<TcpPeer> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to);
        return new TcpPeer(socket);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> octets)
    {
        if (tls is not null)
        {
            await tls.WriteAsync(octets);
            return;
        }

        while (!octets.IsEmpty)
            octets = octets[await socket.SendAsync(octets)..];
    }

    public async Task<Received> ReceiveAsync()
    {
        while (true)
        {
            if (TryTake(out var message))
                return message;
            if (!await ReadMoreAsync())
                throw new IOException($"the connection ended, unread: {_unread}");
        }
    }

    public async Task<string> ReceiveExactlyAsync(int length)
    {
        while (_unread.Length < length && await ReadMoreAsync())
        {
        }

        var text = _unread.ToString(0, Math.Min(length, _unread.Length));
        _unread.Remove(0, text.Length);
        return text;
    }

    /// <summary>True when the other side has closed, once all that it sent is read.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            while (await ReadMoreAsync())
            {
            }

            return true;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public bool HasUnread => _unread.Length > 0 || socket.Poll(0, SelectMode.SelectRead);

    public void Dispose() => socket.Dispose();

    private async Task<bool> ReadMoreAsync()
    {
        using var deadline = new CancellationTokenSource(Wait.Deadline);
        var length = tls is null ? await socket.ReceiveAsync(_buffer, deadline.Token) : await tls.ReadAsync(_buffer, deadline.Token);
        _unread.Append(Encoding.UTF8.GetString(_buffer, 0, length));
        return length > 0;
    }

    private bool TryTake(out Received message)
    {
        message = null!;
        var text = _unread.ToString();
        var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
            return false;
        var candidate = new Received(text[..(head + 4)], _remote);
        var length = head + 4 + int.Parse(candidate.Header("Content-Length"));
        if (text.Length < length)
            return false;
        message = candidate with { Text = text[..length] };
        _unread.Remove(0, length);
        return true;
    }
}

/// <summary>A listening TCP socket.</summary>
internal sealed class TcpListeningPeer : IDisposable
{
    private readonly Socket _listener;

    public TcpListeningPeer(int port = 0, int backlog = 512)
    {
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(backlog);
        Address = (IPEndPoint)_listener.LocalEndPoint!;
    }

    public IPEndPoint Address { get; }

    public bool HasConnection => _listener.Poll(0, SelectMode.SelectRead);

    public async Task<TcpPeer> AcceptAsync()
    {
        using var deadline = new CancellationTokenSource(Wait.Deadline);
        return new TcpPeer(await _listener.AcceptAsync(deadline.Token));
    }

    public void Dispose() => _listener.Dispose();
}

internal static class Wait
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!condition())
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"not within {Deadline}: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }
    }

    public static Task<T> InTimeAsync<T>(this Task<T> task) => task.WaitAsync(Deadline);

    public static Task<T> InTimeAsync<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Deadline);
}
