using Gateway.Store;

namespace Gateway.Webhooks;

/// <summary>Webhooks of one message that go out one after the other, in their order.</summary>
internal sealed class WebhookChain(long messageId, IReadOnlyList<WebhookRow> webhooks, WebhookEndpoint endpoint)
{
    public long MessageId { get; } = messageId;
    public IReadOnlyList<WebhookRow> Webhooks { get; } = webhooks;
    public WebhookEndpoint Endpoint { get; } = endpoint;
    /// <summary>It was begun at an endpoint that was slow then.</summary>
    public bool Slow { get; set; }
    /// <summary>When its first push began, by the clock that measures durations.</summary>
    public long StartedAt { get; set; }
    /// <summary>So long under way that it has given its place back.</summary>
    public bool Late { get; set; }
    public bool Ended { get; set; }
    /// <summary>More of them were stored meanwhile.</summary>
    public bool More { get; set; }
}

/// <summary>
/// One server (scheme, host and port) of one account, so that on a server which many share nobody's faults are another's. It has a few pushes under
/// way at most and a bounded line behind them. After several failures in a row it is left alone for a while, longer each time, and then one push
/// shows whether it is back; webhooks go back to the store meanwhile.
/// Times are Unix milliseconds.
/// </summary>
internal sealed class WebhookEndpoint(string name)
{
    public const int MaxLine = 1024;
    private const int MaxUnderWay = 8;
    private const int FailuresToOpen = 5;
    private const double SlowMilliseconds = 1000;
    private const long FirstPause = 30_000, LongestPause = 300_000;
    private static readonly long LongestPutOff = (long)WebhookSchedule.Longest.TotalMilliseconds;

    private readonly Queue<WebhookChain> _line = new();
    private int _failures;
    private long _pausedUntil;
    private long _pause;
    private double _pushMilliseconds = 100; // moving average
    private double _nextFree; // when the line and all that was put off will have gone out

    public string Name { get; } = name;
    public int UnderWay { get; private set; }
    /// <summary>Left alone, or trying with one push whether it is back.</summary>
    public bool IsOpen => _failures >= FailuresToOpen;
    public bool CanStart => _line.Count > 0 && UnderWay < (IsOpen ? 1 : MaxUnderWay);
    /// <summary>It answers so late, or keeps silent for so long, that it would hold the places of others.</summary>
    public bool IsSlow => _pushMilliseconds > SlowMilliseconds;
    /// <summary>In the round of endpoints that can start a push.</summary>
    public bool InTurn { get; set; }
    public bool IsForgettable(long now) => UnderWay == 0 && _line.Count == 0 && (_failures == 0 || now > _pausedUntil + 2 * LongestPause);

    /// <summary>Not while it is left alone, and not beyond its line.</summary>
    public bool HasRoom(long now) => _line.Count < MaxLine && !(IsOpen && now < _pausedUntil);

    public void Enqueue(WebhookChain chain) => _line.Enqueue(chain);

    public WebhookChain Start()
    {
        UnderWay++;
        var chain = _line.Dequeue();
        chain.Slow = IsSlow;
        return chain;
    }

    /// <summary>
    /// When one that found no room should come back: after the pause, spread over a third of it; or behind a full line at the moment at which those
    /// before it will have gone out, so that a long line is written to the store about once a webhook and not over and over.
    /// </summary>
    public long PutOff(long now, Random random)
    {
        if (IsOpen && now < _pausedUntil)
            return _pausedUntil + random.NextInt64(_pause / 3);
        var step = _pushMilliseconds / MaxUnderWay;
        _nextFree = Math.Max(_nextFree, now + _line.Count * step) + step;
        return (long)Math.Clamp(_nextFree, now + 1000, now + LongestPutOff);
    }

    /// <summary>Returns what is in line when the endpoint is now left alone.</summary>
    public IReadOnlyList<WebhookChain> Finished(bool answered, double milliseconds, long now)
    {
        UnderWay--;
        _pushMilliseconds += (milliseconds - _pushMilliseconds) / 8;
        if (answered)
        {
            (_failures, _pause) = (0, 0);
            return [];
        }
        _failures++;
        if (!IsOpen || now < _pausedUntil) // those under way when it was opened say nothing new
            return [];
        _pause = Math.Clamp(2 * _pause, FirstPause, LongestPause);
        (_pausedUntil, _nextFree) = (now + _pause, 0);
        WebhookChain[] line = [.. _line];
        _line.Clear();
        return line;
    }
}
