using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Gateway.Sip;
using Gateway.Sip.Events;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Interop.Tests.Sip;

//   SIPp                                  endpoint
//    |  MESSAGE        (lost here and there) |
//    |-------------------------------------->|   each Call-ID reaches the application once
//    |  200            (lost here and there) |
//    |<--------------------------------------|   each is answered in the end
//
//   and the same the other way round
[Trait("Category", "Interop")]
public sealed class SippTests : IDisposable
{
    private const int Messages = 1_000;

    /// <summary>
    /// Gives up after 6.4 s, having sent 17 times: SIPp stays a little longer for each message, and chance alone loses none.
    /// </summary>
    private static readonly SipTimers Impatient = new() { T1 = TimeSpan.FromMilliseconds(100), T2 = TimeSpan.FromMilliseconds(400) };

    private readonly TlsFolder _files = new();

    public SippTests() => _files.Write("endpoint", "127.0.0.1");

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("udp", 0)]
    [InlineData("udp", 2)]
    [InlineData("udp", 10)]
    [InlineData("tcp", 0)]
    [InlineData("tls", 0)]
    [InlineData("tls", 0, true)]
    public async Task What_sipp_sends_arrives_once_and_is_answered(string transport, int loss, bool mutual = false)
    {
        Sipp.SkipUnlessInstalled(transport);
        await using var endpoint = await StartAsync($"{transport}://127.0.0.1:0", _files.Options("endpoint") with { RequireClientCertificate = mutual });
        var given = new ConcurrentQueue<string>();
        endpoint.OnRequest = async incoming =>
        {
            given.Enqueue(incoming.Request.CallId);
            await Task.Yield();
            await incoming.RespondAsync(200);
        };

        var address = endpoint.Bound[0].EndPoint;
        await using var tunnel = transport == "tls" ? await Stunnel.ToTlsAsync(_files, address, mutual) : null;
        await using var sipp = Sipp.Sending(tunnel?.Address ?? address, transport, Messages, loss);
        var status = await sipp.EndsAsync();

        Assert.True(status == 0, $"{sipp.Output}\n{tunnel?.Output}");
        Assert.Equal(Messages, given.Count);
        Assert.Equal(Messages, given.Distinct().Count());
    }

    [Theory]
    [InlineData("udp", 0)]
    [InlineData("udp", 2)]
    [InlineData("udp", 10)]
    [InlineData("tcp", 0)]
    [InlineData("tls", 0)]
    [InlineData("tls", 0, true)]
    public async Task What_is_sent_to_sipp_arrives_once_and_its_answer_is_the_outcome(string transport, int loss, bool mutual = false)
    {
        Sipp.SkipUnlessInstalled(transport);
        await using var endpoint = await StartAsync(
            "udp://127.0.0.1:0", mutual ? _files.Options("endpoint") : new SipTlsOptions { TrustedCa = _files.Authority }, Impatient);
        var address = new IPEndPoint(IPAddress.Loopback, FreePort.Next());
        await using var sipp = Sipp.Answering(address, transport, Messages, loss);
        await Sipp.ListensAsync(address, transport == "udp" ? "udp" : "tcp");
        await using var tunnel = transport == "tls" ? await Stunnel.FromTlsAsync(_files, address, mutual) : null;
        using var atOnce = new SemaphoreSlim(32);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, Messages).Select(SendAsync));
        var status = await sipp.EndsAsync();

        Assert.All(outcomes, outcome => Assert.Equal(200, outcome.Response?.StatusCode));
        Assert.True(status == 0, $"{sipp.Output}\n{tunnel?.Output}");
        Assert.Equal(Messages, sipp.Calls().Count);
        Assert.Equal(Messages, sipp.Calls().Distinct().Count());

        async Task<SipOutcome> SendAsync(int number)
        {
            await atOnce.WaitAsync(TestContext.Current.CancellationToken);
            try
            {
                return await endpoint.SendAsync(Message(tunnel?.Address ?? address, transport, number), null, TestContext.Current.CancellationToken);
            }
            finally
            {
                atOnce.Release();
            }
        }
    }

    [Fact]
    public async Task Sipp_subscribes_is_notified_refreshes_and_leaves()
    {
        const int subscriptions = 100;
        Sipp.SkipUnlessInstalled("udp");
        await using var endpoint = await StartAsync("udp://127.0.0.1:0", _files.Options("endpoint"));
        var document = new ReginfoDocument { IsFull = true, Registrations = [new("r", SipUri.Parse("sip:user@ims.example.org"), RegistrationState.Init, [])] };
        var notifier = new Notifier(endpoint, NotifierOptions.Reg with { MaxPerResource = subscriptions },
            _ => _ => Task.FromResult(new Notice(document.ToArray())), NullLogger<Notifier>.Instance);
        endpoint.OnRequest = incoming => notifier.Refusal(incoming.Request) is { } refusal
            ? incoming.RespondAsync(refusal) : notifier.SubscribeAsync(incoming, "user", "gateway");

        await using var sipp = Sipp.Subscribing(endpoint.Bound[0].EndPoint, new IPEndPoint(IPAddress.Loopback, FreePort.Next()), subscriptions);
        var status = await sipp.EndsAsync();

        Assert.True(status == 0, sipp.Output);
        Assert.Equal(2 * subscriptions, sipp.Calls().Count(call => call.StartsWith("active", StringComparison.Ordinal)));
        Assert.Equal(subscriptions, sipp.Calls().Count(call => call.StartsWith("terminated", StringComparison.Ordinal)));
        await Deadline.UntilAsync(() => Task.FromResult(notifier.Count == 0), () => $"{notifier.Count} subscriptions are left", TestContext.Current.CancellationToken);
    }

    private static async Task<SipEndpoint> StartAsync(string listen, SipTlsOptions tls, SipTimers? timers = null)
    {
        var options = new SipEndpointOptions { Listen = [SipListenAddress.Parse(listen)], Tls = tls, Timers = timers ?? new SipTimers() };
        var endpoint = new SipEndpoint(options, TimeProvider.System, NullLoggerFactory.Instance);
        await endpoint.StartAsync(TestContext.Current.CancellationToken);
        return endpoint;
    }

    private static SipRequest Message(IPEndPoint to, string transport, int number)
    {
        var request = new SipRequest(SipMethod.Message, SipUri.Parse($"sip:sipp@{to};transport={transport}"));
        request.Headers.Add(HeaderName.From, $"<sip:gateway@ims.example.org>;tag={SipRequest.NewTag()}");
        request.Headers.Add(HeaderName.To, "<sip:sipp@ims.example.org>");
        request.Headers.Add(HeaderName.CallId, $"{number}-{SipRequest.NewTag()}");
        request.Headers.Add(HeaderName.CSeq, "1 MESSAGE");
        request.SetBody("text/plain", Encoding.UTF8.GetBytes($"Your code is {number}."));
        return request;
    }
}
