using System.Collections.Concurrent;
using Gateway.Provisioning;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Webhooks;

/// <summary>
/// Pushes stored webhooks to customers. Policy:
/// <list type="bullet">
/// <item>Rows are the truth. The bell says which message has new ones; once a second this looks by itself for what is due, so a lost ring, a
/// crash or a retry needs nothing else.</item>
/// <item>200 to 205 takes a webhook. Anything else, a redirect too, and any transport fault is tried again by <see cref="WebhookSchedule"/>,
/// and after 24 hours the webhook is dead: kept, told of in the log, not tried again.</item>
/// <item>Webhooks of one message go out in the order they were written, whichever nodes wrote them; while one waits, those behind it wait with
/// it.</item>
/// <item>A webhook is sent by the node that wrote it; what a dead node leaves is taken over within a second or two, by one node.</item>
/// <item>At most <see cref="MaxUnderWay"/> pushes at once, few of them to one endpoint, round robin, and half of them at most to endpoints that are
/// slow to answer or silent; what has been under way for a second gives its place back, so that hundreds of endpoints that fall silent
/// together delay the others by no more; <see cref="WebhookEndpoint"/> leaves a dead one alone. So no customer's server slows another's
/// webhooks.</item>
/// <item>A result is written before the next webhook of the message goes out. A crash in between repeats a push: at least once, never lost.</item>
/// </list>
/// </summary>
internal sealed partial class WebhookSender(
    GatewayStore store, WebhookBell bell, WebhookClient client, LiveDirectory directory, TimeProvider time, ILogger<WebhookSender> logger)
    : BackgroundService
{
    private const int MaxUnderWay = 256, MaxSlowUnderWay = MaxUnderWay / 2;
    private const int MaxLate = 2048; // under way without a place
    private const int MaxHeld = 8192; // messages in memory
    private const int Page = 512;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, WebhookChain> _held = []; // by message-id
    private readonly Dictionary<string, WebhookEndpoint> _endpoints = [];
    private readonly ConcurrentQueue<Finish> _finished = new();
    private readonly Queue<WebhookEndpoint> _turns = new();
    private readonly Queue<WebhookEndpoint> _slowTurns = new();
    private readonly Queue<WebhookChain> _begun = new(); // as they were begun; some have ended
    private readonly HashSet<long> _rung = [];
    private int _heldWebhooks;
    private long _nextLook;
    private int _underWay;
    private int _slowUnderWay;
    private int _late;
    private bool _storeAway;

    /// <summary>Messages in memory whose webhooks are going out or in line.</summary>
    internal int Held => _held.Count;

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    protected override async Task ExecuteAsync(CancellationToken stop)
    {
        await using var look = time.CreateTimer(_ => bell.Wake(), null, TimeSpan.Zero, LookEvery);
        try
        {
            while (true)
            {
                await bell.WaitAsync(stop);
                await TurnAsync(stop);
            }
        }
        finally
        {
            // Pushes end with the token, but a result that is there is still written.
            while (true)
            {
                while (_finished.TryDequeue(out var finish))
                    GiveBack(finish.Chain, ended: true);
                if (_underWay + _late == 0)
                    break;
                await bell.WaitAsync(CancellationToken.None);
            }
        }
    }

    private async Task TurnAsync(CancellationToken stop)
    {
        try
        {
            await TakeInFinishedAsync(stop);
            await LoadAsync(stop);
            _storeAway = false;
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // Nothing is lost with the store away: rows stay due, and the next tick looks again.
            if (!_storeAway)
                LogStoreAway(e);
            _storeAway = true;
        }
        Start(stop);
    }

    private async Task TakeInFinishedAsync(CancellationToken stop)
    {
        while (_finished.TryDequeue(out var finish))
        {
            var (chain, endpoint) = (finish.Chain, finish.Chain.Endpoint);
            GiveBack(chain, ended: true);
            LetGo(chain);
            if (chain.More)
                _rung.Add(chain.MessageId);
            var wasOpen = endpoint.IsOpen;
            var line = endpoint.Finished(finish.Answered, finish.Milliseconds, Now);
            if (wasOpen != endpoint.IsOpen)
                LogEndpoint(endpoint.Name, wasOpen ? "answers again" : "does not answer and is left alone for a while");
            TakeTurn(endpoint);
            foreach (var waiting in line)
                LetGo(waiting);
            await WriteAsync(line.SelectMany(waiting => PutOff(waiting.Webhooks, endpoint)), stop);
        }
    }

    private async Task LoadAsync(CancellationToken stop)
    {
        while (_rung.Count + _held.Count < MaxHeld && bell.TryTake(out var messageId))
        {
            if (_held.TryGetValue(messageId, out var chain))
                chain.More = true;
            else
                _rung.Add(messageId);
        }
        if (Now >= _nextLook && _held.Count < MaxHeld)
            await LookAsync(stop);
        foreach (var messageIds in _rung.ToArray().Chunk(Page))
        {
            var webhooks = await store.DueMessages.PendingWebhooksAsync(messageIds, stop);
            _rung.ExceptWith(messageIds);
            await WriteAsync(webhooks.GroupBy(webhook => webhook.MessageId).SelectMany(Hold), stop);
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        await TakeOverAsync(stop);
        // What is held is still due in the store, and first in line there.
        var limit = _heldWebhooks + Page;
        var due = await store.DueMessages.DueWebhooksAsync(Now, limit, stop);
        var before = _rung.Count;
        _rung.UnionWith(due.Select(webhook => webhook.MessageId).Where(messageId => !_held.ContainsKey(messageId)));
        var more = due.Count == limit && _rung.Count > before;
        _nextLook = more ? Now : Now + (long)LookEvery.TotalMilliseconds;
        if (more)
            bell.Wake();
        foreach (var endpoint in _endpoints.Values.Where(endpoint => endpoint.IsForgettable(Now)).ToList())
            _endpoints.Remove(endpoint.Name);
    }

    /// <summary>Webhooks of nodes that are dead become ours, unless another node was first.</summary>
    private async Task TakeOverAsync(CancellationToken stop)
    {
        var dead = await store.Nodes.DeadAsync(stop);
        var own = store.Nodes.Own;
        while (await store.DueMessages.WebhooksLeftAsync(dead, Page, stop) is { Count: > 0 } left)
        {
            await store.Writer.WriteAsync(new StoreChange
            {
                Other = db => db.Webhooks.Where(webhook => left.Contains(webhook.Id) && dead.Contains(webhook.Node))
                    .ExecuteUpdate(set => set.SetProperty(webhook => webhook.Node, own)),
            }, stop);
            LogTakenOver(left.Count);
        }
    }

    /// <summary>Takes the webhooks of a message into memory, or says how they are put off instead.</summary>
    private List<WebhookProgress> Hold(IGrouping<long, WebhookRow> webhooks)
    {
        var (now, own) = (Now, store.Nodes.Own);
        WebhookRow[] line = [.. webhooks.TakeWhile(webhook => webhook.Node == own)];
        if (webhooks.ElementAtOrDefault(line.Length) is { } foreign)
        {
            // Another node sends what was written before the rest; its own try, or the take-over of its rows, comes first.
            var until = Math.Max(foreign.DueAt ?? 0, now + (long)LookEvery.TotalMilliseconds);
            var behind = webhooks.Skip(line.Length).Where(webhook => webhook.Node == own && webhook.DueAt < until);
            return [.. behind.Select(webhook => WebhookSchedule.PutOff(webhook, until, now)), .. HoldLine(webhooks.Key, line, now)];
        }
        return HoldLine(webhooks.Key, line, now);
    }

    private List<WebhookProgress> HoldLine(long messageId, WebhookRow[] line, long now)
    {
        if (line.Length == 0)
            return [];
        if (line[0].DueAt is { } due && due > now)
            return [.. line.Where(webhook => webhook.DueAt < due).Select(webhook => WebhookSchedule.PutOff(webhook, due, now))];
        var name = NameOf(line[0]);
        if (!_endpoints.TryGetValue(name, out var endpoint))
            _endpoints[name] = endpoint = new WebhookEndpoint(name);
        if (!endpoint.HasRoom(now))
            return PutOff(line, endpoint);
        var chain = new WebhookChain(messageId, line, endpoint);
        _held.Add(chain.MessageId, chain);
        _heldWebhooks += line.Length;
        endpoint.Enqueue(chain);
        TakeTurn(endpoint);
        return [];
    }

    /// <summary>As logs show it: without the user and password that a URL may have.</summary>
    internal static string NameOf(WebhookRow webhook)
    {
        var server = Uri.TryCreate(webhook.Url, UriKind.Absolute, out var url) ? url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) : "";
        return $"{webhook.Account} at {server}";
    }

    private void LetGo(WebhookChain chain)
    {
        _held.Remove(chain.MessageId);
        _heldWebhooks -= chain.Webhooks.Count;
    }

    /// <summary>All of a chain to the same moment, where their ids keep them in order.</summary>
    private List<WebhookProgress> PutOff(IReadOnlyList<WebhookRow> webhooks, WebhookEndpoint endpoint)
    {
        var (now, until) = (Now, endpoint.PutOff(Now, Random.Shared));
        return [.. webhooks.Select(webhook => WebhookSchedule.PutOff(webhook, until, now))];
    }

    private void TakeTurn(WebhookEndpoint endpoint)
    {
        if (endpoint.InTurn || !endpoint.CanStart)
            return;
        endpoint.InTurn = true;
        (endpoint.IsSlow ? _slowTurns : _turns).Enqueue(endpoint);
    }

    /// <summary>The place of a chain: when it ends, or before it when it is late.</summary>
    private void GiveBack(WebhookChain chain, bool ended)
    {
        chain.Ended = ended;
        if (chain.Late)
        {
            _late--;
            return;
        }
        _underWay--;
        if (chain.Slow)
            _slowUnderWay--;
    }

    private void Start(CancellationToken stop)
    {
        while (_begun.TryPeek(out var oldest) && (oldest.Ended || _late < MaxLate && time.GetElapsedTime(oldest.StartedAt) >= LookEvery))
        {
            _begun.Dequeue();
            if (oldest.Ended)
                continue;
            GiveBack(oldest, ended: false);
            oldest.Late = true;
            _late++;
        }
        while (_underWay < MaxUnderWay && NextInTurn() is { } endpoint)
        {
            endpoint.InTurn = false;
            if (!endpoint.CanStart) // it was opened meanwhile
                continue;
            var chain = endpoint.Start();
            chain.StartedAt = time.GetTimestamp();
            _begun.Enqueue(chain);
            _underWay++;
            if (chain.Slow)
                _slowUnderWay++;
            _ = PushAsync(chain, stop);
            TakeTurn(endpoint);
        }
    }

    private WebhookEndpoint? NextInTurn() =>
        _slowUnderWay < MaxSlowUnderWay && _slowTurns.TryDequeue(out var slow) ? slow
        : _turns.TryDequeue(out var endpoint) ? endpoint
        : null;

    private async Task PushAsync(WebhookChain chain, CancellationToken stop)
    {
        await Task.Yield();
        var started = time.GetTimestamp();
        var (pushes, answered) = (0, true);
        try
        {
            var pending = false;
            for (; pushes < chain.Webhooks.Count && !pending; pushes++)
                (answered, pending) = await PushAsync(chain, pushes, stop);
        }
        catch (Exception e)
        {
            // Stopping, or the store could not keep the result: the rows are as they were and are pushed again.
            if (!stop.IsCancellationRequested)
                LogNotKept(MessageId.Format(chain.MessageId), e);
        }
        _finished.Enqueue(new Finish(chain, answered, time.GetElapsedTime(started).TotalMilliseconds / Math.Max(1, pushes)));
        bell.Wake();
    }

    /// <summary>One webhook of a chain. While it is pending those behind it wait with it.</summary>
    private async Task<(bool Answered, bool Pending)> PushAsync(WebhookChain chain, int index, CancellationToken stop)
    {
        var webhook = chain.Webhooks[index];
        var push = await client.PushAsync(webhook, directory.Current.Account(webhook.Account), stop);
        var now = Now;
        var progress = push.Taken ? WebhookSchedule.Taken(webhook, push.Result) : WebhookSchedule.AfterTry(webhook, push.Result, now, Random.Shared);
        List<WebhookProgress> changes = [progress];
        if (progress.DueAt is { } due)
            changes.AddRange(chain.Webhooks.Skip(index + 1).Select(behind => WebhookSchedule.PutOff(behind, due, now)));
        if (progress.State == WebhookState.Dead)
            LogDead(MessageId.Format(webhook.MessageId), chain.Endpoint.Name, progress.Attempts, push.Result);
        await WriteAsync(changes, CancellationToken.None);
        return (push.Answered, progress.DueAt is not null);
    }

    private async Task WriteAsync(IEnumerable<WebhookProgress> progress, CancellationToken stop)
    {
        var change = new StoreChange();
        change.WebhookProgress.AddRange(progress);
        if (change.WebhookProgress.Count > 0)
            await store.Writer.WriteAsync(change, stop);
    }

    private readonly record struct Finish(WebhookChain Chain, bool Answered, double Milliseconds);

    [LoggerMessage(6001, LogLevel.Warning, "Webhook of message {MessageId} is dead: {Endpoint} did not take it in {Attempts} tries, last {Result}")]
    private partial void LogDead(string messageId, string endpoint, int attempts, string result);

    [LoggerMessage(6002, LogLevel.Warning, "Webhook endpoint {Endpoint} {Change}")]
    private partial void LogEndpoint(string endpoint, string change);

    [LoggerMessage(6003, LogLevel.Error, "Webhooks wait: the store cannot be read or written")]
    private partial void LogStoreAway(Exception e);

    [LoggerMessage(6005, LogLevel.Information, "{Webhooks} webhooks of a node that is gone are sent from here")]
    private partial void LogTakenOver(int webhooks);

    [LoggerMessage(6004, LogLevel.Error, "Webhook of message {MessageId} was pushed and will be again: its result could not be stored")]
    private partial void LogNotKept(string messageId, Exception e);
}
