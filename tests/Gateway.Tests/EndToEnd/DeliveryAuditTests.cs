using System.Net;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>The audit of the crash tests finds what it is there to find.</summary>
public sealed class DeliveryAuditTests : IAsyncDisposable
{
    private DeliveryAudit _audit = new(trust: TimeSpan.Zero);
    private readonly RawUe _handset = new("4940100001", new(IPAddress.Loopback, 9));
    private WebhookReceiver? _webhooks;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _handset.DisposeAsync();
        if (_webhooks is not null) await _webhooks.DisposeAsync();
    }

    /// <summary>+a promised, a displayed, =a told, ! a kill.</summary>
    [Theory]
    [InlineData("+a a =a +b b =b", "0 displayed again that were under way, 0 webhooks pushed again")]
    [InlineData("+a a ! a =a +b b =b", "1 displayed again that were under way, 0 webhooks pushed again")]
    [InlineData("+a a =a ! =a +b b =b", "0 displayed again that were under way, 1 webhooks pushed again")]
    [InlineData("+a +b ! a ! a =a b ! b =b", "2 displayed again that were under way, 0 webhooks pushed again")]
    public async Task What_the_design_allows_is_counted(string happened, string figures)
    {
        await HappenAsync(happened);
        Assert.Contains(figures, _audit.Check(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+a +b a =a =b", "or in another order")]
    [InlineData("+a a =a =a", "was pushed again, and no kill was between")]
    [InlineData("+a +b b =b a =a", "or in another order")]
    [InlineData("+a a =a b", "or in another order")]
    [InlineData("+a a a =a", "and no kill was between")]
    [InlineData("+a a ! =a a", "after its receipt")]
    [InlineData("+a +b a b ! a =a =b", "behind others")]
    [InlineData("+a +b ! a b ! b a =a =b", "behind others")]
    [InlineData("+a a ! A =a", "and it differs")]
    [InlineData("+a a =a ! ~a", "two things are told of")]
    [InlineData("+a a ~a", "status=delivered")]
    [InlineData("+a a =a =b", "Collection was not empty")]
    public async Task What_it_does_not_allow_is_told(string happened, string fault)
    {
        await HappenAsync(happened);
        Assert.Contains(fault, Assert.ThrowsAny<Exception>(() => _audit.Check()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kill_excuses_one_repeat_of_a_handset()
    {
        _audit = new DeliveryAudit(trust: TimeSpan.FromHours(1));
        await HappenAsync("+a +b ! a a b b =a =b");
        Assert.Contains("the second one for one kill", Assert.ThrowsAny<Exception>(() => _audit.Check()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nodes_are_many_those_answered_together_may_pass()
    {
        _audit = new DeliveryAudit(trust: TimeSpan.Zero, passing: TimeSpan.FromHours(1));
        await HappenAsync("+a +b b =b a =a");
        Assert.Contains("none lost", _audit.Check(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_waits_for_events_and_for_what_is_not_told_yet()
    {
        await HappenAsync("+a");
        var two = _audit.EventsAsync(2, Cancel);
        Assert.Equal(1, _audit.Open(_handset.Number));
        await HappenAsync("a");
        Assert.False(two.IsCompleted);
        await HappenAsync("=a");
        await two;
        Assert.Equal(0, _audit.Open(_handset.Number));
        await _audit.ToldAsync(Cancel);
    }

    private async Task HappenAsync(string happened)
    {
        if (_webhooks is null)
        {
            _webhooks = await WebhookReceiver.StartAsync(Cancel);
            _audit.Watch(_webhooks);
            _audit.Watch(_handset);
        }
        foreach (var word in happened.Split(' '))
        {
            switch (word)
            {
                case "!":
                    await _audit.OutageAsync(() => Task.CompletedTask);
                    break;
                case ['+', .. var text]:
                    _audit.Promised(_handset.Number, text, text);
                    break;
                case ['=', .. var text]:
                    _webhooks.Answer(Receipt(text, "delivered"));
                    break;
                case ['~', .. var text]:
                    _webhooks.Answer(Receipt(text, "failed"));
                    break;
                default:
                    _handset.Report(new RpMessage(1, 7, null, Deliver(word.ToLowerInvariant(), second: (byte)(char.IsUpper(word[0]) ? 1 : 0))));
                    break;
            }
        }
    }

    private static ReceivedWebhook Receipt(string id, string status) =>
        new("/receipt", new Dictionary<string, string> { ["messageId"] = id, ["status"] = status, ["message-timestamp"] = $"{Guid.NewGuid()}" });

    /// <summary>TS 23.040 §9.2.2.1, from +4940.</summary>
    private static byte[] Deliver(string text, byte second) =>
        [0x04, 0x04, 0x91, 0x94, 0x04, 0x00, 0x00, 0x62, 0x11, 0x32, 0x22, 0x00, second, 0x00, (byte)text.Length, .. Pdu.Pack(text, 0)];
}
