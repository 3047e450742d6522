using System.Buffers;
using System.Net.WebSockets;
using System.Text.Unicode;
using System.Threading.Channels;
using Gateway.Sip.Transactions;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transports;

/// <summary>
/// A WebSocket (RFC 7118): one SIP message in each WebSocket message, text or binary, so that no Content-Length is needed. That a quiet
/// peer is alive is shown by its pongs, which the socket itself asks for; a connection on which nothing was ever said has no such right.
/// </summary>
internal sealed class WebSocketConnection(
    SipFlow flow, WebSocket socket, SipEndpointOptions options, MessageReceived onMessage,
    TimerWheel wheel, TimeProvider time, ILogger logger) : StreamConnection(flow, accepted: true, options, onMessage, wheel, time, logger)
{
    private const int UsualOctets = 2_048;

    /// <summary>For the peer's own close frame.</summary>
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _aborted = new();
    private WebSocketCloseStatus _closeStatus = WebSocketCloseStatus.NormalClosure;
    private string? _closeReason;
    private bool _heard;

    /// <summary>A WebSocket's peer listens nowhere.</summary>
    public override bool MayHaveAlias => false;

    public override bool MayStandFor(string? host) => false;

    protected override TimeSpan IdleTimeout => Volatile.Read(ref _heard) ? TimeSpan.MaxValue : Options.PartialMessageTimeout;

    /// <summary>Ends it with a word to the peer.</summary>
    public void Leave()
    {
        (_closeStatus, _closeReason) = (WebSocketCloseStatus.EndpointUnavailable, "the server is closing");
        StopSending();
    }

    protected override async Task ReceiveAsync()
    {
        while (true)
        {
            // Waits without a buffer: the silent hold none.
            var first = await socket.ReceiveAsync(Memory<byte>.Empty, _aborted.Token);
            if (first.MessageType == WebSocketMessageType.Close)
                return;
            if (first.EndOfMessage)
                continue;   // an empty message
            if (await MessageAsync() is not { } message)
                return;
            if (message.AsSpan().ContainsAnyExcept((byte)'\r', (byte)'\n'))
                OnUnit(StreamUnit.Message, message);
            else
                OnUnit(message.AsSpan().SequenceEqual("\r\n\r\n"u8) ? StreamUnit.Ping : StreamUnit.Pong, default);   // RFC 7118 §6, RFC 5626 §4.4.1
            Volatile.Write(ref _heard, true);
        }
    }

    /// <summary>The rest of the message that has begun; null when nothing can follow.</summary>
    private async Task<byte[]?> MessageAsync()
    {
        OnPartial(true);
        var buffer = ArrayPool<byte>.Shared.Rent(UsualOctets);
        try
        {
            var length = 0;
            while (true)
            {
                var result = await socket.ReceiveAsync(buffer.AsMemory(length), _aborted.Token);
                if (result.MessageType == WebSocketMessageType.Close)
                    return null;
                length += result.Count;
                if (length > Options.MaxMessageOctets)
                {
                    await RefuseLargeAsync(buffer);
                    return null;
                }

                if (result.EndOfMessage)
                {
                    OnPartial(false);
                    return buffer.AsSpan(0, length).ToArray();
                }

                if (length == buffer.Length)
                    buffer = Grown(buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grown(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    /// <summary>Says why, and takes what is still on its way, since the peer would miss the word if we hung up on it.</summary>
    private async Task RefuseLargeAsync(byte[] buffer)
    {
        var reason = $"a message has more than {Options.MaxMessageOctets} octets";
        OnUnframeable(reason);
        (_closeStatus, _closeReason) = (WebSocketCloseStatus.MessageTooBig, reason);
        StopSending();
        while ((await socket.ReceiveAsync(buffer.AsMemory(), _aborted.Token)).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    protected override async ValueTask<int> TransmitAsync(ChannelReader<byte[]> queued)
    {
        if (!queued.TryRead(out var message))
            return 0;
        // RFC 7118 §5.2: what is not UTF-8 must be binary, the rest is best as text, which JavaScript likes.
        var type = Utf8.IsValid(message) ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
        await socket.SendAsync(message.AsMemory(), type, endOfMessage: true, _aborted.Token);
        return message.Length;
    }

    protected override async Task EndSendingAsync(Exception? ended)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
            return;
        using var timeout = new CancellationTokenSource(LongestGoodbye, Time);
        try
        {
            await socket.CloseOutputAsync(_closeStatus, _closeReason, timeout.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or InvalidOperationException || IsEnd(e))
        {
            // It has gone without a word of ours.
        }
    }

    protected override async Task LingerAsync(Task reading)
    {
        using var over = new CancellationTokenSource();
        await Task.WhenAny(reading, Task.Delay(LongestGoodbye, Time, over.Token));
        await over.CancelAsync();
    }

    protected override void Abort(string? reason)
    {
        socket.Abort();
        _ = _aborted.CancelAsync();   // not every server's stream lets go of a read when it is disposed
    }

    protected override ValueTask ReleaseAsync()
    {
        socket.Dispose();
        // The source of the token stays: a late abort may still come by, and it holds nothing.
        return ValueTask.CompletedTask;
    }

    protected override bool IsEnd(Exception e) => e is WebSocketException or IOException;
}
