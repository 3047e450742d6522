using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    peer                                     endpoint
//     |  anything at all                          |
//     |------------------------------------------>|   no fault, and
//     |  MESSAGE                                  |
//     |------------------------------------------>|
//     |  200                                      |   it goes on serving
//     |<------------------------------------------|
public sealed class HostileInputTests : EngineTest, ILoggerProvider
{
    private readonly ConcurrentQueue<string> _faults = new();

    public HostileInputTests() => Loggers = LoggerFactory.Create(b => b.AddProvider(this).SetMinimumLevel(LogLevel.Error));

    private static IEnumerable<byte[]> Torture() =>
        VectorFiles.Names("torture", "*.dat").Select(name => VectorFiles.Read("torture", name));

    [Fact]
    public async Task Torture_whole_cut_and_mutated_does_no_harm_over_udp()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        var random = new Random(4475);
        foreach (var message in Torture())
        {
            peer.Send(message, endpoint.Udp());
            for (var i = 0; i < 40; i++)
                peer.Send(Mutated(message, random), endpoint.Udp());
            await BarrierAsync(peer, endpoint);
        }

        await IsServedAsync(peer, endpoint);
        Assert.Empty(_faults);
    }

    [Fact]
    public async Task Torture_does_no_harm_over_tcp()
    {
        var endpoint = await StartAsync(TimeProvider.System, null, "tcp://127.0.0.1:0", "udp://127.0.0.1:0");
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        var random = new Random(4475);
        foreach (var message in Torture())
        {
            using var whole = await TcpPeer.ConnectAsync(endpoint.Tcp());
            using var mutated = await TcpPeer.ConnectAsync(endpoint.Tcp());
            await whole.SendAsync(message);
            await mutated.SendAsync(Mutated(message, random));
        }

        await Wait.UntilAsync(() => endpoint.ConnectionCount == 0, "all connections have ended");
        using var peer = new UdpPeer();
        await IsServedAsync(peer, endpoint);
        Assert.Empty(_faults);
    }

    private static byte[] Mutated(byte[] message, Random random)
    {
        var octets = message[..random.Next(message.Length + 1)];
        for (var i = 0; i < 3 && octets.Length > 0; i++)
            octets[random.Next(octets.Length)] = (byte)random.Next(256);
        return octets;
    }

    private static async Task IsServedAsync(UdpPeer peer, SipEndpoint endpoint)
    {
        peer.Pending();
        peer.Send(RawRequest(peer.Address, "z9hG4bKlast", callId: "the-last"), endpoint.Udp());
        Received answer;
        while ((answer = await peer.ReceiveAsync()).Header("Call-ID") != "the-last")
        {
        }

        Assert.Equal("SIP/2.0 200 OK", answer.StartLine);
    }

    public ILogger CreateLogger(string categoryName) => new FaultLogger(_faults);

    public void Dispose() => Loggers.Dispose();

    private sealed class FaultLogger(ConcurrentQueue<string> faults) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            faults.Enqueue($"{formatter(state, exception)}: {exception}");
    }
}
