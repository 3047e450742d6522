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
    private readonly Dictionary<string, RawUe> _handsets = [];
    private readonly List<(long At, string Who, string What)> _lines = [];
    private readonly HashSet<long> _told = [];

    private ScheduledWorld(StoreOptions store, int sendSlots)
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
            Delivery = new DeliverySettings { SendSlots = sendSlots },
        };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton(settings).AddSingleton(settings.Sip).AddSingleton(settings.Numbering).AddSingleton(settings.Sms);
        builder.AddStore(settings).AddAcceptance().AddRouting().AddCarriers(settings).AddRegistration().AddDelivery(settings).AddInbound(settings);
        builder.Services.AddSingleton<WebhookBell>(); // receipts are written and nobody sends them
        builder.Services.Replace(ServiceDescriptor.Singleton(new RetrySchedule(settings.Delivery, new RetryScheduleTests.Middle())));
        foreach (var background in builder.Services.Where(service => service.ImplementationType == typeof(DueSweep)).ToList())
            builder.Services.Remove(background);
        _app = builder.Build();
        _sweep = ActivatorUtilities.CreateInstance<DueSweep>(_app.Services);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IPEndPoint Sip { get; }
    public GatewayStore Store => _app.Services.GetRequiredService<GatewayStore>();
    private WorkUnderWay Work => _app.Services.GetRequiredService<WorkUnderWay>();
    private SendSlots Slots => _app.Services.GetRequiredService<SendSlots>();
    private long Now => (long)(_time.GetUtcNow() - Start).TotalMilliseconds;

    /// <summary>Mailboxes that are waiting for a handset that will not answer: they count as under way.</summary>
    public int Silent { get; set; }

    public static async Task<ScheduledWorld> StartAsync(StoreOptions store, int sendSlots = 100)
    {
        var world = new ScheduledWorld(store, sendSlots);
        await world.Store.MigrateAsync(Cancel);
        await world._app.StartAsync(Cancel);
        return world;
    }

    public void Note(string what) => Add("--", what);

    /// <param name="number">The subscriber's.</param>
    /// <param name="answer">SIP status to the MESSAGE with this text.</param>
    /// <param name="report">RP-Cause of its RP-ERROR, 0 for an RP-ACK, null for no report.</param>
    public void Handset(string number, Func<string, string>? answer = null, Func<string, byte?>? report = null)
    {
        var ue = _handsets[number] = new RawUe(number, Sip);
        ue.Answer = message => IsSms(message) ? Attempt(number, message, answer?.Invoke(TextOf(RpMessage.Read(message.Body))) ?? "200 OK") : "200 OK";
        ue.Report = rp =>
        {
            var cause = report is null ? 0 : report(TextOf(rp));
            Add(number, cause switch { null => "  no report", 0 => "  RP-ACK", { } error => $"  RP-ERROR {error}" });
            return cause switch { null => null, 0 => Pdu.RpAck(rp.Reference), { } error => Pdu.RpError(rp.Reference, error) };
        };
    }

    /// <summary>Handsets behind one next hop that takes every request and answers none, registered one after the other.</summary>
    public async Task SilentHopAsync(IEnumerable<string> numbers)
    {
        var hop = _handsets["hop"] = new RawUe("49400", Sip);
        hop.Answer = message => IsSms(message) ? Attempt(message["To"]!.Split('+', '@')[1], message, status: null) : "200 OK";
        foreach (var number in numbers)
        {
            var waiting = Slots.UnderWay + Slots.InLine;
            var messages = await Store.DueMessages.AnyWaitingForAsync(number, Cancel) ? 1 : 0;
            var identity = $"sip:+{number}@{GatewayProcess.Domain}";
            await hop.RequestAsync("REGISTER", $"sip:{GatewayProcess.Domain}", Cancel, to: identity, from: identity,
                headers: [$"Contact: <{hop.Contact}>{RawUe.VolteTags}", "Expires: 86400"]);
            await Deadline.UntilAsync(() => Task.FromResult(Slots.UnderWay + Slots.InLine == waiting + messages), () => $"{number} is in line", Cancel);
        }
    }

    /// <summary>Bulk messages with the numbers from 1 on, stored at once, before any mailbox knows of them.</summary>
    public async Task BacklogAsync(string to, int count)
    {
        await StoreAsync(count, (row, i) => (row.Recipient, row.Text) = (to, $"bulk {i}"));
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
        return stored.NewMessages;
    }

    public Task<bool> CarrierReceiptAsync(CarrierReceipt receipt) => _app.Services.GetRequiredService<Mailboxes>().CarrierReceiptAsync(receipt, Cancel);

    /// <summary>One look of the sweep, and everything that it leads to.</summary>
    public async Task LookAsync()
    {
        await _sweep.SweepAsync(Cancel);
        await IdleAsync();
    }

    /// <summary>The texts of all attempts, in order.</summary>
    public IEnumerable<string> Attempts =>
        Lines().Where(line => line.What.StartsWith("attempt", StringComparison.Ordinal)).Select(line => line.What.Split('"')[1]);

    /// <summary>Until so many attempts stand in the trace.</summary>
    public Task AttemptsAsync(int count) => Deadline.UntilAsync(
        () => Task.FromResult(Lines().Count(line => line.What.StartsWith("attempt", StringComparison.Ordinal)) == count), () => $"{count} attempts:\n{this}", Cancel);

    public void Advance(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private string? Attempt(string number, RawSip message, string? status)
    {
        var attempt = int.Parse(message["Call-ID"]!.Split('-')[1], CultureInfo.InvariantCulture) + 1;
        Add(number, $"attempt {attempt} \"{TextOf(RpMessage.Read(message.Body))}\" -> {status ?? "silence"}");
        return status;
    }

    private static bool IsSms(RawSip message) => message is { IsMessage: true, Is3gppSms: true } && RpMessage.Read(message.Body).IsData;

    private static string TextOf(RpMessage rp) => SmsTpdu.Read(rp.Tpdu).Text;

    public async Task RegisterAsync(string number)
    {
        Add(number, "registers");
        await _handsets[number].RegisterAsync(Cancel, expires: 86_400);
        await IdleAsync();
    }

    public async Task MemoryAvailableAsync(string number)
    {
        Add(number, "RP-SMMA");
        var attempts = Attempts.Count();
        var (callId, _) = await _handsets[number].SendRpAsync(Pdu.RpSmma(1), Cancel);
        await _handsets[number].ReportAsync(callId, Cancel);
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
    private async Task IdleAsync()
    {
        await SettledAsync();
        // A call to a mailbox runs when what it was at work on has come to a wait.
        foreach (var number in _handsets.Keys) await _app.Services.GetRequiredService<Mailboxes>().WakeAsync(number);
        await SettledAsync();
        await ConcludedAsync();
    }

    /// <summary>Until so many messages are concluded; each is written down once.</summary>
    public async Task ConcludedAsync(int count = 0)
    {
        await using var db = Store.Open();
        await Deadline.UntilAsync(async () => await db.ShortMessages.CountAsync(message => message.ConcludedAt != null, Cancel) >= count,
            () => $"{count} are concluded. The trace:\n{this}", Cancel, Deadline.Start);
        foreach (var row in await db.ShortMessages.Where(message => message.ConcludedAt != null).OrderBy(message => message.Id).ToListAsync(Cancel))
            if (_told.Add(row.Id)) Add(row.Recipient, $"concluded \"{row.Text}\" {row.State} err-code={row.ErrorCode} attempts={row.Attempts} ({row.Reason})");
    }

    private Task SettledAsync() =>
        Deadline.UntilAsync(() => Task.FromResult(Work.Count == Silent && Slots.UnderWay == 0), () => $"idle ({Work.Count} under way). The trace:\n{this}",
            Cancel, Deadline.Start);

    /// <summary>The trace; what happened to several recipients at the same time stands in the order of their numbers.</summary>
    public override string ToString() => string.Concat(Lines().OrderBy(line => line.At).ThenBy(line => line.Who, StringComparer.Ordinal)
        .Select(line => string.Create(CultureInfo.InvariantCulture, $"t={line.At / 1000.0:F1} {line.Who} {line.What}\n")));

    public async ValueTask DisposeAsync()
    {
        foreach (var handset in _handsets.Values) await handset.DisposeAsync();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private void Add(string who, string what)
    {
        lock (_lines) _lines.Add((Now, who, what));
    }

    private List<(long At, string Who, string What)> Lines()
    {
        lock (_lines) return [.. _lines];
    }
}
