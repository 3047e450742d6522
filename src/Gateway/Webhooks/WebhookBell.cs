using System.Threading.Channels;

namespace Gateway.Webhooks;

/// <summary>
/// Tells the sender which message has new webhooks in the store, so that they go out at once. A ring that is lost, because the bell is full or
/// the process ends, delays a webhook until the sender next looks by itself and never loses it.
/// </summary>
public sealed class WebhookBell
{
    private const int Capacity = 10_000;

    private readonly Channel<long> _messages = Channel.CreateBounded<long>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <param name="messageId"><see cref="Store.WebhookRow.MessageId"/> of what has been stored.</param>
    public void Ring(long messageId)
    {
        _messages.Writer.TryWrite(messageId);
        Wake();
    }

    internal void Wake() => _wake.Writer.TryWrite(true);

    internal ValueTask<bool> WaitAsync(CancellationToken cancel) => _wake.Reader.ReadAsync(cancel);

    internal bool TryTake(out long messageId) => _messages.Reader.TryRead(out messageId);
}
