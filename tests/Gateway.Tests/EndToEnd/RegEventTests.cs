using System.Net;
using System.Xml.Linq;
using Gateway.Sip;
using Gateway.Sip.Events;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>The embedded registrar tells others who is registered (Event: reg, RFC 3680).</summary>
[Collection<LocalGatewayCollection>]
public sealed class RegEventTests(LocalGateway local)
{
    private static readonly XNamespace Reginfo = "urn:ietf:params:xml:ns:reginfo";
    private static int _numbers = 810_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trusted_peer_is_told_of_a_registration_from_its_beginning_to_its_end()
    {
        await using var peer = NewUe();
        await using var handset = NewUe();
        var granted = await SubscribeAsync(peer, handset.Number, "Accept: application/reginfo+xml", "Expires: 600");
        Assert.Equal(("600", 200), (granted["Expires"], granted.Status));

        Assert.Equal("0 full init", Told(await NotifyAsync(peer, "active")));
        await handset.RegisterAsync(Cancel);
        var registered = await NotifyAsync(peer, "active");
        await handset.DeregisterAsync(Cancel);
        var gone = await NotifyAsync(peer, "active");

        Assert.Equal($"1 partial active: {handset.Contact} active registered", Told(registered));
        var contact = XDocument.Parse(registered.Text).Descendants(Reginfo + "contact").Single();
        Assert.InRange((int)contact.Attribute("expires")!, 590, 600);
        Assert.Contains("+g.3gpp.smsip", contact.Elements(Reginfo + "unknown-param").Select(parameter => (string?)parameter.Attribute("name")));
        Assert.Equal($"2 partial terminated: {handset.Contact} terminated unregistered", Told(gone));
    }

    [Fact]
    public async Task A_binding_that_expires_is_told_of_without_any_register()
    {
        await using var peer = NewUe();
        await using var handset = NewUe();
        await handset.RegisterAsync(Cancel, expires: 10);
        await SubscribeAsync(peer, handset.Number);

        Assert.Equal($"0 full active: {handset.Contact} active registered", Told(await NotifyAsync(peer, "active")));
        Assert.Equal($"1 partial terminated: {handset.Contact} terminated expired", Told(await NotifyAsync(peer, "active")));
    }

    [Fact]
    public async Task Who_may_ask_for_what()
    {
        await using var peer = NewUe();
        await using var stranger = new RawUe($"4940{Interlocked.Increment(ref _numbers)}", local.Process.Sip, bindTo: IPAddress.Parse("127.0.0.2"));

        Assert.Equal(404, (await SubscribeAsync(peer, "33612345678")).Status);
        Assert.Equal(403, (await SubscribeAsync(stranger, stranger.Number)).Status);
        Assert.Equal(423, (await SubscribeAsync(peer, peer.Number, "Expires: 5")).Status);
        Assert.Equal(481, (await peer.RequestAsync("SUBSCRIBE", $"sip:smsc@{local.Process.Sip}", Cancel, to: "<sip:a@ims.lab>;tag=gone",
            headers: [.. Headers(peer), "Expires: 600"])).Status);
    }

    [Theory]
    [InlineData(LocalGateway.UserNumber, "secret", null)]
    [InlineData(LocalGateway.UserNumber, "guessed", 401)]
    [InlineData("4940810001", "secret", 403)]   // his password, and not his number
    public async Task A_user_of_the_registrar_may_ask_about_himself(string number, string password, int? refusal)
    {
        await using var endpoint = new SipEndpoint(
            new SipEndpointOptions { Listen = [SipListenAddress.Parse("udp://127.0.0.2:0")] }, TimeProvider.System, NullLoggerFactory.Instance);
        await endpoint.StartAsync(Cancel);
        endpoint.OnRequest = incoming => endpoint.Subscriptions.TryHandle(incoming) ? Task.CompletedTask : incoming.RespondAsync(404);
        var told = new TaskCompletionSource<string>();
        var ended = new TaskCompletionSource<SubscriptionEnd>();
        var subscription = new Subscription(endpoint, new SubscriptionRequest
        {
            ResourceUri = SipUri.Parse($"sip:+{number}@{local.Process.Sip}"),
            From = new NameAddr(SipUri.Parse($"sip:+{LocalGateway.UserNumber}@ims.lab")),
            ContactUser = "me",
            Credentials = new DigestClient(LocalGateway.UserNumber, password),
        }, notification =>
        {
            told.TrySetResult(notification.State.State);
            return Task.CompletedTask;
        }, ended.SetResult);

        _ = subscription.StartAsync();

        if (refusal is null)
        {
            Assert.Equal("active", await told.Task.WaitAsync(Deadline.Answer, Cancel));
            await subscription.TerminateAsync();
            Assert.Equal("timeout", (await ended.Task.WaitAsync(Deadline.Answer, Cancel)).Reason);
        }
        else
        {
            Assert.Equal(refusal, (await ended.Task.WaitAsync(Deadline.Answer, Cancel)).StatusCode);
        }
    }

    [Fact]
    public async Task Another_gateways_watcher_learns_from_it()
    {
        await using var handset = NewUe();
        await handset.RegisterAsync(Cancel);
        await using var watching = await GatewayProcess.StartAsync(Cancel, null, ("Sip__OutboundProxy", $"sip:{local.Process.Sip};lr"));

        await watching.SendSmsAsync(handset.Number, "where are you?", Cancel);
        await watching.SaysAsync($"{handset.Identity} has 1 contacts in the network", Cancel);
        await handset.DeregisterAsync(Cancel);

        await watching.SaysAsync($"{handset.Identity} has 0 contacts in the network", Cancel);
    }

    private static Task<RawSip> SubscribeAsync(RawUe by, string number, params string[] more) =>
        by.RequestAsync("SUBSCRIBE", $"sip:+{number}@ims.lab", Cancel, headers: [.. Headers(by), .. more]);

    private static IEnumerable<string> Headers(RawUe by) =>
        ["Event: reg", $"Contact: <{by.Contact}>", "P-Asserted-Identity: <sip:as@ims.lab>"];

    private static async Task<RawSip> NotifyAsync(RawUe peer, string state)
    {
        var notify = await peer.Requests.NextAsync(request => request.Method == "NOTIFY", Cancel);
        Assert.StartsWith(state, notify["Subscription-State"], StringComparison.Ordinal);
        Assert.Equal("application/reginfo+xml", notify["Content-Type"]);
        return notify;
    }

    /// <summary>Version, state of the document and of its registration, and of each contact URI, state and event.</summary>
    private static string Told(RawSip notify)
    {
        var root = XDocument.Parse(notify.Text).Root!;
        var registration = root.Element(Reginfo + "registration")!;
        var contacts = registration.Elements(Reginfo + "contact")
            .Select(contact => $": {contact.Element(Reginfo + "uri")!.Value} {contact.Attribute("state")!.Value} {contact.Attribute("event")!.Value}");
        return $"{root.Attribute("version")!.Value} {root.Attribute("state")!.Value} {registration.Attribute("state")!.Value}{string.Concat(contacts)}";
    }

    private RawUe NewUe() => new($"4940{Interlocked.Increment(ref _numbers)}", local.Process.Sip);
}
