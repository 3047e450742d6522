using Gateway.Carriers;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// How many attempts may be under way to one next hop of this node, so that mass re-registration, or everything that is due after a crash, does not
/// fall on a network at once. Policy:
/// <list type="bullet">
/// <item>One-time passwords never take more than three quarters of a hop's slots, and neither do all others together: a quarter is always there for
/// the one or the other.</item>
/// <item>Who finds none waits in line. One-time passwords come first; then normal messages, and every fourth time bulk.</item>
/// <item>Within a lane the accounts take turns, so that one account's backlog does not delay another's; within an account, first come, first served.</item>
/// <item>A slot is given back with the answer, or after <see cref="Patience"/>: what is silent does not load the hop any more, and handsets out of
/// reach must not hold up the others.</item>
/// <item>A carrier may want less: so many requests at once, which its silence does not raise, or so many messages a second. The same line waits for both.</item>
/// <item>A hop that asks for a rest gets it, for <see cref="LongestRest"/> at most; then those in line go on.</item>
/// </list>
/// </summary>
public sealed class SendSlots(DeliverySettings settings, TimeProvider time)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(2);
    private const int BulkTurn = 4;
    // A timer is exact to a millisecond; one that comes a tick too soon would be set again for nothing.
    private static readonly TimeSpan RateGrain = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Hop> _hops = new(StringComparer.Ordinal);

    /// <summary>Attempts that hold a slot now, to all next hops.</summary>
    internal int UnderWay
    {
        get
        {
            lock (_lock) return _hops.Values.Sum(hop => hop.Taken);
        }
    }

    /// <summary>Those that wait for one.</summary>
    internal int InLine
    {
        get
        {
            lock (_lock) return _hops.Values.Sum(hop => hop.InLine);
        }
    }

    /// <summary>Next hops that somebody holds a slot of or waits for.</summary>
    internal int Hops
    {
        get
        {
            lock (_lock) return _hops.Count;
        }
    }

    /// <summary>A slot at once, or null when there is none or others are in line for it.</summary>
    /// <param name="limits">The hop's own, or null.</param>
    public Slot? TryTake(string nextHop, MessageLane lane, CarrierLimits? limits = null)
    {
        lock (_lock)
        {
            var hop = Find(nextHop, limits);
            return hop.IsFree(lane) && !hop.IsInLine(lane) ? hop.Take(lane) : null;
        }
    }

    /// <exception cref="OperationCanceledException">It waits no longer.</exception>
    public async Task<Slot> TakeAsync(string nextHop, MessageLane lane, string? account, CancellationToken cancel, CarrierLimits? limits = null)
    {
        Hop hop;
        Waiter waiter;
        lock (_lock)
        {
            hop = Find(nextHop, limits);
            if (hop.IsFree(lane) && !hop.IsInLine(lane)) return hop.Take(lane);
            waiter = hop.Lines[(int)lane].Add(account ?? "");
            hop.Watch();
        }
        await using var registration = cancel.UnsafeRegister(_ => Leave(hop, lane, waiter, cancel), null);
        return await waiter.Granted.Task;
    }

    /// <summary>For so long nobody gets a slot to it.</summary>
    public void Rest(string nextHop, TimeSpan rest)
    {
        if (rest <= TimeSpan.Zero) return;
        lock (_lock) Find(nextHop, limits: null).Rest(rest < LongestRest ? rest : LongestRest);
    }

    private void Leave(Hop hop, MessageLane lane, Waiter waiter, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (!waiter.Granted.TrySetCanceled(cancel)) return;
            hop.Lines[(int)lane].Remove(waiter);
            DropIfIdle(hop);
        }
    }

    private void GiveBack(Slot slot)
    {
        lock (_lock)
        {
            if (!slot.Hop.Return(slot)) return;
            slot.Hop.Grant();
            slot.Hop.Watch();
            DropIfIdle(slot.Hop);
        }
    }

    private void OnTimer(Hop hop)
    {
        lock (_lock)
        {
            hop.ReturnSilent();
            hop.Grant();
            hop.Watch();
            // Those in line may have left meanwhile, and the silent give nothing back any more. The timer may be late, too, and the name another hop's.
            if (_hops.GetValueOrDefault(hop.Name) == hop) DropIfIdle(hop);
        }
    }

    private Hop Find(string name, CarrierLimits? limits)
    {
        if (!_hops.TryGetValue(name, out var hop)) _hops.Add(name, hop = new Hop(this, name, settings.SendSlots));
        hop.Limits = limits; // of the carrier as it is set now
        return hop;
    }

    private void DropIfIdle(Hop hop)
    {
        if (!hop.IsIdle) return;
        _hops.Remove(hop.Name);
        hop.Dispose();
    }

    /// <summary>Under way to a next hop, until it is disposed of.</summary>
    public sealed class Slot : Linked<Slot>, IDisposable
    {
        internal Slot(Hop hop, MessageLane lane, long takenAt) => (Hop, Lane, TakenAt) = (hop, lane, takenAt);

        internal Hop Hop { get; }
        internal MessageLane Lane { get; }
        internal long TakenAt { get; }

        public void Dispose() => Hop.Slots.GiveBack(this);
    }

    internal sealed class Waiter(string account)
    {
        public string Account => account;
        public TaskCompletionSource<Slot> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    internal sealed class Hop(SendSlots slots, string name, int capacity) : IDisposable
    {
        // The oldest first.
        private readonly LinkedLine<Slot> _taken = new();
        // Most hops come and go without anybody ever waiting for them.
        private Line[]? _lines;
        private int _otp;
        private int _turn;
        private ITimer? _timer;
        private (long Since, TimeSpan For) _rest;

        public SendSlots Slots => slots;
        public string Name => name;
        public CarrierLimits? Limits { get; set; }
        public Line[] Lines => _lines ??= [new(), new(), new()];
        public int InLine => _lines is null ? 0 : _lines.Sum(line => line.Count);
        public int Taken => _taken.Count;
        public bool IsIdle => _taken.Count == 0 && !IsAnyInLine && !IsResting;

        public bool IsFree(MessageLane lane) => !IsResting && HasRoom(lane) && (Limits is null || Limits.Wait(lane == MessageLane.Otp) == TimeSpan.Zero);

        private bool HasRoom(MessageLane lane) => _taken.Count < Capacity && (lane == MessageLane.Otp ? _otp : _taken.Count - _otp) < Capacity - Capacity / 4;

        private int Capacity => Limits?.Concurrent ?? capacity;

        public bool IsInLine(MessageLane lane) => _lines is not null && (lane == MessageLane.Otp ? _lines[0].Any : _lines[1].Any || _lines[2].Any);

        private bool IsAnyInLine => _lines is not null && Array.Exists(_lines, line => line.Any);

        public Slot Take(MessageLane lane)
        {
            var slot = new Slot(this, lane, slots.Now);
            _taken.Add(slot);
            if (lane == MessageLane.Otp) _otp++;
            Limits?.Count(lane == MessageLane.Otp);
            return slot;
        }

        /// <summary>False when it has been given back already.</summary>
        public bool Return(Slot slot)
        {
            if (!_taken.Remove(slot)) return false;
            if (slot.Lane == MessageLane.Otp) _otp--;
            return true;
        }

        public void ReturnSilent()
        {
            while (Limits?.Concurrent is null && _taken.First is { } oldest && slots.Age(oldest) >= Patience) Return(oldest);
        }

        public void Grant()
        {
            while (Next() is { } lane) Lines[(int)lane].Take().Granted.SetResult(Take(lane));
        }

        public void Rest(TimeSpan rest)
        {
            if (rest <= RestLeft) return;
            _rest = (slots.Now, rest);
            Watch();
        }

        /// <summary>For the end of a rest; and while somebody is in line, for silence and for the next second.</summary>
        public void Watch()
        {
            if (IsResting)
            {
                Look(RestLeft);
                return;
            }
            if (!IsAnyInLine) return;
            var wait = Limits?.Concurrent is null && _taken.First is { } oldest ? Patience - slots.Age(oldest) : TimeSpan.MaxValue;
            if (NextTurn() is { } turn && turn < wait) wait = turn;
            if (wait < TimeSpan.MaxValue) Look(wait);
        }

        private void Look(TimeSpan wait)
        {
            if (wait < TimeSpan.Zero) wait = TimeSpan.Zero;
            if (_timer is null) _timer = slots.Timer(() => slots.OnTimer(this), wait);
            else _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }

        /// <summary>Until one of those in line may leave as far as the rate goes; null: it keeps nobody there.</summary>
        private TimeSpan? NextTurn()
        {
            if (Limits is null) return null;
            var otp = IsInLine(MessageLane.Otp) ? Limits.Wait(otp: true) : TimeSpan.MaxValue;
            var others = IsInLine(MessageLane.Normal) ? Limits.Wait(otp: false) : TimeSpan.MaxValue;
            var wait = otp < others ? otp : others;
            return wait > TimeSpan.Zero && wait < TimeSpan.MaxValue ? wait + RateGrain : null;
        }

        private bool IsResting => RestLeft > TimeSpan.Zero;

        private TimeSpan RestLeft => _rest.For == TimeSpan.Zero ? TimeSpan.Zero : _rest.For - slots.Age(_rest.Since);

        public void Dispose() => _timer?.Dispose();

        private MessageLane? Next()
        {
            if (IsInLine(MessageLane.Otp) && IsFree(MessageLane.Otp)) return MessageLane.Otp;
            if (!IsInLine(MessageLane.Normal) || !IsFree(MessageLane.Normal)) return null;
            var bulk = Lines[2].Any && (!Lines[1].Any || ++_turn % BulkTurn == 0);
            return bulk ? MessageLane.Bulk : MessageLane.Normal;
        }
    }

    /// <summary>Who waits in one lane: the accounts in turn, each with its own in order.</summary>
    internal sealed class Line
    {
        private readonly Dictionary<string, LinkedList<Waiter>> _byAccount = new(StringComparer.Ordinal);
        private readonly LinkedList<string> _turns = [];

        public bool Any => _byAccount.Count > 0;
        public int Count => _byAccount.Values.Sum(waiters => waiters.Count);

        public Waiter Add(string account)
        {
            if (!_byAccount.TryGetValue(account, out var waiters))
            {
                _byAccount.Add(account, waiters = []);
                _turns.AddLast(account);
            }
            return waiters.AddLast(new Waiter(account)).Value;
        }

        public Waiter Take()
        {
            var account = _turns.First!.Value;
            _turns.RemoveFirst();
            var waiters = _byAccount[account];
            var first = waiters.First!.Value;
            waiters.RemoveFirst();
            if (waiters.Count > 0) _turns.AddLast(account);
            else _byAccount.Remove(account);
            return first;
        }

        public void Remove(Waiter waiter)
        {
            var waiters = _byAccount[waiter.Account];
            waiters.Remove(waiter);
            if (waiters.Count > 0) return;
            _byAccount.Remove(waiter.Account);
            _turns.Remove(waiter.Account);
        }
    }

    private long Now => time.GetTimestamp();

    private TimeSpan Age(Slot slot) => Age(slot.TakenAt);

    private TimeSpan Age(long since) => time.GetElapsedTime(since);

    private ITimer Timer(Action over, TimeSpan wait) => time.CreateTimer(_ => over(), null, wait, Timeout.InfiniteTimeSpan);
}
