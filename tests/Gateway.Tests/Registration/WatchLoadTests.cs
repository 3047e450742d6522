using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Gateway.Registration;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Store;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Registration;

/// <summary>
/// Many watched identities on one node, right after a restart, on fake time. WATCHES=100000 in the environment makes it that many; what it measures
/// stands in the test's output.
/// </summary>
public sealed class WatchLoadTests(ITestOutputHelper output) : TestStore
{
    private const int Granted = 3_600, Bucket = 60;
    private static readonly int Watches = int.Parse(Environment.GetEnvironmentVariable("WATCHES") ?? "2000", CultureInfo.InvariantCulture);
    private static readonly int AtOnce = (int)Math.Ceiling(Watches / 3_000.0);   // in each 20 ms of a minute
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentDictionary<string, byte> _callIds = new();
    private int _subscribed, _notified;

    [Fact]
    public async Task After_a_restart_the_refreshes_are_spread_over_the_whole_of_their_time()
    {
        await using var network = await StartAsync();
        network.OnRequest = incoming => AnswerAsync(network, incoming);
        await RememberAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await using var endpoint = await StartAsync();
        using var watcher = Watcher(endpoint, network);

        await watcher.StartAsync(Cancel);
        var steps = 0;
        while (_subscribed < Watches)
        {
            await NotifiedAsync(Math.Min(Watches, ++steps * AtOnce));
            _time.Advance(TimeSpan.FromMilliseconds(20));
        }

        await NotifiedAsync(Watches);
        for (var i = 0; i < 4; i++) await PassAsync(10);   // the transactions go
        var perSubscription = (GC.GetTotalMemory(forceFullCollection: true) - before) / Watches;

        var buckets = new List<int>();
        for (var second = 0; second < Granted - 600; second += Bucket)
        {
            var soFar = _subscribed;
            for (var passed = 0; passed < Bucket; passed += 10) await PassAsync(10);   // less than a transaction may take
            buckets.Add(_subscribed - soFar);
        }

        var mean = buckets.Average() / Bucket;
        var most = buckets.Max() / (double)Bucket;
        output.WriteLine($"{Watches} watches: {steps * 0.02:0} s to subscribe, {perSubscription} octets each; "
            + $"then {mean:0.0} refreshes a second in the mean and {most:0.0} in the worst {Bucket} s, of {buckets.Sum()}");
        Assert.InRange(buckets.Sum(), Watches, Watches * 1.2);   // each once, hardly one twice
        Assert.True(most < 1.8 * mean, $"{most} in the worst {Bucket} s, {mean} in the mean");
        Assert.True(perSubscription < 10_000, $"{perSubscription} octets each");
        await watcher.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_network_that_does_not_answer_is_asked_for_no_more_than_200_at_once()
    {
        await using var network = await StartAsync();
        network.OnRequest = incoming =>
        {
            _callIds.TryAdd(incoming.Request.CallId, 0);
            incoming.Ignore();
            return Task.CompletedTask;
        };
        await RememberAsync();
        await using var endpoint = await StartAsync();
        using var watcher = Watcher(endpoint, network);

        await watcher.StartAsync(Cancel);
        for (var step = 1; _callIds.Count < 200; step++)
        {
            var asked = Math.Min(200, step * AtOnce);
            await Deadline.UntilAsync(() => Task.FromResult(_callIds.Count >= asked), () => $"{asked} are asked for, not {_callIds.Count}", Cancel);
            _time.Advance(TimeSpan.FromMilliseconds(20));
        }
        await PassAsync(5);   // whoever came now would be one too many

        Assert.Equal(200, _callIds.Count);
        await watcher.StopAsync(Cancel);
    }

    /// <summary>As a network does, but without a memory: 200, and a NOTIFY of nobody registered.</summary>
    private async Task AnswerAsync(SipEndpoint network, IncomingRequest incoming)
    {
        var subscribe = incoming.Request;
        Interlocked.Increment(ref _subscribed);
        var response = subscribe.CreateResponse(200, toTag: "network");
        response.Headers.Add(HeaderName.Expires, $"{Granted}");
        response.Headers.Add(HeaderName.Contact, $"<sip:network@{network.Bound[0].EndPoint}>");
        await incoming.RespondAsync(response);
        subscribe.Headers.TryGet(HeaderName.Contact, out Contact contact);
        var notify = new SipRequest(SipMethod.Notify, contact.Uri);
        notify.Headers.Add(HeaderName.From, subscribe.To.Tag is null ? subscribe.To.WithTag("network") : subscribe.To);
        notify.Headers.Add(HeaderName.To, subscribe.From);
        notify.Headers.Add(HeaderName.CallId, subscribe.CallId);
        notify.Headers.Add(HeaderName.CSeq, new CSeq(subscribe.CSeq.Number, SipMethod.Notify));
        notify.Headers.Add(HeaderName.Contact, $"<sip:network@{network.Bound[0].EndPoint}>");
        notify.Headers.Add(HeaderName.Event, "reg");
        notify.Headers.Add(HeaderName.SubscriptionState, $"active;expires={Granted}");
        var aor = subscribe.To.Uri.ToString();
        notify.SetBody(ReginfoDocument.ContentType, Encoding.UTF8.GetBytes(
            $"<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"{subscribe.CSeq.Number}\" state=\"full\"><registration aor=\"{aor}\" id=\"r\" state=\"init\"/></reginfo>"));
        await network.SendAsync(notify);
        Interlocked.Increment(ref _notified);
    }

    private async Task PassAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++) _time.Advance(TimeSpan.FromSeconds(1));
        // What was sent meanwhile is on its way here: it has come when nothing more comes for a while.
        for (var (quiet, before) = (0, -1); quiet < 5; quiet = _subscribed == before ? quiet + 1 : 0)
        {
            before = _subscribed;
            await NotifiedAsync(before);
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Cancel);
        }
    }

    private async Task NotifiedAsync(int count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        while (Volatile.Read(ref _notified) < count)
        {
            Assert.False(deadline.IsCancellationRequested, $"{_notified} of {count} are notified");
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Cancel);
        }
    }

    private async Task RememberAsync() => await Store.Writer.WriteAsync(new StoreChange
    {
        Other = db => db.Watches.AddRange(Enumerable.Range(0, Watches).Select(i => new WatchRow
        {
            Subscriber = $"4940{i:0000000}", PublicUserIdentity = $"sip:+4940{i:0000000}@ims.example.org",
            ExpiresAt = _time.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds(),
        })),
    }, Cancel);

    private RegWatcher Watcher(SipEndpoint endpoint, SipEndpoint network)
    {
        endpoint.OnRequest = incoming => endpoint.Subscriptions.TryHandle(incoming) ? Task.CompletedTask : incoming.RespondAsync(404);
        var settings = new SipSettings { OutboundProxy = $"sip:{network.Bound[0].EndPoint};lr" };
        var contacts = new Contacts(Store, null!, new Flows(endpoint), _time);
        var owners = new WatchOwners(Store, _time, NullLogger<WatchOwners>.Instance);
        return new RegWatcher(endpoint, settings, new Identities(settings), contacts, Store, owners, _time, NullLogger<RegWatcher>.Instance);
    }

    private async Task<SipEndpoint> StartAsync()
    {
        var options = new SipEndpointOptions { Listen = [SipListenAddress.Parse("udp://127.0.0.1:0")] };
        var endpoint = new SipEndpoint(options, _time, NullLoggerFactory.Instance);
        await endpoint.StartAsync(Cancel);
        return endpoint;
    }
}
