using Gateway.Sip.Events;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

/// <summary>A subscription of an endpoint at a scripted notifier.</summary>
public abstract class SubscriptionTest : EngineTest
{
    private int _remoteCSeq = 100;

    private protected UdpPeer Notifier { get; } = new();

    /// <summary>Knows no name at all.</summary>
    private protected DnsPeer Dns { get; } = new();

    private protected List<Notification> Notified { get; } = [];

    private protected TaskCompletionSource<SubscriptionEnd> Ended { get; } = new();

    private protected SipEndpoint Endpoint { get; set; } = null!;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Notifier.Dispose();
        Dns.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task<(Subscription, Received)> SubscribeAsync(
        Func<SubscriptionRequest, SubscriptionRequest>? with = null, Func<Notification, Task>? onNotify = null)
    {
        Endpoint = await StartAsync(new SipEndpointOptions { NameServers = [Dns.Address] });
        Endpoint.OnRequest = incoming => Endpoint.Subscriptions.TryHandle(incoming) ? Task.CompletedTask : incoming.RespondAsync(404);
        var request = new SubscriptionRequest
        {
            ResourceUri = SipUri.Parse("sip:491711234567@ims.example.org"),
            From = new NameAddr(SipUri.Parse("sip:smsc@ims.example.org")),
            ContactUser = "smsc",
            Accept = "application/reginfo+xml",
            PAssertedIdentity = "<sip:491711234567@ims.example.org>",
            Target = SipTarget.At(new SipFlow(SipTransportKind.Udp, Notifier.Address, Endpoint.Udp())),
            Expires = TimeSpan.FromSeconds(3_600),
        };
        var subscription = new Subscription(
            Endpoint, with?.Invoke(request) ?? request,
            notification =>
            {
                lock (Notified)
                    Notified.Add(notification);
                return onNotify?.Invoke(notification) ?? Task.CompletedTask;
            },
            Ended.SetResult);
        _ = subscription.StartAsync();
        return (subscription, await Notifier.ReceiveAsync());
    }

    private protected void Accept(Received subscribe, int expires = 3_600, string tag = "notifier", string headers = "") => Notifier.Send(
        subscribe.Reply(200, $"Expires: {expires}\r\nContact: <sip:{Notifier.Address}>\r\n{headers}", tag), Endpoint.Udp());

    /// <summary>Accepts, and ends when the subscriber has taken that: its transaction is over, and it waits for timer N.</summary>
    private protected Task AcceptFirstAsync(Received subscribe, int expires = 3_600, string headers = "")
    {
        Accept(subscribe, expires, headers: headers);
        return Wait.UntilAsync(() => Endpoint.ClientTransactions.Count == 0 && Endpoint.Wheel.Waiting == 1, "timer N is set");
    }

    private protected string Notify(
        Received subscribe, string state = "active;expires=3600", string tag = "notifier", int? cseq = null, string body = "<reginfo/>",
        string @event = "reg", string headers = "") =>
        $"NOTIFY sip:smsc@{Endpoint.Udp()} SIP/2.0\r\nVia: SIP/2.0/UDP {Notifier.Address};branch=z9hG4bK{Guid.NewGuid():N}\r\n"
        + $"From: <sip:491711234567@ims.example.org>;tag={tag}\r\nTo: {subscribe.Header("From")}\r\n"
        + $"Call-ID: {subscribe.Header("Call-ID")}\r\n"
        + $"CSeq: {cseq ?? ++_remoteCSeq} NOTIFY\r\nMax-Forwards: 70\r\nContact: <sip:{Notifier.Address}>\r\nEvent: {@event}\r\n"
        + (state.Length > 0 ? $"Subscription-State: {state}\r\n" : "") + headers
        + $"Content-Type: application/reginfo+xml\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private protected async Task<string> AnswerToAsync(string notify)
    {
        Notifier.Send(notify, Endpoint.Udp());
        Received answer;
        while (!(answer = await Notifier.ReceiveAsync()).StartLine.StartsWith("SIP/2.0", StringComparison.Ordinal))
        {
        }

        return answer.StartLine[8..11];
    }

    private protected Task AreNotifiedAsync(int count) => Wait.UntilAsync(
        () =>
        {
            lock (Notified)
                return Notified.Count >= count;
        },
        $"{count} notifications");

    private protected async Task<(Subscription, Received)> EstablishAsync(int granted = 3_600)
    {
        var (subscription, subscribe) = await SubscribeAsync();
        Accept(subscribe, granted);
        Assert.Equal("200", await AnswerToAsync(Notify(subscribe, $"active;expires={granted}")));
        await AreNotifiedAsync(1);
        await Wait.UntilAsync(() => subscription.IsActive, "the 2xx and the NOTIFY are both taken");
        return (subscription, subscribe);
    }

    /// <summary>The next SUBSCRIBE, and how many seconds from now it comes.</summary>
    private protected (Received, double) NextSubscribe(double atMost)
    {
        for (var passed = 1.0; passed <= atMost; passed++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            if (Notifier.Pending() is [var subscribe, ..])
                return (subscribe, passed);
        }

        throw new TimeoutException($"no SUBSCRIBE within {atMost} s");
    }

    private protected async Task<SubscriptionEnd> EndsAsync() => await Ended.Task.InTimeAsync();
}
