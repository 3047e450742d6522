using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

/// <summary>The client's end of a WebSocket over loopback, whose other end an endpoint serves; the HTTP before it is not the endpoint's.</summary>
internal sealed class WebSocketPeer : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[131_072];
    private readonly CancellationTokenSource _leave = new();

    private WebSocketPeer(Socket socket, WebSocket client) => (_socket, Client) = (socket, client);

    public WebSocket Client { get; }

    /// <summary>What the server's end came to: false when it was refused.</summary>
    public Task<bool> Served { get; private set; } = Task.FromResult(false);

    public static async Task<WebSocketPeer> ConnectAsync(SipEndpoint endpoint, SipTransportKind kind = SipTransportKind.Ws)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(listener.LocalEndpoint);
        var accepted = await listener.AcceptSocketAsync();
        var peer = new WebSocketPeer(
            socket, WebSocket.CreateFromStream(new NetworkStream(socket, ownsSocket: true), isServer: false, "sip", TimeSpan.Zero));
        peer.Served = ServeAsync();
        return peer;

        async Task<bool> ServeAsync()
        {
            using (accepted)
            {
                return await endpoint.ServeAsync(
                    kind, (IPEndPoint)accepted.LocalEndPoint!, (IPEndPoint)accepted.RemoteEndPoint!,
                    () => Task.FromResult(WebSocket.CreateFromStream(new NetworkStream(accepted), isServer: true, "sip", TimeSpan.Zero)), peer._leave.Token);
            }
        }
    }

    public void LetServerLeave() => _leave.Cancel();

    public Task SendAsync(string text, WebSocketMessageType type = WebSocketMessageType.Text, bool end = true) =>
        SendAsync(Encoding.UTF8.GetBytes(text), type, end);

    public Task SendAsync(byte[] octets, WebSocketMessageType type, bool end = true) =>
        Client.SendAsync(octets, type, end, TestContext.Current.CancellationToken);

    public Task SendRawAsync(byte[] octets) => _socket.SendAsync(octets).WaitAsync(Wait.Deadline);

    public async Task<Received> ReceiveAsync() => new((await NextAsync()).Text, new IPEndPoint(IPAddress.Loopback, 0));

    /// <summary>A whole message; the reason for a close frame.</summary>
    public async Task<(WebSocketMessageType Type, string Text)> NextAsync()
    {
        using var deadline = new CancellationTokenSource(Wait.Deadline);
        var length = 0;
        while (true)
        {
            var result = await Client.ReceiveAsync(_buffer.AsMemory(length), deadline.Token);
            if (result.MessageType == WebSocketMessageType.Close)
                return (result.MessageType, Client.CloseStatusDescription ?? "");
            length += result.Count;
            if (result.EndOfMessage)
                return (result.MessageType, Encoding.UTF8.GetString(_buffer, 0, length));
        }
    }

    /// <summary>The status of the close frame, or null where the connection was cut.</summary>
    public async Task<WebSocketCloseStatus?> CloseStatusAsync()
    {
        try
        {
            while ((await NextAsync()).Type != WebSocketMessageType.Close)
            {
            }

            return Client.CloseStatus;
        }
        catch (WebSocketException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        _leave.Dispose();
    }
}
