using System.Threading.Channels;
using Gateway.Handset;
using Gateway.Sip;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Phone = Gateway.Handset.Handset;

namespace Gateway.Tests.Handsets;

/// <summary>A handset and its scripted network; the tests of a class share nothing.</summary>
public abstract class HandsetFixture : IAsyncLifetime
{
    protected const string Number = "+4940111222";
    protected const string Identity = $"sip:{Number}@{ScriptedPeer.Domain}";

    private readonly List<Phone> _phones = [];
    private readonly Channel<ReceivedText> _texts = Channel.CreateUnbounded<ReceivedText>();

    internal ScriptedPeer Peer { get; } = new();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var phone in _phones) await phone.DisposeAsync();
        await Peer.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected HandsetOptions Options(HandsetKind kind = HandsetKind.Volte) => new()
    {
        Kind = kind, Number = Number, Registrar = SipUri.Parse(Peer.Uri), FirstRetry = TimeSpan.FromMilliseconds(20),
    };

    protected Phone Make(HandsetOptions options, HandsetEndpoint? shared = null)
    {
        var phone = new Phone(options, TimeProvider.System, NullLoggerFactory.Instance, shared);
        phone.OnText += text => _texts.Writer.TryWrite(text);
        _phones.Add(phone);
        return phone;
    }

    /// <summary>A handset that is registered, and its REGISTER.</summary>
    internal async Task<(Phone Phone, PeerMessage Register)> RegisteredAsync(HandsetOptions? options = null, HandsetEndpoint? shared = null)
    {
        var phone = Make(options ?? Options(), shared);
        await phone.StartAsync(Cancellation);
        var register = await Peer.ExpectAsync("REGISTER");
        Peer.Grant(register);
        await phone.WhenRegisteredAsync(Cancellation);
        return (phone, register);
    }

    protected async Task<ReceivedText> TextAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(10));
        return await _texts.Reader.ReadAsync(deadline.Token);
    }

    protected static async Task WaitAsync(Func<bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(10));
        while (!condition()) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, deadline.Token);
    }

    protected bool NoMoreTexts => _texts.Reader.Count == 0;
}
