using System.Net;
using System.Text;
using Gateway.Sip.Transactions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

/// <summary>What the tests of the engine share: endpoints on loopback that end with the test, and messages written by hand.</summary>
public abstract class EngineTest : IAsyncDisposable
{
    private readonly List<SipEndpoint> _endpoints = [];

    private protected ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    private protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var endpoint in _endpoints)
            await endpoint.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected Task<SipEndpoint> StartAsync(SipEndpointOptions? options = null, params string[] listen) =>
        StartAsync(Time, options, listen);

    private protected async Task<SipEndpoint> StartAsync(TimeProvider time, SipEndpointOptions? options = null, params string[] listen)
    {
        if (listen.Length == 0)
            listen = ["udp://127.0.0.1:0"];
        var endpoint = new SipEndpoint(
            (options ?? new SipEndpointOptions()) with { Listen = [.. listen.Select(SipListenAddress.Parse)] }, time, Loggers);
        _endpoints.Add(endpoint);
        await endpoint.StartAsync();
        return endpoint;
    }

    private protected static Task<SipOutcome> SendAsync(SipEndpoint endpoint, SipRequest request, SipTarget? target = null) =>
        endpoint.SendAsync(request, target, TestContext.Current.CancellationToken).AsTask();

    private protected void AdvanceByTicks(TimeSpan span, Action? eachTick = null)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += TimerWheel.Tick)
        {
            Time.Advance(TimerWheel.Tick);
            eachTick?.Invoke();
        }
    }

    /// <summary>Ends when the endpoint has looked at everything the peer sent before: it answers an INVITE while receiving it.</summary>
    private protected static async Task BarrierAsync(UdpPeer peer, SipEndpoint endpoint)
    {
        peer.Send(RawRequest(peer.Address, $"z9hG4bK{Guid.NewGuid():N}", "INVITE", via: ";rport"), endpoint.Udp());
        while (!(await peer.ReceiveAsync()).StartLine.StartsWith("SIP/2.0 405", StringComparison.Ordinal))
        {
        }
    }

    private protected static SipRequest NewRequest(
        IPEndPoint to, string method = SipMethod.Message, string text = "hello", string transport = "")
    {
        var request = new SipRequest(method, SipUri.Parse($"sip:bob@{to}{transport}"));
        request.Headers.Add(HeaderName.From, $"<sip:alice@ims.example.org>;tag={SipRequest.NewTag()}");
        request.Headers.Add(HeaderName.To, "<sip:bob@ims.example.org>");
        request.Headers.Add(HeaderName.CallId, Guid.NewGuid().ToString("N"));
        request.Headers.Add(HeaderName.CSeq, $"1 {method}");
        request.SetBody("text/plain", Encoding.UTF8.GetBytes(text));
        return request;
    }

    private protected static string RawRequest(
        IPEndPoint from, string branch, string method = "MESSAGE", string transport = "UDP", string via = "", string callId = "call-1",
        string headers = "", string body = "hello", string uri = "sip:gateway@127.0.0.1") =>
        $"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch={branch}{via}\r\n"
        + $"From: <sip:bob@ims.example.org>;tag=from-1\r\nTo: <sip:gateway@ims.example.org>\r\nCall-ID: {callId}\r\nCSeq: 7 {method}\r\n"
        + $"Max-Forwards: 70\r\n{headers}{(body.Length > 0 ? "Content-Type: text/plain\r\n" : "")}"
        + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
}

internal static class EndpointAddresses
{
    public static IPEndPoint Udp(this SipEndpoint endpoint) => endpoint.Bound.First(a => a.Kind == SipTransportKind.Udp).EndPoint;

    public static IPEndPoint Tls(this SipEndpoint endpoint) => endpoint.Bound.First(a => a.Kind == SipTransportKind.Tls).EndPoint;

    public static IPEndPoint Tcp(this SipEndpoint endpoint) => endpoint.Bound.First(a => a.Kind == SipTransportKind.Tcp).EndPoint;
}
