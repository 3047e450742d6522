using System.Globalization;
using System.Net;
using Gateway.Acceptance;
using Gateway.Carriers;
using Gateway.Delivery;
using Gateway.Diagnostics;
using Gateway.Inbound;
using Gateway.Registration;
using Gateway.Routing;
using Gateway.Store;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Gateway.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>
/// The whole gateway in this process (store, mailboxes on their silo, SIP) on a clock that stands still: the test moves it from one due time to the
/// next, and handsets on sockets of their own answer by script. What happens is written down as lines of a trace. Only the clock is not real, and the
/// sweep looks when the clock has been moved instead of twice a second.
/// </summary>
internal sealed class ScheduledWorld : IAsyncDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly WebApplication _app;
    private readonly DueSweep _sweep;
    private readonly Dictionary<string, (RawUe Ue, string Tags)> _handsets = [];
    private readonly List<(long At, string Who, string What)> _lines = [];
    private readonly HashSet<long> _told = [];
    private readonly Complaints _complaints = new();
    private SqliteFolder? _folder;

    private ScheduledWorld(StoreOptions store, int sendSlots, string devices, int mostAwake)
    {
        var sip = FreePort.Next();
        Sip = new IPEndPoint(IPAddress.Loopback, sip);
        var settings = new GatewaySettings
        {
            Store = new StoreSettings { Provider = store.Provider.ToString(), ConnectionString = store.ConnectionString },
            Cluster = new ClusterSettings { SiloPort = FreePort.Next(), GatewayPort = FreePort.Next() },
            Sip = new SipSettings
            {
                Domain = GatewayProcess.Domain, ServiceCentreIdentity = GatewayProcess.ServiceCentre, Listen = [$"udp://127.0.0.1:{sip}"],
                TrustedPeers = ["127.0.0.1/32"], Watch = new WatchSettings { Enabled = false },
            },
            Numbering = new NumberingSettings { CountryCode = "49", LocalPrefixes = ["4940"] },
            Accounts = [new AccountSettings { ApiKey = "bank", Lane = "Otp" }, new AccountSettings { ApiKey = "shop", DeliveryReceiptUrl = "https://shop.example/receipts" }],
            Delivery = new DeliverySettings { SendSlots = sendSlots, Devices = devices },
        };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning).AddProvider(_complaints);
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton(settings).AddSingleton(settings.Sip).AddSingleton(settings.Numbering).AddSingleton(settings.Sms);
        builder.AddStore(settings).AddAcceptance().AddRouting().AddCarriers(settings).AddRegistration().AddDelivery(settings).AddInbound(settings);
        builder.Services.Replace(ServiceDescriptor.Singleton(new LocalMailboxes { Most = mostAwake }));
        builder.Services.AddSingleton<WebhookBell>(); // receipts are written and nobody sends them
        builder.Services.Replace(ServiceDescriptor.Singleton(new RetrySchedule(settings.Delivery, new RetryScheduleTests.Middle())));
        foreach (var background in builder.Services.Where(service => service.ImplementationType == typeof(DueSweep)).ToList())
            builder.Services.Remove(background);
        _app = builder.Build();
        _sweep = ActivatorUtilities.CreateInstance<DueSweep>(_app.Services);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>For who looks into a failure: what was tried and is not concluded, and what the gateway has logged as warnings or worse.</summary>
    public string Complained
    {
        get
        {
            using var db = Store.Open();
            var tried = db.ShortMessages.Where(row => row.ConcludedAt == null && row.Reason != null).Select(row => $"{row.Recipient}: {row.Reason}").Take(5).ToList();
            return string.Join('\n', [.. tried, .. _complaints.Lines]);
        }
    }

    public IPEndPoint Sip { get; }
    public GatewayStore Store => _app.Services.GetRequiredService<GatewayStore>();
    public Contacts Contacts => _app.Services.GetRequiredService<Contacts>();
    private AwaitedReports Reports => _app.Services.GetRequiredService<AwaitedReports>();
    private WorkUnderWay Work => _app.Services.GetRequiredService<WorkUnderWay>();
    public SendSlots Slots => _app.Services.GetRequiredService<SendSlots>();
    public bool IsAwake(string number) => _app.Services.GetRequiredService<LocalMailboxes>().Find(number) is not null;
    private long Now => (long)(_time.GetUtcNow() - Start).TotalMilliseconds;

    /// <summary>Mailboxes that wait for a report that will not come, or for a slot: they count as under way.</summary>
    public int Silent { get; set; }

    /// <param name="store">Where its rows are; null: a SQLite file of its own.</param>
    public static async Task<ScheduledWorld> StartAsync(
        StoreOptions? store = null, int sendSlots = 100, string devices = DeliverySettings.Preferred, int mostAwake = 1_000)
    {
        var folder = store is null ? new SqliteFolder() : null;
        var world = new ScheduledWorld(store ?? folder!.Options, sendSlots, devices, mostAwake) { _folder = folder };
        await world.Store.MigrateAsync(Cancel);
        await world._app.StartAsync(Cancel);
        return world;
    }

    public void Note(string what) => Add("--", what);

    /// <param name="who">The subscriber's number, and behind a blank which of several devices of his it is.</param>
    /// <param name="answer">SIP status to the MESSAGE with this text; null: silence.</param>
    /// <param name="report">RP-Cause of its RP-ERROR, 0 for an RP-ACK, null for no report.</param>
    /// <param name="tags">What its Contact has behind the URI.</param>
    public void Handset(string who, Func<string, string?>? answer = null, Func<string, byte?>? report = null, string tags = RawUe.VolteTags)
    {
        var ue = new RawUe(NumberOf(who), Sip);
        _handsets[who] = (ue, tags);
        ue.Answer = message => IsSms(message) ? Attempt(who, message, answer is null ? "200 OK" : answer(TextOf(message))) : "200 OK";
        ue.Report = rp =>
        {
            var cause = report is null ? 0 : report(TextOf(rp));
            Add(who, cause switch { null => "  no report", 0 => "  RP-ACK", { } error => $"  RP-ERROR {error}" });
            return cause switch { null => null, 0 => Pdu.RpAck(rp.Reference), { } error => Pdu.RpError(rp.Reference, error) };
        };
    }

    public RawUe Device(string who) => _handsets[who].Ue;

    /// <summary>An edge that many subscribers register through, and are reached by; it answers their MESSAGEs when the test says so.</summary>
    public RawUe Edge(Action<RawSip> arrived)
    {
        var edge = new RawUe("49400", Sip);
        _handsets["edge"] = (edge, RawUe.VolteTags);
        edge.Report = _ => null; // it is its subscribers who report
        edge.Answer = message =>
        {
            if (!IsSms(message)) return "200 OK";
            arrived(message);
            return null;
        };
        return edge;
    }

    /// <summary>200 to the MESSAGE that waits for it at the edge, and RP-ACK of the subscriber it was for.</summary>
    public static async Task AcknowledgeAsync(RawUe edge, RawSip message)
    {
        await edge.AnswerAsync(message, "200 OK");
        var answer = await edge.RequestAsync("MESSAGE", GatewayProcess.ServiceCentre, Cancel, from: message["To"]!.Trim('<', '>'),
            body: Pdu.RpAck(RpMessage.Read(message.Body).Reference),
            headers: [$"In-Reply-To: {message["Call-ID"]}", "Content-Type: application/vnd.3gpp.sms"]);
        Assert.Equal(202, answer.Status);
    }

    /// <param name="edge">Where it is reached.</param>
    /// <param name="number">Whose contact it is.</param>
    /// <param name="tags">What its Contact has behind the URI.</param>
    /// <param name="throughIt">The edge is a proxy in front of it, and no handset (RFC 3327).</param>
    public static async Task RegisterAtAsync(RawUe edge, string number, string tags = RawUe.VolteTags, bool throughIt = false)
    {
        var identity = $"sip:+{number}@{GatewayProcess.Domain}";
        string[] path = throughIt ? [$"Path: <{edge.Contact};lr>", "Supported: path"] : [];
        var answer = await edge.RequestAsync("REGISTER", $"sip:{GatewayProcess.Domain}", Cancel, to: identity, from: identity,
            headers: [$"Contact: <{edge.Contact}>{tags}", "Expires: 86400", .. path]);
        Assert.Equal(200, answer.Status);
    }

    /// <summary>Handsets behind one next hop that takes every request and answers none, registered one after the other.</summary>
    public async Task SilentHopAsync(IEnumerable<string> numbers)
    {
        var hop = new RawUe("49400", Sip);
        _handsets["hop"] = (hop, RawUe.VolteTags);
        hop.Answer = message => IsSms(message) ? Attempt(message["To"]!.Split('+', '@')[1], message, status: null) : "200 OK";
        foreach (var number in numbers)
        {
            var waiting = Slots.UnderWay + Slots.InLine;
            var messages = await Store.DueMessages.AnyWaitingForAsync(number, Cancel) ? 1 : 0;
            await RegisterAtAsync(hop, number);
            await Deadline.UntilAsync(() => Task.FromResult(Slots.UnderWay + Slots.InLine == waiting + messages), () => $"{number} is in line", Cancel);
        }
    }

    /// <summary>As it stands, past all that would have looked at it.</summary>
    public async Task StoreAsync(string to, Action<ShortMessageRow> alter)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var row = new ShortMessageRow
        {
            Id = _app.Services.GetRequiredService<MessageId>().Take(1), Recipient = to, Originator = "Bank", Lane = MessageLane.Normal, AcceptedAt = now,
            DueAt = now, ExpiresAt = now + 86_400_000,
        };
        alter(row);
        var change = new StoreChange();
        change.NewMessages.Add(row);
        await Store.Writer.WriteAsync(change, Cancel);
        await _sweep.SweepAsync(Cancel);
        await IdleAsync();
    }

    /// <summary>Bulk messages with the numbers from 1 on, stored at once, before any mailbox knows of them.</summary>
    public Task BacklogAsync(string to, int count) => BacklogAsync(Enumerable.Range(1, count).Select(i => (to, $"bulk {i}")));

    /// <summary>Bulk messages, stored at once, before any mailbox knows of them.</summary>
    public async Task BacklogAsync(IEnumerable<(string To, string Text)> messages)
    {
        var all = messages.ToList();
        await StoreAsync(all.Count, (row, i) => (row.Recipient, row.Text) = all[i - 1]);
        await LookAsync();
    }

    /// <summary>Bulk messages that nobody is told of, due now, for a day; each is changed by what it gets with its number, from 1 on.</summary>
    public async Task<List<ShortMessageRow>> StoreAsync(int count, Action<ShortMessageRow, int> change)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var ids = _app.Services.GetRequiredService<MessageId>();
        var stored = new StoreChange();
        for (var i = 1; i <= count; i++)
        {
            var row = new ShortMessageRow
            {
                Id = ids.Take(1), Account = "shop", Originator = "Bank", Lane = MessageLane.Bulk, Text = "bulk", AcceptedAt = now, DueAt = now,
                ExpiresAt = now + 86_400_000,
            };
            change(row, i);
            stored.NewMessages.Add(row);
        }
        await Store.Writer.WriteAsync(stored, Cancel);
        return [.. stored.NewMessages];
    }

    public Task<bool> CarrierReceiptAsync(CarrierReceipt receipt) => _app.Services.GetRequiredService<Mailboxes>().CarrierReceiptAsync(receipt, Cancel);

    /// <summary>One look of the sweep, and everything that it leads to.</summary>
    public async Task LookAsync()
    {
        await _sweep.SweepAsync(Cancel);
        await IdleAsync();
    }

    /// <summary>One look of the sweep while these are busy; they have heard of it then.</summary>
    public async Task LookAsync(params IEnumerable<string> busy)
    {
        await _sweep.SweepAsync(Cancel);
        foreach (var number in busy) await CalledAsync(number);
    }

    /// <summary>The texts of all attempts, in order.</summary>
    public IEnumerable<string> Attempts =>
        Lines().Where(line => line.What.StartsWith("attempt", StringComparison.Ordinal)).Select(line => line.What.Split('"')[1]);

    /// <summary>Until so many attempts stand in the trace.</summary>
    public Task AttemptsAsync(int count) => Deadline.UntilAsync(
        () => Task.FromResult(Lines().Count(line => line.What.StartsWith("attempt", StringComparison.Ordinal)) == count), () => $"{count} attempts:\n{this}", Cancel);

    public void Advance(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private string? Attempt(string who, RawSip message, string? status)
    {
        var attempt = int.Parse(message["Call-ID"]!.Split('-')[1], CultureInfo.InvariantCulture) + 1;
        Add(who, $"attempt {attempt} \"{TextOf(message)}\" -> {status ?? "silence"}");
        return status;
    }

    private static bool IsSms(RawSip message) =>
        message is { IsMessage: true, IsText: true } || message is { IsMessage: true, Is3gppSms: true } && RpMessage.Read(message.Body).IsData;

    public static string TextOf(RawSip message) => message.IsText ? message.Text : TextOf(RpMessage.Read(message.Body));

    private static string TextOf(RpMessage rp) => SmsTpdu.Read(rp.Tpdu).Text;

    public async Task RegisterAsync(string who, bool idle = true)
    {
        Add(who, "registers");
        await _handsets[who].Ue.RegisterAsync(Cancel, _handsets[who].Tags, expires: 86_400);
        if (idle) await IdleAsync();
    }

    public async Task MemoryAvailableAsync(string number)
    {
        Add(number, "RP-SMMA");
        var attempts = Attempts.Count();
        var (callId, _) = await _handsets[number].Ue.SendRpAsync(Pdu.RpSmma(1), Cancel);
        await _handsets[number].Ue.ReportAsync(callId, Cancel);
        await Deadline.UntilAsync(() => Task.FromResult(Attempts.Count() > attempts), () => $"it is tried. The trace:\n{this}", Cancel); // the RP-ACK comes first
        await IdleAsync();
    }

    public async Task SendAsync(string to, MessageLane lane, string text, string account = "shop", int ttl = 86_400, bool idle = true)
    {
        Add(to, $"accepted \"{text}\" lane={lane} account={account}");
        var result = await _app.Services.GetRequiredService<Acceptor>().AcceptAsync(new Submission
        {
            Source = MessageSource.Rest, Account = account, Originator = "Bank", Destination = to, Content = new TextContent(text), Lane = lane,
            Validity = TimeSpan.FromSeconds(ttl),
        }, Cancel);
        Assert.True(result.Accepted, result.Detail);
        if (idle) await IdleAsync();
    }

    /// <summary>Moves the clock from one due time to the next.</summary>
    public async Task UntilAsync(double seconds)
    {
        var until = Start.ToUnixTimeMilliseconds() + (long)(seconds * 1000);
        while (true)
        {
            var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            long? next;
            await using (var db = Store.Open())
                next = await db.ShortMessages.Where(message => message.DueAt > now && message.DueAt <= until).MinAsync(message => message.DueAt, Cancel);
            if (now < until) _time.Advance(TimeSpan.FromMilliseconds((next ?? until) - now));
            await LookAsync();
            if (next is null) return;
        }
    }

    /// <summary>Until nothing is under way but what waits in silence; then what was concluded is written down.</summary>
    public async Task IdleAsync()
    {
        await SettledAsync();
        // A call to a mailbox runs when what it was at work on has come to a wait.
        foreach (var number in _handsets.Keys.Select(NumberOf).Distinct()) await CalledAsync(number);
        await SettledAsync();
        await ConcludedAsync();
    }

    /// <summary>What called this mailbox before has been heard.</summary>
    private Task CalledAsync(string number) =>
        _app.Services.GetRequiredService<Mailboxes>().WakeAsync(new DueRecipient(number, []), MessageLane.Normal);

    /// <summary>Until so many messages are concluded; each is written down once.</summary>
    public async Task ConcludedAsync(int count = 0)
    {
        await using var db = Store.Open();
        await Deadline.UntilAsync(async () => await db.ShortMessages.CountAsync(message => message.ConcludedAt != null, Cancel) >= count,
            () => $"{count} are concluded. The trace:\n{this}", Cancel, Deadline.Start);
        foreach (var row in await db.ShortMessages.Where(message => message.ConcludedAt != null).OrderBy(message => message.Id).ToListAsync(Cancel))
            if (_told.Add(row.Id)) Add(row.Recipient, $"concluded \"{row.Text}\" {row.State} err-code={row.ErrorCode} attempts={row.Attempts} ({row.Reason})");
    }

    /// <summary>Moves the clock on little by little until so many messages are concluded; its seconds then.</summary>
    public async Task<double> AdvanceUntilConcludedAsync(int count)
    {
        await using var db = Store.Open();
        await Deadline.UntilAsync(async () =>
        {
            Advance(0.1);
            return await db.ShortMessages.CountAsync(message => message.ConcludedAt != null, Cancel) >= count;
        }, () => $"{count} are concluded. The trace:\n{this}", Cancel);
        return Now / 1000.0;
    }

    private Task SettledAsync() =>
        Deadline.UntilAsync(() => Task.FromResult(Work.Count == Silent && Slots.UnderWay == 0 && Reports.Count + Slots.InLine == Silent), () => $"idle ({Work.Count} under way). The trace:\n{this}",
            Cancel, Deadline.Start);

    /// <summary>The trace; what happened to several recipients at the same time stands in the order of their numbers.</summary>
    public override string ToString() => string.Concat(Lines().OrderBy(line => line.At).ThenBy(line => NumberOf(line.Who), StringComparer.Ordinal)
        .Select(line => string.Create(CultureInfo.InvariantCulture, $"t={line.At / 1000.0:F1} {line.Who} {line.What}\n")));

    public async ValueTask DisposeAsync()
    {
        foreach (var (handset, _) in _handsets.Values) await handset.DisposeAsync();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _folder?.Dispose();
    }

    /// <summary>The attempt rows of all messages as lines of the trace, in the order they were begun.</summary>
    public async Task HistoryAsync(int attempts = 0)
    {
        await using var db = Store.Open();
        await Deadline.UntilAsync(async () => await db.Attempts.CountAsync(Cancel) >= attempts, () => $"{attempts} attempts are written down", Cancel);
        foreach (var row in await db.Attempts.OrderBy(attempt => attempt.MessageId).ThenBy(attempt => attempt.Id).ToListAsync(Cancel))
        {
            var (device, _) = _handsets.FirstOrDefault(handset => row.Target.StartsWith(handset.Value.Ue.Contact, StringComparison.Ordinal));
            Note($"{row.Channel} at {device ?? row.Target}: {row.Status} {row.RpCause} {row.Outcome}");
        }
    }

    private static string NumberOf(string who) => who.Split(' ')[0];

    private void Add(string who, string what)
    {
        lock (_lines) _lines.Add((Now, who, what));
    }

    private List<(long At, string Who, string What)> Lines()
    {
        lock (_lines) return [.. _lines];
    }
}
