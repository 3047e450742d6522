using System.Diagnostics;
using Xunit;

namespace Gateway.Tests.Support;

/// <summary>
/// Compares what a gateway promised with what others saw of it while it was killed under load. What it holds against the gateway:
/// <list type="bullet">
/// <item>What was answered with status 0, or with RP-ACK, is displayed by its handset, or told to its application, in the order of the answers.</item>
/// <item>Each message has one receipt, "delivered"; nothing is told of a message that nobody was promised.</item>
/// <item>A message is displayed again only if it was under way at a kill: it is the last one displayed before, nothing came between that may not
/// pass it, its receipt was not told yet, TP-OA, TP-SCTS and text are the same, and no other one of that handset is displayed again for that kill.</item>
/// <item>A webhook is pushed again, with the same content, only across a kill: its answer could not be stored.</item>
/// </list>
/// </summary>
/// <param name="trust">
/// So long after a kill another node may still send what the dead one had under way, not knowing that a third does (src/README.md, "A mailbox is
/// taken in the store"); and so late what the dead one had sent may be read here.
/// </param>
/// <param name="passing">
/// Messages of one handset that different nodes have answered within such a time may pass one another: a mailbox hears of them from the nodes, or
/// from the sweep.
/// </param>
internal sealed class DeliveryAudit(TimeSpan trust, TimeSpan passing = default)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<(long At, string Id, string Text)>> _promised = []; // by handset
    private readonly Dictionary<string, List<Display>> _displayed = []; // by handset
    private readonly List<(string Handset, string Text)> _submitted = [];
    private readonly Dictionary<string, List<Push>> _pushed = []; // by what they tell of
    private readonly List<Outage> _outages = [];
    private readonly List<(long At, TaskCompletionSource Reached)> _awaited = [];
    private long _events;

    /// <summary>From now on its displays count.</summary>
    public void Watch(RawUe handset)
    {
        lock (_lock) (_promised[handset.Number], _displayed[handset.Number]) = ([], []);
        handset.Report = rp =>
        {
            var tpdu = SmsTpdu.Read(rp.Tpdu);
            lock (_lock)
            {
                _displayed[handset.Number].Add(new Display(Stopwatch.GetTimestamp(), tpdu.Text, $"{tpdu.Address} {tpdu.TimeStamp}"));
                Count();
            }
            return Pdu.RpAck(rp.Reference);
        };
    }

    /// <summary>From now on what it is pushed counts.</summary>
    public void Watch(WebhookReceiver webhooks) => webhooks.Answer = webhook =>
    {
        var about = webhook.Path == "/receipt" ? webhook["messageId"]! : About(webhook["msisdn"]!, webhook["text"]!);
        // The time of the push is not part of what it says.
        var content = string.Join(' ', webhook.Fields.Where(field => field.Key != "message-timestamp").Select(field => $"{field.Key}={field.Value}"));
        lock (_lock)
        {
            if (!_pushed.TryGetValue(about, out var pushes)) _pushed[about] = pushes = [];
            pushes.Add(new Push(Stopwatch.GetTimestamp(), webhook["status"], content));
            Count();
        }
        return 200;
    };

    /// <summary>A request was answered with status 0.</summary>
    public void Promised(string handset, string id, string text)
    {
        lock (_lock)
        {
            _promised[handset].Add((Stopwatch.GetTimestamp(), id, text));
            Count();
        }
    }

    /// <summary>A handset's own message was answered with RP-ACK.</summary>
    public void Submitted(string handset, string text)
    {
        lock (_lock)
        {
            _submitted.Add((handset, text));
            Count();
        }
    }

    /// <summary>Kills a gateway, lets the power fail, or adds a node to the cluster; what is under way then may be repeated.</summary>
    public async Task OutageAsync(Func<Task> happen)
    {
        var outage = new Outage(Stopwatch.GetTimestamp());
        lock (_lock) _outages.Add(outage);
        await happen();
        lock (_lock) outage.End = Stopwatch.GetTimestamp();
    }

    /// <summary>Until so many more things have happened: answers, displays, pushes.</summary>
    public Task EventsAsync(int more, CancellationToken cancel)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock) _awaited.Add((_events + more, reached));
        return reached.Task.WaitAsync(Deadline.Start, TimeProvider.System, cancel);
    }

    /// <summary>Messages for this handset of whose fate nothing was told yet.</summary>
    public int Open(string handset)
    {
        lock (_lock) return _promised[handset].Count(message => !_pushed.ContainsKey(message.Id));
    }

    /// <summary>Until everything promised was told of.</summary>
    public Task ToldAsync(CancellationToken cancel) => Deadline.UntilAsync(() => Task.FromResult(Untold().Count == 0), () =>
    {
        var untold = Untold();
        return $"every message is told of; {untold.Count} are not: {string.Join(", ", untold.Take(5))}";
    }, cancel, Deadline.Start);

    /// <summary>The verdict, as figures if it is good.</summary>
    public string Check()
    {
        lock (_lock)
        {
            var again = _displayed.Sum(handset => CheckDisplays(handset.Key, handset.Value));
            var pushedAgain = _pushed.Sum(pushes => CheckPushes(pushes.Key, pushes.Value));
            var promised = _promised.Values.SelectMany(messages => messages).ToDictionary(message => message.Id, message => message.Text);
            Assert.All(promised, message => Assert.Contains("status=delivered", _pushed[message.Key][0].Content, StringComparison.Ordinal));
            Assert.Empty(_pushed.Where(pushes => pushes.Value[0].Status is not null).Select(pushes => pushes.Key).Except(promised.Keys));
            return $"{promised.Count} messages promised to {_promised.Count} handsets and {_submitted.Count} to applications around {_outages.Count} "
                + $"crashes: none lost, {again} displayed again that were under way, {pushedAgain} webhooks pushed again across a kill";
        }
    }

    private List<string> Untold()
    {
        lock (_lock)
        {
            return [.. _promised.Values.SelectMany(messages => messages).Where(message => !_pushed.ContainsKey(message.Id)).Select(message => $"{message.Id} \"{message.Text}\""),
                .. _submitted.Select(message => About(message.Handset, message.Text)).Where(about => !_pushed.ContainsKey(about))];
        }
    }

    /// <summary>How many displays were repeats, all of them allowed.</summary>
    private int CheckDisplays(string handset, List<Display> displays)
    {
        var ids = _promised[handset].ToDictionary(message => message.Text, message => message.Id);
        var promisedAt = _promised[handset].ToDictionary(message => message.Text, message => message.At);
        if (!IsWholeAndInOrder(_promised[handset], displays))
            Assert.Fail($"{handset} did not display what was promised to it, or in another order:\n{History(handset)}");
        var repeats = new Dictionary<Outage, int>();
        for (var i = 0; i < displays.Count; i++)
        {
            var (display, before) = (displays[i], displays.FindLastIndex(Math.Max(i - 1, 0), i, earlier => earlier.Text == displays[i].Text));
            if (before < 0) continue;
            var fault = !displays[(before + 1)..i].TrueForAll(between => MayPass(promisedAt[between.Text], promisedAt[display.Text])) ? "behind others"
                : display.About != displays[before].About ? $"and it differs: {displays[before].About}, {display.About}"
                : _pushed[ids[display.Text]][0].At <= display.At ? "after its receipt"
                : Between(displays[before].At, display.At) is not { } outage ? "and no kill was between"
                : (repeats[outage] = repeats.GetValueOrDefault(outage) + 1) > 1 ? "the second one for one kill"
                : null;
            if (fault is not null) Assert.Fail($"{handset} displayed \"{display.Text}\" again, {fault}:\n{History(handset)}");
        }
        return repeats.Values.Sum();
    }

    private bool IsWholeAndInOrder(List<(long At, string Id, string Text)> promised, List<Display> displays)
    {
        var first = displays.Select(display => display.Text).Distinct().Select((text, place) => (text, place)).ToDictionary(one => one.text, one => one.place);
        if (first.Count != promised.Count || !promised.TrueForAll(message => first.ContainsKey(message.Text))) return false;
        return promised.Select((message, at) => promised.Skip(at + 1).All(later =>
            first[later.Text] > first[message.Text] || MayPass(message.At, later.At))).All(inOrder => inOrder);
    }

    private bool MayPass(long first, long second) => Stopwatch.GetElapsedTime(Math.Min(first, second), Math.Max(first, second)) <= passing;

    private int CheckPushes(string about, List<Push> pushes)
    {
        for (var i = 1; i < pushes.Count; i++)
        {
            Assert.True(pushes[i].Content == pushes[0].Content, $"two things are told of {about}: {pushes[0].Content} and {pushes[i].Content}");
            Assert.True(Between(pushes[i - 1].At, pushes[i].At) is not null, $"{pushes[i].Content} was pushed again, and no kill was between");
        }
        return pushes.Count - 1;
    }

    /// <summary>The last kill that lets what was under way at the first of these moments happen again at the second.</summary>
    private Outage? Between(long first, long second) =>
        _outages.FindLast(outage => second >= outage.Begin && Stopwatch.GetElapsedTime(outage.End, first) <= trust);

    private string History(string handset)
    {
        var events = _promised[handset].Select(message => (message.At, What: $"answered {message.Id} \"{message.Text}\""))
            .Concat(_displayed[handset].Select(display => (display.At, What: $"displayed \"{display.Text}\"")))
            .Concat(_promised[handset].SelectMany(message => _pushed.GetValueOrDefault(message.Id, []).Select(push => (push.At, What: $"told of {message.Id}"))))
            .Concat(_outages.SelectMany(outage => new[] { (At: outage.Begin, What: "killing"), (At: outage.End, What: "killed") }))
            .OrderBy(one => one.At).ToList();
        return string.Join('\n', events.Select(one => $"{Stopwatch.GetElapsedTime(events[0].At, one.At).TotalSeconds,8:F3} {one.What}"));
    }

    private void Count()
    {
        _events++;
        foreach (var (_, reached) in _awaited.Where(awaited => awaited.At <= _events)) reached.TrySetResult();
        _awaited.RemoveAll(awaited => awaited.At <= _events);
    }

    private static string About(string handset, string text) => $"{handset}: {text}";

    private sealed record Display(long At, string Text, string About);

    private sealed record Push(long At, string? Status, string Content);

    private sealed class Outage(long begin)
    {
        public long Begin { get; } = begin;
        public long End { get; set; } = long.MaxValue;
    }
}
