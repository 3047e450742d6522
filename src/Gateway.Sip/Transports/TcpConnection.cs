using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;
using Gateway.Sip.Transactions;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transports;

/// <summary>A TCP connection, or TLS in one: messages are cut from the octets by their Content-Length.</summary>
internal sealed class TcpConnection(
    SipFlow flow, ConnectionContext context, bool accepted, SipEndpointOptions options, MessageReceived onMessage,
    TimerWheel wheel, TimeProvider time, ILogger logger) : StreamConnection(flow, accepted, options, onMessage, wheel, time, logger)
{
    private readonly StreamFraming _framing = new(options.MaxMessageOctets);

    public override bool MayHaveAlias => context is not TlsConnection { IsPeerKnown: false };

    public override bool MayStandFor(string? host) => context is TlsConnection tls ? tls.IsPeerNamed(host, Flow.Remote.Address) : host is null;

    protected override async Task ReceiveAsync()
    {
        var input = context.Transport.Input;
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

    private bool TryTakeMessages(ref ReadOnlySequence<byte> buffer)
    {
        while (true)
        {
            switch (_framing.TryRead(ref buffer, out var unit, out var message))
            {
                case OperationStatus.Done:
                    OnUnit(unit, message);
                    break;
                case OperationStatus.NeedMoreData:
                    OnPartial(!buffer.IsEmpty);
                    return true;
                default:
                    OnUnframeable($"what it sends cannot be framed ({_framing.Fault})");
                    if (SipParser.Refuse(message, _framing.Fault).CreateAnswer() is { } answer)
                        TrySend(SipWriter.ToArray(answer));
                    return false;   // where the next message begins is not known any more (RFC 3261 §18.3)
            }
        }
    }

    protected override async ValueTask<int> TransmitAsync(ChannelReader<byte[]> queued)
    {
        var output = context.Transport.Output;
        var taken = 0;
        while (queued.TryRead(out var message))
        {
            output.Write(message);
            taken += message.Length;
        }

        var flushed = await output.FlushAsync();
        return flushed.IsCompleted || flushed.IsCanceled ? -1 : taken;
    }

    // Without completing, TLS would try once more to write what is left.
    protected override Task EndSendingAsync(Exception? ended) => context.Transport.Output.CompleteAsync(ended).AsTask();

    protected override void Abort(string? reason)
    {
        if (reason is null)
            context.Abort();
        else
            context.Abort(new ConnectionAbortedException(reason));
    }

    protected override ValueTask ReleaseAsync() => context.DisposeAsync();

    protected override bool IsEnd(Exception e) => e is IOException or SocketException;
}
