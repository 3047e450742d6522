using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Gateway.Sip.Transactions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Sip.Transports;

/// <summary>
/// Every stream connection of an endpoint, found by its id (the way back for a response) or by the server it leads to (the way
/// for a request). Whoever needs a connection that is just being made waits for that one attempt; there is never a second.
/// </summary>
internal sealed partial class StreamConnections : IAsyncDisposable
{
    private readonly SipEndpointOptions _options;
    private readonly MessageReceived _onMessage;
    private readonly Action<SipFlow> _onClosed;
    private readonly TimerWheel _wheel;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SocketTransportFactory _listeners;
    private readonly SocketConnectionContextFactory _contexts;
    private readonly List<IConnectionListener> _listening = [];
    private readonly List<Task> _accepting = [];
    private readonly ConcurrentDictionary<long, (StreamConnection Connection, Task Running)> _byId = new();
    private readonly ConcurrentDictionary<ServerAddress, Lazy<Task<StreamConnection?>>> _byRemote = new();
    private readonly ConcurrentDictionary<(SipTransportKind Kind, IPEndPoint Address), StreamConnection> _aliases = new();
    private readonly ConcurrentDictionary<ConnectionContext, Task> _securing = new();
    private readonly TlsCredentials? _tls;
    private readonly Dictionary<IPAddress, int> _accepted = [];
    private readonly CancellationTokenSource _closing = new();
    private long _lastId;

    public StreamConnections(
        SipEndpointOptions options, MessageReceived onMessage, Action<SipFlow> onClosed, TimerWheel wheel, TimeProvider time,
        ILoggerFactory loggers)
    {
        _options = options;
        _onMessage = onMessage;
        _onClosed = onClosed;
        _wheel = wheel;
        _time = time;
        _logger = loggers.CreateLogger<StreamConnections>();
        _tls = options.Tls is null ? null : new TlsCredentials(options.Tls, loggers.CreateLogger<TlsCredentials>());

        // With so small a buffer a flush ends only when the kernel has all octets, which shows a stuck peer. (Of 1, half is 0: never
        // resumed.)
        const int untilTaken = 2;
        var readAhead = 2L * options.MaxMessageOctets;
        _listeners = new SocketTransportFactory(
            Options.Create(new SocketTransportOptions
            {
                MaxReadBufferSize = readAhead,
                MaxWriteBufferSize = untilTaken,
                CreateBoundListenSocket = Bind,
            }),
            loggers);
        _contexts = new SocketConnectionContextFactory(
            new SocketConnectionFactoryOptions { MaxReadBufferSize = readAhead, MaxWriteBufferSize = untilTaken }, _logger);
    }

    /// <summary>Those whose TLS handshake is under way included.</summary>
    public int Count => _byId.Count + _securing.Count;

    public bool HasCertificate => _tls is { HasCertificate: true };

    /// <exception cref="IOException">A file cannot be used; the message names it.</exception>
    public void ReadCertificates() => _tls?.Read();

    /// <exception cref="InvalidOperationException">No certificate is set.</exception>
    public SslServerAuthenticationOptions ForTlsServer() =>
        HasCertificate ? _tls!.ForServer() : throw new InvalidOperationException("no TLS certificate is set");

    /// <returns>The address bound, with its port.</returns>
    /// <exception cref="AddressInUseException">The address is taken.</exception>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public async Task<IPEndPoint> ListenAsync(SipTransportKind kind, IPEndPoint address, CancellationToken cancellation)
    {
        var listener = await _listeners.BindAsync(address, cancellation);
        _listening.Add(listener);
        var local = (IPEndPoint)listener.EndPoint;
        _accepting.Add(AcceptAsync(kind, listener));
        return local;
    }

    public StreamConnection? Find(long id) => _byId.TryGetValue(id, out var found) ? found.Connection : null;

    /// <summary>Serves a WebSocket as long as it lives. False, and nothing is accepted, when there are too many.</summary>
    public async Task<bool> ServeAsync(
        SipTransportKind kind, IPEndPoint local, IPEndPoint remote, Func<Task<WebSocket>> accept, CancellationToken cancellation)
    {
        if (_closing.IsCancellationRequested || !TryCount(remote.Address))
        {
            LogRefused(remote);
            return false;
        }

        WebSocket socket;
        try
        {
            socket = await accept();
        }
        catch
        {
            Uncount(remote.Address);
            throw;
        }

        var flow = new SipFlow(kind, remote, local, Interlocked.Increment(ref _lastId));
        var connection = new WebSocketConnection(flow, socket, _options, _onMessage, _wheel, _time, _logger);
        var running = Enter(connection, new ServerAddress(kind, remote), accepted: true);
        await using var leaving = cancellation.UnsafeRegister(static leaver => ((WebSocketConnection)leaver!).Leave(), connection);
        if (_closing.IsCancellationRequested)
            connection.Close("the endpoint is closing");
        await running;
        return true;
    }

    /// <summary>The connection to a remote, made if there is none; null when it cannot be made.</summary>
    public async ValueTask<StreamConnection?> ConnectAsync(
        ServerAddress server, IPAddress? from, CancellationToken cancellation)
    {
        while (true)
        {
            if (!_byRemote.TryGetValue(server, out var attempt))
            {
                if (_aliases.TryGetValue((server.Kind, server.EndPoint), out var accepted) && accepted.IsOpen && accepted.MayStandFor(server.TlsHost))
                    return accepted;
                attempt = _byRemote.GetOrAdd(server, _ => new Lazy<Task<StreamConnection?>>(() => MakeAsync(server, from)));
            }

            var connection = await attempt.Value.WaitAsync(cancellation);
            if (connection is { IsOpen: true })
                return connection;
            _byRemote.TryRemove(KeyValuePair.Create(server, attempt));
            if (connection is null)
                return null;
        }
    }

    /// <summary>
    /// RFC 5923: requests for the port the peer gave in its Via may go over the connection it made. A connection has one alias, and
    /// neither another's alias nor a connection of ours is displaced by it.
    /// </summary>
    public void AddAlias(StreamConnection connection, int port)
    {
        var address = new IPEndPoint(connection.Flow.Remote.Address, port);
        if (connection is { Alias: null, MayHaveAlias: true } && _aliases.TryAdd((connection.Flow.Kind, address), connection))
            connection.Alias = address;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        foreach (var listener in _listening)
            await listener.UnbindAsync();
        await Task.WhenAll(_accepting);
        await Task.WhenAll(_securing.Values);
        foreach (var (connection, _) in _byId.Values)
            connection.Close("the endpoint is closing");
        await Task.WhenAll(_byId.Values.Select(c => c.Running));
        foreach (var listener in _listening)
            await listener.DisposeAsync();
        _contexts.Dispose();
    }

    private static Socket Bind(EndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = false;   // 0.0.0.0 and [::] are two listen addresses
            socket.Bind(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync(SipTransportKind kind, IConnectionListener listener)
    {
        while (true)
        {
            try
            {
                var context = await listener.AcceptAsync(_closing.Token);
                if (context is null)
                    return;
                var remote = (IPEndPoint)context.RemoteEndPoint!;
                if (!TryCount(remote.Address))
                    await RefuseAsync(remote, context);
                else if (kind == SipTransportKind.Tls)
                    Secure(remote, context);
                else
                    Start(new ServerAddress(kind, remote), context, accepted: true);
            }
            catch (OperationCanceledException) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // Out of descriptors, most likely: accepting goes on when some are free again.
                LogAcceptFailed(listener.EndPoint, e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, CancellationToken.None);
            }
        }
    }

    /// <summary>The handshake keeps no other from being accepted.</summary>
    private void Secure(IPEndPoint remote, ConnectionContext context)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _securing[context] = SecureAsync(remote, context, entered.Task);
        entered.SetResult();
    }

    private async Task SecureAsync(IPEndPoint remote, ConnectionContext context, Task entered)
    {
        await entered;
        using var timeout = new CancellationTokenSource(_tls!.HandshakeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _closing.Token);
        try
        {
            Start(new ServerAddress(SipTransportKind.Tls, remote), await TlsConnection.AcceptAsync(context, _tls, either.Token), accepted: true);
        }
        catch (Exception e) when (IsHandshakeFailure(e))
        {
            LogHandshakeFailed(remote, timeout.IsCancellationRequested ? "not done in time" : Reason(e));
            context.Abort();
            await context.DisposeAsync();
            Uncount(remote.Address);
        }
        finally
        {
            _securing.TryRemove(context, out _);
        }
    }

    private static bool IsHandshakeFailure(Exception e) =>
        e is AuthenticationException or OperationCanceledException or ObjectDisposedException || TlsFiles.IsUnreadable(e);

    private static string Reason(Exception e) => e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message;

    private async Task RefuseAsync(IPEndPoint remote, ConnectionContext context)
    {
        LogRefused(remote);
        context.Abort();
        await context.DisposeAsync();
    }

    private async Task<StreamConnection?> MakeAsync(ServerAddress server, IPAddress? from)
    {
        var (kind, remote, tlsHost) = server;
        if (kind is SipTransportKind.Ws or SipTransportKind.Wss)
            return null;   // its peer listens nowhere (RFC 7118 §5.4)
        if (Count >= _options.MaxConnections || (kind == SipTransportKind.Tls && _tls is null))
            return null;
        ConnectionContext? context = null;
        var socket = new Socket(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _closing.Token);
        try
        {
            if (from is not null)
                socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(remote, either.Token);
            context = _contexts.Create(socket);
            if (kind == SipTransportKind.Tls)
                context = await TlsConnection.ConnectAsync(context, _tls!, tlsHost, remote, either.Token);
            return Start(server, context, accepted: false);
        }
        catch (Exception e) when (e is SocketException || IsHandshakeFailure(e))
        {
            LogConnectFailed(kind, remote, timeout.IsCancellationRequested ? "no answer in time" : Reason(e));
            context?.Abort();
            if (context is not null)
                await context.DisposeAsync();
            socket.Dispose();
            return null;
        }
    }

    private StreamConnection Start(ServerAddress server, ConnectionContext context, bool accepted)
    {
        var flow = new SipFlow(server.Kind, server.EndPoint, (IPEndPoint)context.LocalEndPoint!, Interlocked.Increment(ref _lastId));
        var connection = new TcpConnection(flow, context, accepted, _options, _onMessage, _wheel, _time, _logger);
        _ = Enter(connection, server, accepted);
        return connection;
    }

    private Task Enter(StreamConnection connection, ServerAddress server, bool accepted)
    {
        if (accepted)
            _byRemote[server] = Made(connection);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = RunAsync(connection, server, begun.Task, accepted);
        _byId[connection.Flow.ConnectionId] = (connection, running);
        begun.SetResult();
        return running;
    }

    private async Task RunAsync(StreamConnection connection, ServerAddress server, Task begun, bool accepted)
    {
        await begun;   // so that the end cannot be entered in the table before the beginning
        await connection.RunAsync();
        await ForgetAsync(connection, server);
        if (connection.Alias is { } alias)
            _aliases.TryRemove(KeyValuePair.Create((server.Kind, alias), connection));
        if (accepted)
            Uncount(connection.Flow.Remote.Address);
        _byId.TryRemove(connection.Flow.ConnectionId, out _);
        _onClosed(connection.Flow);
    }

    private async Task ForgetAsync(StreamConnection connection, ServerAddress key)
    {
        // Only this connection's own entry: a newer one may already have taken the place.
        if (_byRemote.TryGetValue(key, out var made) && await made.Value == connection)
            _byRemote.TryRemove(KeyValuePair.Create(key, made));
    }

    private static Lazy<Task<StreamConnection?>> Made(StreamConnection connection) => new(Task.FromResult<StreamConnection?>(connection));

    private bool TryCount(IPAddress peer)
    {
        lock (_accepted)
        {
            var count = _accepted.GetValueOrDefault(peer);
            if (count >= _options.MaxConnectionsPerPeer || Count >= _options.MaxConnections)
                return false;
            _accepted[peer] = count + 1;
            return true;
        }
    }

    private void Uncount(IPAddress peer)
    {
        lock (_accepted)
        {
            if (--_accepted[peer] == 0)
                _accepted.Remove(peer);
        }
    }

    [LoggerMessage(1121, LogLevel.Debug, "Connecting to {Kind} {Remote} failed: {Reason}")]
    private partial void LogConnectFailed(SipTransportKind kind, IPEndPoint remote, string reason);

    [LoggerMessage(1122, LogLevel.Warning, "Accepting on {Local} failed: {Reason}")]
    private partial void LogAcceptFailed(EndPoint local, string reason);

    [LoggerMessage(1124, LogLevel.Debug, "The TLS handshake with {Remote} failed: {Reason}")]
    private partial void LogHandshakeFailed(IPEndPoint remote, string reason);

    [LoggerMessage(1123, LogLevel.Debug, "A connection from {Remote} was refused: there are too many")]
    private partial void LogRefused(IPEndPoint remote);
}
