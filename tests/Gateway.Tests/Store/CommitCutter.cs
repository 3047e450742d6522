using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Store;

/// <summary>
/// Passes on what a client and the PostgreSQL server say to each other, and cuts the connection at a commit: before the server has it, or when the
/// server has done it and the client does not know yet.
/// </summary>
public sealed class CommitCutter : IAsyncDisposable
{
    public enum At { Nothing, Commit, AnswerToCommit }

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly List<Task> _passing = [];
    private readonly Task _accepting;
    private readonly int _server;
    private At _next;
    private int _skip;
    private int _openings;
    private int _cuts;

    public CommitCutter(int server)
    {
        _server = server;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }
    public int Cuts => Volatile.Read(ref _cuts);

    /// <param name="at">Where the commit's connection is cut.</param>
    /// <param name="skip">So many commits pass before.</param>
    /// <param name="openings">So many connections are cut after that before they are answered at all.</param>
    public void CutNext(At at, int skip = 0, int openings = 0)
    {
        lock (_lock) (_next, _skip, _openings) = (at, skip, openings);
    }

    /// <summary>Nobody gets a new connection any more.</summary>
    public void Close() => _listener.Stop();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Close();
        await _accepting;
        await Task.WhenAll(_passing);
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _passing.Add(PassAsync(await _listener.AcceptSocketAsync(_closing.Token)));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        using (client)
        {
            if (TakeOpening())
            {
                Interlocked.Increment(ref _cuts);
                return;
            }
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _server, _closing.Token);
                var cut = new Cut();
                await Task.WhenAny(AskAsync(client, server, cut), AnswerAsync(server, client, cut));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
            }
        }
    }

    private async Task AskAsync(Socket client, Socket server, Cut cut)
    {
        var octets = new byte[65536];
        while (await client.ReceiveAsync(octets, _closing.Token) is > 0 and var count)
        {
            if (octets.AsSpan(0, count).IndexOf("COMMIT\0"u8) >= 0) cut.At = Take();
            if (cut.At == At.Commit)
            {
                Interlocked.Increment(ref _cuts);
                return;
            }
            await server.SendAsync(octets.AsMemory(0, count), _closing.Token);
        }
    }

    private async Task AnswerAsync(Socket server, Socket client, Cut cut)
    {
        var octets = new byte[65536];
        while (await server.ReceiveAsync(octets, _closing.Token) is > 0 and var count)
        {
            if (cut.At == At.AnswerToCommit)
            {
                Interlocked.Increment(ref _cuts);
                return;
            }
            await client.SendAsync(octets.AsMemory(0, count), _closing.Token);
        }
    }

    private At Take()
    {
        lock (_lock)
        {
            if (_next == At.Nothing || _skip-- > 0) return At.Nothing;
            var at = _next;
            _next = At.Nothing;
            return at;
        }
    }

    private bool TakeOpening()
    {
        lock (_lock) return _next == At.Nothing && _openings-- > 0;
    }

    private sealed class Cut
    {
        public volatile At At;
    }
}
