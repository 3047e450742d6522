using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Gateway.Sip;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks.Sip;

/// <summary>
/// The engine against another program (SIPp, see SIP.md), since only the CPU time of our own process is to be counted: <c>sip-uas</c>
/// answers MESSAGE,
/// <c>sip-uac</c> sends it. Both print transactions per second, CPU microseconds per transaction, allocated octets and resident memory.
/// </summary>
internal static class SipLoad
{
    private const string Text = "Your code is 123456. Do not share it.";

    /// <summary>sip-uas LISTEN-ADDRESS SECONDS</summary>
    public static async Task AnswerAsync(string listen, int seconds)
    {
        await using var endpoint = await StartAsync(listen);
        var answered = 0L;
        endpoint.OnRequest = incoming =>
        {
            Interlocked.Increment(ref answered);
            return incoming.RespondAsync(200);
        };
        Console.WriteLine($"listening on {string.Join(", ", endpoint.Bound)}");
        await ReportAsync(() => Interlocked.Read(ref answered), Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System));
    }

    /// <summary>sip-uac URI REQUESTS AT-ONCE</summary>
    public static async Task SendAsync(string uri, int requests, int atOnce)
    {
        await using var endpoint = await StartAsync("udp://127.0.0.1:0");
        var target = SipUri.Parse(uri);
        var body = Encoding.UTF8.GetBytes(Text);
        long begun = 0, concluded = 0, failed = 0;
        var senders = Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref begun) <= requests)
            {
                var outcome = await endpoint.SendAsync(Message(target, body));
                if (outcome.Response is not { IsSuccess: true })
                    Interlocked.Increment(ref failed);
                Interlocked.Increment(ref concluded);
            }
        }));
        await ReportAsync(() => Interlocked.Read(ref concluded), Task.WhenAll(senders));
        Console.WriteLine($"{requests} requests, {failed} without a 2xx");
    }

    private static async Task<SipEndpoint> StartAsync(string listen)
    {
        var options = new SipEndpointOptions
        {
            Listen = [SipListenAddress.Parse(listen)],
            MaxServerTransactions = 5_000_000,
            MaxClientTransactions = 5_000_000,
        };
        var endpoint = new SipEndpoint(options, TimeProvider.System, NullLoggerFactory.Instance);
        await endpoint.StartAsync();
        return endpoint;
    }

    private static SipRequest Message(SipUri target, byte[] body)
    {
        var request = new SipRequest(SipMethod.Message, target);
        request.Headers.Add(HeaderName.From, $"<sip:smsc@ims.example.org>;tag={SipRequest.NewTag()}");
        request.Headers.Add(HeaderName.To, "<sip:491711234567@ims.example.org>");
        request.Headers.Add(HeaderName.CallId, SipRequest.NewTag());
        request.Headers.Add(HeaderName.CSeq, "1 MESSAGE");
        request.Headers.Add(HeaderName.PAssertedIdentity, "<sip:smsc@ims.example.org>");
        request.SetBody("text/plain", body);
        return request;
    }

    /// <summary>A line a second while there is traffic, and the sum of the busy seconds.</summary>
    private static async Task ReportAsync(Func<long> count, Task until)
    {
        using var process = Process.GetCurrentProcess();
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var (transactions, cpu, allocated, busySeconds) = (0L, TimeSpan.Zero, 0L, 0);
        var (lastCount, lastCpu, lastAllocated) = (count(), process.TotalProcessorTime, GC.GetTotalAllocatedBytes());
        var warm = false;
        while (!until.IsCompleted && await second.WaitForNextTickAsync())
        {
            process.Refresh();
            var (nowCount, nowCpu, nowAllocated) = (count(), process.TotalProcessorTime, GC.GetTotalAllocatedBytes());
            var done = nowCount - lastCount;
            if (done > 0)
            {
                var (usedCpu, octets) = (nowCpu - lastCpu, nowAllocated - lastAllocated);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{done,8}/s {usedCpu.TotalMicroseconds / done,7:F1} µs {octets / done,7} octets {process.WorkingSet64 >> 20,6} MiB"));
                if (warm)   // the first second compiles
                    (transactions, cpu, allocated, busySeconds) = (transactions + done, cpu + usedCpu, allocated + octets, busySeconds + 1);
                warm = true;
            }

            (lastCount, lastCpu, lastAllocated) = (nowCount, nowCpu, nowAllocated);
        }

        if (transactions > 0)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"""
                sum: {transactions} transactions, {transactions / busySeconds}/s
                a transaction: {cpu.TotalMicroseconds / transactions:F1} µs CPU, {allocated / transactions} octets
                """));
        }

        await until;
    }
}
