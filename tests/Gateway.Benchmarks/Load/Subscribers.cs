using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Gateway.Handset;
using Gateway.Sip;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks.Load;

/// <summary>Software handsets behind a few sockets; what they show and acknowledge is written into the ledger.</summary>
internal sealed class Subscribers : IAsyncDisposable
{
    private const long FirstNumber = 494_010_000_000;
    private const int Sockets = 8, AtOnce = 256;

    private readonly List<HandsetEndpoint> _sockets = [];
    private readonly List<Handset.Handset> _handsets = [];
    private readonly ConcurrentDictionary<string, int> _unacknowledged = new(StringComparer.Ordinal);
    private Ledger _ledger = new(0);

    public int Count => _handsets.Count;

    /// <summary>Where from now on is written what they show.</summary>
    public Ledger Ledger
    {
        set => Volatile.Write(ref _ledger, value);
    }

    /// <param name="count">How many.</param>
    /// <param name="kind">VoLTE, or text clients.</param>
    /// <param name="registrar">Where they will register.</param>
    /// <param name="domain">Their home.</param>
    /// <param name="report">False: they send no RP report, for a network that takes none.</param>
    public static async Task<Subscribers> CreateAsync(int count, HandsetKind kind, IPEndPoint registrar, string domain, bool report = true)
    {
        var all = new Subscribers();
        for (var i = 0; i < Sockets; i++)
            all._sockets.Add(await HandsetEndpoint.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), new SipTimers(), TimeProvider.System, NullLoggerFactory.Instance));
        for (var i = 0; i < count; i++)
        {
            var options = new HandsetOptions
            {
                Kind = kind, Number = NumberOf(i), Registrar = SipUri.Parse($"sip:{registrar}"), Domain = domain, MaxReceived = 1,
                AssertIdentity = true, // as an S-CSCF passes its subscribers' requests on
            };
            var handset = new Handset.Handset(options, TimeProvider.System, NullLoggerFactory.Instance, all._sockets[i % Sockets]);
            if (!report) handset.Behaviour = Behaviour.Silent;
            var acknowledges = report && kind == HandsetKind.Volte;
            handset.OnText += text => all.Show(text, acknowledges);
            handset.OnReported += all.Reported;
            all._handsets.Add(handset);
        }
        return all;
    }

    public static string NumberOf(int subscriber) => (FirstNumber + subscriber).ToString(CultureInfo.InvariantCulture);

    public Handset.Handset this[int subscriber] => _handsets[subscriber];

    /// <summary>All at once, so far as a registrar can be asked at once.</summary>
    public Task RegisterAsync() => Parallel.ForEachAsync(_handsets, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (handset, cancel) =>
    {
        await handset.StartAsync(cancel);
        await handset.WhenRegisteredAsync(cancel);
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var handset in _handsets) await handset.DisposeAsync();
        foreach (var socket in _sockets) await socket.DisposeAsync();
    }

    private void Show(ReceivedText text, bool acknowledges)
    {
        var ledger = Volatile.Read(ref _ledger);
        if (ledger.Shown(text.Text) is not { } number) return;
        if (acknowledges) _unacknowledged[text.CallId] = number;
        else ledger.Acknowledged(number);
    }

    private void Reported(string callId)
    {
        if (_unacknowledged.TryRemove(callId, out var number)) Volatile.Read(ref _ledger).Acknowledged(number);
    }
}
