using System.Text;
using Gateway.Sip.Events;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

/// <summary>A subscriber on a socket of his own, and a notifier whose state the test decides.</summary>
public abstract class NotifierTest : EngineTest
{
    private int _told;

    private protected static readonly TimeSpan AroundTheInterval = TimeSpan.FromMilliseconds(100);

    private protected UdpPeer Subscriber { get; } = new();

    private protected SipEndpoint Endpoint { get; private set; } = null!;

    private protected Notifier Notifier { get; private set; } = null!;

    /// <summary>What the source says has changed; null: nothing.</summary>
    private protected string? Changes { get; set; } = "changes";

    private protected TimeSpan? ChangesIn { get; set; }

    /// <summary>The source cannot say anything.</summary>
    private protected Exception? Fault { get; set; }

    /// <summary>How often the source was asked.</summary>
    private protected int Told => Volatile.Read(ref _told);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Subscriber.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task ServeAsync(NotifierOptions? options = null, string listen = "udp://127.0.0.1:0")
    {
        Endpoint = await StartAsync(null, listen);
        Notifier = new Notifier(Endpoint, options ?? NotifierOptions.Reg, _ => SourceAsync, NullLogger<Notifier>.Instance);
        Endpoint.OnRequest = incoming => Notifier.Refusal(incoming.Request) is { } refusal
            ? incoming.RespondAsync(refusal)
            : Notifier.SubscribeAsync(incoming, incoming.Request.RequestUri.User!, "smsc");
    }

    private Task<Notice> SourceAsync(bool full)
    {
        var number = Interlocked.Increment(ref _told);
        var body = full ? $"full {number}" : Changes is null ? null : $"{Changes} {number}";
        return Fault is { } fault ? Task.FromException<Notice>(fault) : Task.FromResult(new Notice(body is null ? null : Encoding.UTF8.GetBytes(body), ChangesIn));
    }

    private protected async Task<(Received Granted, Received Notify)> SubscribedAsync(string headers = "")
    {
        await ServeAsync();
        Subscriber.Send(Subscribe(headers), Endpoint.Udp());
        return (await Subscriber.ReceiveAsync(), await NotifiedAsync());
    }

    /// <summary>The next NOTIFY, answered, and the answer taken: timer K of its transaction runs.</summary>
    private protected async Task<Received> NotifiedAsync()
    {
        var notify = await Subscriber.ReceiveAsync();
        Assert.StartsWith("NOTIFY", notify.StartLine, StringComparison.Ordinal);
        Subscriber.Send(notify.Reply(200), Endpoint.Udp());
        await BarrierAsync(Subscriber, Endpoint);
        await Wait.UntilAsync(() => !Notifier.IsNotifying, "the answer is taken");
        return notify;
    }

    private protected async Task<string> AnswerToAsync(string request)
    {
        Subscriber.Send(request, Endpoint.Udp());
        return (await AnswerAsync()).StartLine[8..11];
    }

    /// <summary>Behind whatever NOTIFYs come first.</summary>
    private protected async Task<Received> AnswerAsync()
    {
        Received answer;
        while (!(answer = await Subscriber.ReceiveAsync()).StartLine.StartsWith("SIP/2.0", StringComparison.Ordinal))
        {
        }

        return answer;
    }

    private protected Task EndsAsync() => Wait.UntilAsync(() => Notifier.Count == 0, "the subscription is dropped");

    private protected string Subscribe(
        string headers = "", string @event = "reg", Received? within = null, int cseq = 1, string? callId = null, string resource = "49171") =>
        $"SUBSCRIBE sip:{resource}@{Endpoint.Bound[0].EndPoint} SIP/2.0\r\nVia: SIP/2.0/UDP {Subscriber.Address};branch=z9hG4bK{Guid.NewGuid():N}\r\n"
        + $"From: <sip:watcher@ims.example.org>;tag=watcher-tag\r\nTo: {within?.Header("To") ?? $"<sip:{resource}@ims.example.org>"}\r\n"
        + $"Call-ID: {callId ?? within?.Header("Call-ID") ?? "subscription-1"}\r\nCSeq: {cseq} SUBSCRIBE\r\nMax-Forwards: 70\r\n"
        + $"Contact: <sip:watcher@{Subscriber.Address}>\r\nEvent: {@event}\r\n{headers}Content-Length: 0\r\n\r\n";
}
