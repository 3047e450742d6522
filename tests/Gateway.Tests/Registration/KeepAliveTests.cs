using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Registration;
using Gateway.Sip;
using Gateway.Store;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Registration;

/// <summary>The OPTIONS to contacts behind NAT, with a clock of the test's own.</summary>
public sealed class KeepAliveTests : IAsyncLifetime
{
    private const int Interval = 10;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-keep-alive-");
    private readonly SipSocket _phone = new(new IPEndPoint(IPAddress.Loopback, 9), tcp: false, null, null);
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentQueue<(string Uri, DateTimeOffset At)> _asked = new();
    private readonly ConcurrentQueue<string> _gone = new();
    private readonly ConcurrentDictionary<string, bool> _branches = new();
    private SipEndpoint? _endpoint;
    private GatewayStore? _store;
    private KeepAlive? _keepAlive;
    private Task? _receiving;
    private string? _answer;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _endpoint = new SipEndpoint(new SipEndpointOptions { Listen = [SipListenAddress.Parse("udp://127.0.0.1:0")] }, _time, NullLoggerFactory.Instance);
        await _endpoint.StartAsync(Cancel);
        _store = new GatewayStore(
            new StoreOptions { ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "gateway.db")}" }, _time, NullLoggerFactory.Instance);
        await _store.MigrateAsync(Cancel);
        _keepAlive = new KeepAlive(
            _endpoint, new SipSettings { Registrar = new() { KeepAlive = Interval } }, _store, _time, NullLogger<KeepAlive>.Instance)
        {
            OnGone = contact =>
            {
                _gone.Enqueue(contact.Uri);
                _keepAlive!.Keep(contact.Subscriber, []);
                return Task.CompletedTask;
            },
        };
        _receiving = _phone.ReceiveAsync(OnMessageAsync, _closing.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _keepAlive!.StopAsync(Cancel);
        _keepAlive.Dispose();
        await _endpoint!.DisposeAsync();
        await _store!.DisposeAsync();
        await _closing.CancelAsync();
        _phone.Dispose();
        await _receiving!;
        _closing.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Who_leaves_three_in_a_row_unanswered_is_gone()
    {
        var start = _time.GetUtcNow();
        _keepAlive!.Keep("4940100001", [ContactOf("4940100001")]);
        await _keepAlive.StartAsync(Cancel);

        await AdvanceUntilAsync(() => !_gone.IsEmpty && _asked.Count >= KeepAlive.FailuresAllowed, "the contact is gone");

        Assert.Equal("sip:4940100001@192.168.1.2:5060", Assert.Single(_gone));
        Assert.Equal(KeepAlive.FailuresAllowed, _asked.Count);
        Assert.True(_time.GetUtcNow() - start >= KeepAlive.FailuresAllowed * TimeSpan.FromSeconds(32));
    }

    [Theory]
    [InlineData("200 OK")]
    [InlineData("481 Call/Transaction Does Not Exist")]
    public async Task Any_answer_is_a_sign_of_life(string answer)
    {
        _answer = answer;
        _keepAlive!.Keep("4940100001", [ContactOf("4940100001")]);
        await _keepAlive.StartAsync(Cancel);

        await AdvanceUntilAsync(() => _asked.Count >= 12, "it is asked again and again");

        Assert.Empty(_gone);
        Assert.All(_asked.Zip(_asked.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromSeconds(Interval - 1)));
    }

    [Fact]
    public async Task After_a_restart_those_behind_nat_are_kept_and_all_are_spread_over_the_interval()
    {
        _answer = "200 OK";
        const int Contacts = 400;
        await _store!.Writer.WriteAsync(new StoreChange
        {
            Other = db =>
            {
                for (var i = 0; i < Contacts; i++) db.Contacts.Add(ContactOf((4940200000 + i).ToString(CultureInfo.InvariantCulture)));
                db.Contacts.Add(ContactOf("4940300001", $"sip:plain@{_phone.Local}"));
                db.Contacts.Add(ContactOf("4940300002", expires: TimeSpan.FromSeconds(-1)));
            },
        }, Cancel);
        await _keepAlive!.StartAsync(Cancel);

        await AdvanceUntilAsync(() => _asked.Select(asked => asked.Uri).Distinct().Count() >= Contacts, "all are asked");

        Assert.DoesNotContain(_asked, asked => asked.Uri.Contains("plain", StringComparison.Ordinal) || asked.Uri.Contains("4940300002", StringComparison.Ordinal));
        Assert.All(_asked.GroupBy(asked => asked.At), second => Assert.InRange(second.Count(), 1, Contacts / Interval * 3));
    }

    [Fact]
    public async Task What_another_node_may_have_registered_is_never_gone_by_silence_here()
    {
        _store!.Nodes.Join(1);
        await _store.Writer.WriteAsync(new StoreChange { Other = db => db.Contacts.Add(ContactOf("4940100001")) }, Cancel);
        await _keepAlive!.StartAsync(Cancel);

        await AdvanceUntilAsync(() => _asked.Count >= 2 * KeepAlive.FailuresAllowed, "it is asked again and again");

        Assert.Empty(_gone);
    }

    private ContactRow ContactOf(string number, string? uri = null, TimeSpan? expires = null) => new()
    {
        Subscriber = number,
        PublicUserIdentity = $"sip:+{number}@ims.lab",
        Uri = uri ?? $"sip:{number}@192.168.1.2:5060",
        Binding = uri ?? $"sip:{number}@192.168.1.2:5060",
        ExpiresAt = (_time.GetUtcNow() + (expires ?? TimeSpan.FromDays(1))).ToUnixTimeMilliseconds(),
        Flow = $"udp:{_phone.Local}",
    };

    private async Task OnMessageAsync(RawSip message, IPEndPoint from)
    {
        if (_branches.TryAdd(message.Branch, true)) _asked.Enqueue((message.RequestUri, _time.GetUtcNow()));
        if (_answer is not null) await _phone.SendAsync(message.Response(_answer, "phone"), from, _closing.Token);
    }

    /// <summary>Second by second, each when what the one before led to is done: an answer that is still on its way must not look like silence.</summary>
    private async Task AdvanceUntilAsync(Func<bool> condition, string what)
    {
        await Deadline.UntilAsync(() => Task.FromResult(_keepAlive!.Looks >= 0), () => "the keep-alives begin", Cancel, Deadline.Start);
        await Deadline.UntilAsync(
            async () =>
            {
                var looks = _keepAlive!.Looks;
                _time.Advance(TimeSpan.FromSeconds(1));
                await Deadline.UntilAsync(
                    () => Task.FromResult(_keepAlive.Looks > looks && (_answer is null || _keepAlive.UnderWay == 0)),
                    () => $"the second is done in which {what}", Cancel, Deadline.Start);
                return condition();
            },
            () => what, Cancel, Deadline.Start);
    }
}
