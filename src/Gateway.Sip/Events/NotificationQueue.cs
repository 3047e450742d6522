namespace Gateway.Sip.Events;

/// <summary>
/// Hands the notifications of one subscription to its owner, one after the other and the end last, on whichever thread brought the first.
/// It takes no memory while nothing is pending.
/// </summary>
internal sealed class NotificationQueue(Func<Notification, Task> onNotify, Action<SubscriptionEnd> onEnded, Subscriptions subscriptions)
{
    /// <summary>An owner this far behind makes further NOTIFYs be answered 503.</summary>
    private const int Capacity = 64;

    private readonly Lock _lock = new();
    private Queue<Func<Task>>? _pending;
    private bool _delivering;

    public bool HasRoom
    {
        get
        {
            lock (_lock)
                return _pending is null || _pending.Count < Capacity;
        }
    }

    public void Add(Notification notification) => Enqueue(() => onNotify(notification));

    public void Add(SubscriptionEnd end) => Enqueue(() =>
    {
        onEnded(end);
        return Task.CompletedTask;
    });

    public void Deliver()
    {
        lock (_lock)
        {
            if (_delivering || _pending is null)
                return;
            _delivering = true;
        }

        _ = DeliverAsync();
    }

    private void Enqueue(Func<Task> call)
    {
        lock (_lock)
            (_pending ??= new Queue<Func<Task>>()).Enqueue(call);
    }

    private async Task DeliverAsync()
    {
        while (true)
        {
            Func<Task>? next;
            lock (_lock)
            {
                if (!_pending!.TryDequeue(out next))
                {
                    _pending = null;
                    _delivering = false;
                    return;
                }
            }

            try
            {
                await next();
            }
            catch (Exception e)
            {
                subscriptions.ReportFault(e);
            }
        }
    }
}
