using System.Diagnostics;
using System.Globalization;
using System.Net;
using Gateway.Handset;
using Gateway.Sip;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks.Delivery;

/// <summary>
/// One-time passwords while bulk drains: a gateway of its own process, subscribers registered at it from a few sockets of this one, a backlog of
/// bulk messages that waits for their registration, and passwords by REST at a steady rate, before and while the backlog goes out. Half of
/// the passwords are for subscribers who have nothing else, half for some with a backlog.
/// </summary>
internal sealed class LaneFigures(GatewayUnderLoad gateway, int backlog, int perSecond)
{
    private const int Subscribers = 2_000, Others = 200, Sockets = 8, SendersAtOnce = 64;
    private const int QuietSeconds = 10;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, TaskCompletionSource<long>> _awaited = [];
    // Subscribers with a backlog who are registered by now.
    private readonly List<int> _reached = [];
    private readonly Random _random = new(1);
    private long _bulkShown;

    public async Task RunAsync()
    {
        var sockets = new List<HandsetEndpoint>();
        var handsets = new List<Handset.Handset>();
        try
        {
            for (var i = 0; i < Sockets; i++)
                sockets.Add(await HandsetEndpoint.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), new SipTimers(), TimeProvider.System, NullLoggerFactory.Instance));
            for (var i = 0; i < Subscribers + Others; i++) handsets.Add(NewHandset(i, sockets[i % Sockets]));
            var started = Stopwatch.GetTimestamp();
            await ForAllAsync(backlog, i => gateway.SendAsync(GatewayUnderLoad.Bulk, NumberOf(i % Subscribers), $"Our offer of the week, number {i}"));
            Say($"{backlog} bulk messages accepted in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
            await ForAllAsync(Others, i => RegisterAsync(handsets[Subscribers + i]));
            // The first passwords only warm: they are not counted.
            await PasswordsAsync(onlyOthers: true, Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System));
            var quiet = await PasswordsAsync(onlyOthers: true, Task.Delay(TimeSpan.FromSeconds(QuietSeconds), TimeProvider.System));
            var draining = Stopwatch.GetTimestamp();
            // Who registers gets his backlog at once.
            var drained = DrainAsync(handsets[..Subscribers]);
            var busy = await PasswordsAsync(onlyOthers: false, drained);
            var elapsed = Stopwatch.GetElapsedTime(draining);
            Say($"drained in {elapsed.TotalSeconds:F0} s: {backlog / elapsed.TotalSeconds:F0} bulk messages a second, each shown and acknowledged");
            Say("");
            Say($"{perSecond} one-time passwords a second        count   accept to wire ms            request to wire ms           REST answer ms   own delay ms");
            Say("                                                   p50     p99     max          p50     p99     max          p50     p99      p50     p99");
            Print("nothing else to do", quiet);
            Print("bulk drains: others' subscribers", busy.Where(one => !one.HasBacklog));
            Print("bulk drains: subscribers with backlog", busy.Where(one => one.HasBacklog));
            Print("bulk drains: all", busy);
        }
        finally
        {
            foreach (var handset in handsets) await handset.DisposeAsync();
            foreach (var socket in sockets) await socket.DisposeAsync();
        }
    }

    private async Task DrainAsync(List<Handset.Handset> handsets)
    {
        await ForAllAsync(handsets.Count, async i =>
        {
            await RegisterAsync(handsets[i]);
            lock (_reached) _reached.Add(i);
        });
        var (shown, since) = (0L, Stopwatch.GetTimestamp());
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        while (Interlocked.Read(ref _bulkShown) < backlog && await look.WaitForNextTickAsync())
        {
            if (Interlocked.Read(ref _bulkShown) is var now && now != shown) (shown, since) = (now, Stopwatch.GetTimestamp());
            else if (Stopwatch.GetElapsedTime(since) > Settling) throw new TimeoutException($"{shown} of {backlog} bulk messages came; then nothing more");
        }
    }

    /// <summary>Sends at a steady rate, whatever becomes of them, until the other work is done.</summary>
    private async Task<List<Password>> PasswordsAsync(bool onlyOthers, Task until)
    {
        var sent = new List<Task<Password>>();
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond), TimeProvider.System);
        while (!until.IsCompleted && await pace.WaitForNextTickAsync())
        {
            int? reached = null;
            lock (_reached) if (!onlyOthers && sent.Count % 2 == 1 && _reached.Count > 0) reached = _reached[_random.Next(_reached.Count)];
            var to = NumberOf(reached ?? Subscribers + _random.Next(Others));
            var due = Stopwatch.GetTimestamp();
            sent.Add(Task.Run(() => PasswordAsync(to, reached is not null, Guid.NewGuid().ToString("N"), due)));
        }
        await until;
        return [.. await Task.WhenAll(sent)];
    }

    private async Task<Password> PasswordAsync(string to, bool hasBacklog, string code, long due)
    {
        var shown = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_awaited) _awaited[code] = shown;
        var asked = Stopwatch.GetTimestamp();
        await gateway.SendAsync(GatewayUnderLoad.Otp, to, code);
        var answered = Stopwatch.GetTimestamp();
        var at = await shown.Task.WaitAsync(Settling, TimeProvider.System);
        // It may be on the wire before the answer is read here.
        return new Password(hasBacklog, Milliseconds(asked, answered), Math.Max(0, Milliseconds(answered, at)), Milliseconds(asked, at), Milliseconds(due, asked));
    }

    private Handset.Handset NewHandset(int subscriber, HandsetEndpoint socket)
    {
        var options = new HandsetOptions
        {
            Kind = HandsetKind.Volte, Number = NumberOf(subscriber), Registrar = SipUri.Parse($"sip:{gateway.Sip}"), Domain = GatewayUnderLoad.Domain,
            MaxReceived = 1, AssertIdentity = true,
        };
        var handset = new Handset.Handset(options, TimeProvider.System, NullLoggerFactory.Instance, socket);
        handset.OnText += text =>
        {
            var at = Stopwatch.GetTimestamp();
            TaskCompletionSource<long>? password;
            lock (_awaited) _awaited.Remove(text.Text, out password);
            if (password is null) Interlocked.Increment(ref _bulkShown);
            else password.SetResult(at);
        };
        return handset;
    }

    private static async Task RegisterAsync(Handset.Handset handset)
    {
        await handset.StartAsync();
        await handset.WhenRegisteredAsync();
    }

    private static Task ForAllAsync(int count, Func<int, Task> act)
    {
        var next = -1;
        return Task.WhenAll(Enumerable.Range(0, SendersAtOnce).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < count;) await act(i);
        })));
    }

    private static void Print(string what, IEnumerable<Password> passwords)
    {
        var all = passwords.ToList();
        if (all.Count == 0) return;
        var (answer, wire, whole) = (Sorted(all, one => one.Answer), Sorted(all, one => one.AcceptToWire), Sorted(all, one => one.RequestToWire));
        var own = Sorted(all, one => one.Own);
        Say($"{what,-38}{all.Count,8}  {At(wire, 50),6:F1}  {At(wire, 99),6:F1}  {wire[^1],6:F1}       {At(whole, 50),6:F1}  {At(whole, 99),6:F1}  "
            + $"{whole[^1],6:F1}       {At(answer, 50),6:F1}  {At(answer, 99),6:F1}   {At(own, 50),6:F1}  {At(own, 99),6:F1}");
    }

    private static double[] Sorted(List<Password> passwords, Func<Password, double> value) => [.. passwords.Select(value).Order()];

    private static double At(double[] sorted, int percent) => sorted[(sorted.Length - 1) * percent / 100];

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;

    private static string NumberOf(int subscriber) => (494_010_000_000 + subscriber).ToString(CultureInfo.InvariantCulture);

    private static void Say(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));

    private static void Say(string text) => Console.WriteLine(text);

    /// <summary>
    /// Milliseconds: until REST answered, from then until the handset had it, and both together; and how long this process, which is all the handsets,
    /// was too busy to ask, by which the others are too long as well.
    /// </summary>
    private readonly record struct Password(bool HasBacklog, double Answer, double AcceptToWire, double RequestToWire, double Own);
}
