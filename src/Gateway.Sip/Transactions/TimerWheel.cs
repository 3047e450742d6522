namespace Gateway.Sip.Transactions;

/// <summary>
/// A hashed timer wheel: setting and stopping a timer are O(1) and allocate nothing, whatever number is waiting. One system timer
/// drives it. Timers fire on the first tick at or after their instant, never before. A timer further away than one turn
/// stays in its slot and is passed over until its turn comes.
/// </summary>
internal sealed class TimerWheel : IDisposable
{
    /// <summary>Divides T1 = 500 ms, so that the standard's instants fall on ticks.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private const int Slots = 4096;   // one turn is 82 s: every transaction timer of RFC 3261 fits

    private readonly Lock _lock = new();
    private readonly Lock _advancing = new();
    private readonly WheelTimer?[] _slots = new WheelTimer?[Slots];
    private readonly List<WheelTimer> _due = [];
    private readonly TimeProvider _time;
    private readonly Action<Exception> _onFault;
    private readonly long _start;
    private readonly ITimer _driver;
    private long _current;
    private int _waiting;

    public TimerWheel(TimeProvider time, Action<Exception> onFault)
    {
        _time = time;
        _onFault = onFault;
        _start = time.GetTimestamp();
        _driver = time.CreateTimer(static wheel => ((TimerWheel)wheel!).Advance(), this, Tick, Tick);
    }

    /// <summary>How many timers are waiting.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>(Re)sets the timer to fire once after the delay.</summary>
    public void Schedule(WheelTimer timer, TimeSpan delay)
    {
        var instant = _time.GetElapsedTime(_start) + delay;
        var due = (instant.Ticks + Tick.Ticks - 1) / Tick.Ticks;
        lock (_lock)
        {
            if (timer.Linked)
                Unlink(timer);
            Link(timer, Math.Max(due, _current + 1));
        }
    }

    public void Cancel(WheelTimer timer)
    {
        lock (_lock)
        {
            if (timer.Linked)
                Unlink(timer);
            timer.Due = WheelTimer.Never;
        }
    }

    public bool IsDue(WheelTimer timer)
    {
        lock (_lock)
            return timer.Due <= _current;
    }

    public void Dispose() => _driver.Dispose();

    private void Advance()
    {
        // A tick that runs long must not be overtaken by the next; the late ticks are made up for here.
        if (!_advancing.TryEnter())
            return;
        try
        {
            var target = _time.GetElapsedTime(_start).Ticks / Tick.Ticks;
            while (_current < target)
            {
                TakeDue();
                foreach (var timer in _due)
                    Fire(timer);
                _due.Clear();
            }
        }
        finally
        {
            _advancing.Exit();
        }
    }

    private void TakeDue()
    {
        lock (_lock)
        {
            _current++;
            for (var timer = _slots[_current % Slots]; timer is not null;)
            {
                var next = timer.Next;
                if (timer.Due <= _current)
                {
                    Unlink(timer);
                    _due.Add(timer);
                }

                timer = next;
            }
        }
    }

    private void Fire(WheelTimer timer)
    {
        try
        {
            timer.OnTimer();
        }
        catch (Exception e)
        {
            _onFault(e);   // one faulty owner must not stop everybody's timers
        }
    }

    private void Link(WheelTimer timer, long due)
    {
        ref var head = ref _slots[due % Slots];
        timer.Due = due;
        timer.Previous = null;
        timer.Next = head;
        head?.Previous = timer;
        head = timer;
        timer.Linked = true;
        _waiting++;
    }

    private void Unlink(WheelTimer timer)
    {
        if (timer.Previous is null)
            _slots[timer.Due % Slots] = timer.Next;
        else
            timer.Previous.Next = timer.Next;
        timer.Next?.Previous = timer.Previous;
        timer.Next = timer.Previous = null;
        timer.Linked = false;
        _waiting--;
    }
}
