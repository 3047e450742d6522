namespace Gateway.Handset;

/// <summary>What a handset has done since it was made.</summary>
public sealed class HandsetCounters
{
    private long _messages;
    private long _texts;
    private long _repeats;
    private long _broken;
    private long _refused;
    private long _reported;
    private long _reportsLost;
    private long _statusReports;
    private long _notifications;
    private long _notified;
    private long _sent;
    private long _sendsFailed;

    /// <summary>MESSAGE requests that came in, whatever was in them.</summary>
    public long Messages => Volatile.Read(ref _messages);

    /// <summary>Texts shown.</summary>
    public long Texts => Volatile.Read(ref _texts);

    /// <summary>Messages recognised as seen before: acknowledged again, not shown again.</summary>
    public long Repeats => Volatile.Read(ref _repeats);

    /// <summary>Bodies that could not be decoded.</summary>
    public long Broken => Volatile.Read(ref _broken);

    /// <summary>Messages refused because of the <see cref="Behaviour"/>.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>RP-ACK and RP-ERROR that were taken with a 2xx.</summary>
    public long Reported => Volatile.Read(ref _reported);

    /// <summary>RP-ACK and RP-ERROR that nobody took.</summary>
    public long ReportsLost => Volatile.Read(ref _reportsLost);

    /// <summary>Notifications that came (RFC 5438).</summary>
    public long Notifications => Volatile.Read(ref _notifications);

    /// <summary>Notifications sent that were taken with a 2xx.</summary>
    public long Notified => Volatile.Read(ref _notified);

    public long StatusReports => Volatile.Read(ref _statusReports);

    /// <summary>Messages of ours that were accepted, a long one as one.</summary>
    public long Sent => Volatile.Read(ref _sent);

    public long SendsFailed => Volatile.Read(ref _sendsFailed);

    internal void CountMessage() => Interlocked.Increment(ref _messages);

    internal void CountText() => Interlocked.Increment(ref _texts);

    internal void CountRepeat() => Interlocked.Increment(ref _repeats);

    internal void CountBroken() => Interlocked.Increment(ref _broken);

    internal void CountRefused() => Interlocked.Increment(ref _refused);

    internal void CountReport(bool taken) => Interlocked.Increment(ref taken ? ref _reported : ref _reportsLost);

    internal void CountNotification() => Interlocked.Increment(ref _notifications);

    internal void CountNotified() => Interlocked.Increment(ref _notified);

    internal void CountStatusReport() => Interlocked.Increment(ref _statusReports);

    internal void CountSend(bool accepted) => Interlocked.Increment(ref accepted ? ref _sent : ref _sendsFailed);
}
