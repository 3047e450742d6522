namespace Gateway.Sip.Transactions;

/// <summary>
/// Something that waits on a <see cref="TimerWheel"/>, for one instant at a time. It is its own list node, so that waiting
/// allocates nothing, and its own lock: the collector goes through hundreds of thousands of them. The links and <see cref="Due"/> belong to the wheel.
/// </summary>
internal abstract class WheelTimer
{
    internal const long Never = long.MaxValue;

    internal WheelTimer? Next;
    internal WheelTimer? Previous;
    internal bool Linked;

    /// <summary>The tick at which this timer fires.</summary>
    internal long Due = Never;

    /// <summary>
    /// Called on the wheel's thread when due. Between the wheel's decision to fire and this call, the owner may have set another
    /// instant or none; it therefore takes its own lock and asks <see cref="TimerWheel.IsDue"/> first.
    /// </summary>
    internal abstract void OnTimer();
}
