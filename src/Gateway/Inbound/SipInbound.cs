using Gateway.Delivery;
using Gateway.Registration;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Inbound;

/// <summary>
/// Everything that comes in by SIP, by method. NOTIFY belongs to a subscription of ours, REGISTER to the registrar or (from the network, on behalf
/// of somebody) to the watcher, SUBSCRIBE to the notifier, MESSAGE to the handset faces. What is not trusted and not one of the registrar's own users gets 403.
/// </summary>
public sealed class SipInbound(SipEndpoint endpoint, TrustedPeers peers, Registrar registrar, RegWatcher watcher, RegNotifier notifier,
    Senders senders, RpInbound rp, TextInbound text, TimeProvider time)
{
    private const int ReportTries = 20;
    private static readonly TimeSpan ReportPause = TimeSpan.FromSeconds(1);

    public async Task OnRequestAsync(IncomingRequest incoming)
    {
        try
        {
            await DispatchAsync(incoming);
        }
        catch (StoreUnavailableException) // even to know who sent it, the store may be needed
        {
            var response = incoming.Request.CreateResponse(503);
            response.Headers.Add(HeaderName.RetryAfter, TextInbound.RetryAfterSeconds);
            await incoming.RespondAsync(response); // nothing, if it was answered before
        }
    }

    private Task DispatchAsync(IncomingRequest incoming)
    {
        if (endpoint.Subscriptions.TryHandle(incoming)) return Task.CompletedTask;
        return incoming.Request.Method switch
        {
            SipMethod.Message => OnMessageAsync(incoming),
            SipMethod.Register => OnRegisterAsync(incoming),
            SipMethod.Subscribe => OnSubscribeAsync(incoming),
            _ => incoming.RespondAsync(200), // OPTIONS: nothing else passes the endpoint
        };
    }

    private Task OnRegisterAsync(IncomingRequest incoming)
    {
        var request = incoming.Request;
        var trusted = peers.Trust(incoming.Flow);
        // RFC 3261 §10.2: a third-party registration is one whose From is not its To; the S-CSCF sends these (TS 24.229 §5.4.1.7).
        // URI parameters (user=phone on one of the two) make no other user.
        if (request.From.Uri.AddressOfRecord() != request.To.Uri.AddressOfRecord())
            return trusted ? watcher.OnThirdPartyRegisterAsync(incoming) : incoming.RespondAsync(403);
        return registrar.OnRegisterAsync(incoming, trusted);
    }

    private async Task OnSubscribeAsync(IncomingRequest incoming)
    {
        if (notifier.Refusal(incoming.Request) is { } refusal) await incoming.RespondAsync(refusal);
        else if (await senders.IdentifyAsync(incoming) is { } sender) await notifier.OnSubscribeAsync(incoming, sender.Msisdn, sender.Asserted);
    }

    private Task OnMessageAsync(IncomingRequest incoming)
    {
        var contentType = incoming.Request.Headers.TryGet(HeaderName.ContentType, out MediaType type) ? type : default;
        // Whom the network vouches for is known at once, and nothing waits for it.
        var identifying = senders.IdentifyAsync(incoming);
        return identifying.IsCompletedSuccessfully
            ? OnIdentifiedAsync(incoming, identifying.Result, contentType)
            : WhenIdentifiedAsync(incoming, identifying, contentType);
    }

    private Task OnIdentifiedAsync(IncomingRequest incoming, Sender? sender, MediaType contentType) =>
        sender is null ? Task.CompletedTask // answered: 403, or a digest challenge
        : IsRp(contentType) ? rp.OnMessageAsync(incoming, sender)
        : text.OnMessageAsync(incoming, sender, contentType);

    /// <summary>
    /// A report is not told again when it is refused, and without it its message would be shown a second time: while the store that knows its sender is
    /// away, it waits, for less than a SIP transaction takes.
    /// </summary>
    private async Task WhenIdentifiedAsync(IncomingRequest incoming, ValueTask<Sender?> identifying, MediaType contentType)
    {
        var tries = IsRp(contentType) && RpInbound.IsReport(incoming.Request.Body.Span) ? ReportTries : 1;
        while (true)
        {
            Sender? sender;
            try
            {
                sender = await identifying;
            }
            catch (StoreUnavailableException) when (--tries > 0)
            {
                await Task.Delay(ReportPause, time);
                identifying = senders.IdentifyAsync(incoming);
                continue;
            }
            await OnIdentifiedAsync(incoming, sender, contentType);
            return;
        }
    }

    private static bool IsRp(MediaType contentType) => contentType.Is(Volte.ContentType);
}
