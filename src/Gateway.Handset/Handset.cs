using System.Net;
using Gateway.Sip;
using Microsoft.Extensions.Logging;

namespace Gateway.Handset;

/// <summary>
/// A software handset: registers, takes and acknowledges messages, sends its own. VoLTE (TS 24.341) or OTT (RFC 3428), over
/// the real stack. It listens on a port of its own, or behind an endpoint that many handsets share.
/// </summary>
public sealed partial class Handset : IAsyncDisposable
{
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly HandsetEndpoint? _shared;
    private readonly UserAgent _userAgent;
    private readonly Registration _registration;
    private readonly MoMessages _mo;
    private readonly MtMessages _mt;
    private readonly OttMessages _ott;
    private readonly Shown _shown;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Queue<ReceivedText> _received = [];
    private HandsetEndpoint? _endpoint;
    private Contact? _contact;
    private Behaviour _behaviour = Behaviour.Accept;

    /// <param name="options">What it is.</param>
    /// <param name="time">All its time.</param>
    /// <param name="loggers">For what its user is not told.</param>
    /// <param name="shared">A started endpoint, which outlives the handset; null: one of its own.</param>
    /// <exception cref="ArgumentException">The options are not those of a handset; the message says which.</exception>
    public Handset(HandsetOptions options, TimeProvider time, ILoggerFactory loggers, HandsetEndpoint? shared = null)
    {
        options.Check();
        Options = options;
        (_time, _loggers, _shared) = (time, loggers, shared);
        _logger = loggers.CreateLogger<Handset>();
        _userAgent = new UserAgent(options);
        _registration = new Registration(
            options, _userAgent, time, state => OnRegistration?.Invoke(state), loggers.CreateLogger<Registration>());
        _shown = new Shown(options.Digits, Counters, time, Take);
        var relay = new Relay(_userAgent, time);
        _mo = new MoMessages(options, relay);
        _mt = new MtMessages(options, _userAgent, relay, _mo, _shown, Counters, time, loggers.CreateLogger<MtMessages>())
        {
            OnStatusReport = report => OnStatusReport?.Invoke(report),
            OnReported = callId => OnReported?.Invoke(callId),
        };
        _ott = new OttMessages(options, _userAgent, Counters, time, Take, loggers.CreateLogger<OttMessages>())
        {
            OnNotification = notification => OnNotification?.Invoke(notification),
        };
    }

    /// <summary>A text is whole. Called before the message is acknowledged, and for one message at a time as networks send them.</summary>
    public event Action<ReceivedText>? OnText;

    public event Action<StatusReport>? OnStatusReport;

    /// <summary>The network has taken the RP report on the MESSAGE with this Call-ID (2xx). Of VoLTE handsets.</summary>
    public event Action<string>? OnReported;

    /// <summary>RFC 5438: what became of a message whose sender asked to be told. Of OTT clients.</summary>
    public event Action<DispositionNotification>? OnNotification;

    /// <summary>A REGISTER has come to its end, well or not.</summary>
    public event Action<RegistrationState>? OnRegistration;

    public HandsetOptions Options { get; }

    public HandsetCounters Counters { get; } = new();

    public SipUri Identity => Options.PublicIdentity;

    /// <summary>What it registers; null before <see cref="StartAsync"/>.</summary>
    public SipUri? Contact => _contact?.Uri;

    public RegistrationState Registration => _registration.State;

    /// <summary>What it does with the messages that come from now on.</summary>
    public Behaviour Behaviour
    {
        get => Volatile.Read(ref _behaviour);
        set => Volatile.Write(ref _behaviour, value);
    }

    /// <summary>The last <see cref="HandsetOptions.MaxReceived"/> texts, oldest first.</summary>
    public IReadOnlyList<ReceivedText> Received
    {
        get
        {
            lock (_received)
                return [.. _received];
        }
    }

    /// <summary>
    /// Listens, and begins to register and to stay registered; <see cref="WhenRegisteredAsync"/> waits for that. After
    /// <see cref="DeregisterAsync"/> it registers again.
    /// </summary>
    /// <exception cref="IOException">The port is taken; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The shared endpoint has a handset of this number or identity.</exception>
    public async Task StartAsync(CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_endpoint is null) await AttachAsync(cancellation);
            await _registration.StartAsync(_contact!);
        }
        finally
        {
            _turn.Release();
        }
    }

    public Task<RegistrationState> WhenRegisteredAsync(CancellationToken cancellation = default) =>
        _registration.WhenAsync(state => state.IsRegistered, cancellation);

    /// <summary>Waits for the first answer to REGISTER, whatever it is, or for none.</summary>
    public Task<RegistrationState> WhenRegistrationTriedAsync(CancellationToken cancellation = default) =>
        _registration.WhenAsync(state => state.IsTried, cancellation);

    /// <summary>Takes this contact, and no other, off the registrar, and leaves it off.</summary>
    public async Task DeregisterAsync(CancellationToken cancellation = default)
    {
        if (_contact is not { } contact) return;
        var outcome = await _registration.DeregisterAsync(contact, cancellation);
        if (outcome.Response is not { IsSuccess: true }) LogStillRegistered(Identity, Words.Of(outcome));
    }

    /// <summary>
    /// Sends a text and waits for what becomes of it: over VoLTE for the RP report of each part, over OTT for the SIP answer.
    /// Messages of one handset wait for one another.
    /// </summary>
    /// <param name="to">A number; over OTT also a SIP or tel URI.</param>
    /// <param name="text">As long as 255 parts hold.</param>
    /// <param name="how">Null for the defaults.</param>
    /// <param name="cancellation">Ends the waiting; what is sent is sent.</param>
    public async Task<SendResult> SendAsync(string to, string text, SendOptions? how = null, CancellationToken cancellation = default)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        var result = Options.Kind == HandsetKind.Volte
            ? await _mo.SendAsync(to, text, how ?? SendOptions.Default, ended.Token)
            : await _ott.SendAsync(to, text, how ?? SendOptions.Default, ended.Token);
        Counters.CountSend(result.IsAccepted);
        return result;
    }

    /// <summary>
    /// There is room again: a <see cref="Handset.Behaviour"/> of <see cref="Behaviour.Full"/> ends, and the network is told by RP-SMMA.
    /// </summary>
    /// <exception cref="InvalidOperationException">An OTT client has no way to say so.</exception>
    public async Task<SendResult> MemoryAvailableAsync(CancellationToken cancellation = default)
    {
        if (Options.Kind != HandsetKind.Volte) throw new InvalidOperationException("RP-SMMA is of VoLTE handsets.");
        if (Behaviour == Behaviour.Full) Behaviour = Behaviour.Accept;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        return await _mo.MemoryAvailableAsync(ended.Token);
    }

    /// <summary>Vanishes without a word to the registrar, as a phone whose battery is taken out.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await _registration.StopAsync();
        _endpoint?.Remove(this);
        if (_endpoint is not null && _endpoint != _shared) await _endpoint.DisposeAsync();
        _shown.Dispose();
    }

    internal async Task OnRequestAsync(IncomingRequest incoming)
    {
        try
        {
            await (incoming.Request.Method switch
            {
                SipMethod.Message => OnMessageAsync(incoming),
                SipMethod.Options => AnswerAsync(incoming, 200),
                _                 => AnswerAsync(incoming, 405),
            });
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            incoming.Ignore();   // it has vanished
        }
    }

    private string Accepted => Options.Kind == HandsetKind.Volte ? Relay.ContentType : OttMessages.Accepted;

    private async Task OnMessageAsync(IncomingRequest incoming)
    {
        Counters.CountMessage();
        var behaviour = Behaviour;
        if (behaviour is Behaviour.Deafness || (behaviour is Behaviour.Silence && Options.Kind == HandsetKind.Ott))
        {
            incoming.Ignore();
            return;
        }

        var type = incoming.Request.Headers.TryGet<MediaType>(HeaderName.ContentType, out var stated) ? stated : default;
        if (type.Type is OttMessages.IsComposing) await AnswerAsync(incoming, 200);   // RFC 3994: nothing to show
        else if (Options.Kind == HandsetKind.Volte && type.Is(Relay.ContentType)) await _mt.OnMessageAsync(incoming, behaviour, _stopping.Token);
        else if (Options.Kind == HandsetKind.Ott && OttMessages.Takes(type)) await _ott.OnMessageAsync(incoming, type, behaviour, _stopping.Token);
        else await AnswerAsync(incoming, 415);
    }

    private Task AnswerAsync(IncomingRequest incoming, int statusCode)
    {
        var response = incoming.Request.CreateResponse(statusCode);
        if (statusCode != 415) response.Headers.Add(HeaderName.Allow, $"{SipMethod.Message}, {SipMethod.Options}");
        response.Headers.Add(HeaderName.Accept, Accepted);
        return incoming.RespondAsync(response);
    }

    private async Task AttachAsync(CancellationToken cancellation)
    {
        var listen = Options.Listen ?? new IPEndPoint(await _userAgent.LocalAddressAsync(cancellation), 0);
        var endpoint = _shared ?? await HandsetEndpoint.StartAsync(listen, Options.Timers, _time, _loggers, cancellation);
        _userAgent.Attach(endpoint.Sip);
        var transport = UserAgent.TransportOf(Options.FirstHop) ?? SipTransportKind.Udp;
        var local = endpoint.AddressFor(transport);
        if (local.Address.Equals(IPAddress.Any) || local.Address.Equals(IPAddress.IPv6Any))
            local = new IPEndPoint(await _userAgent.LocalAddressAsync(cancellation), local.Port);
        _contact = CreateContact(local, transport);
        endpoint.Add(new[] { Options.Digits, Identity.Number ?? Identity.User ?? Options.Digits }.Distinct(), this);
        _endpoint = endpoint;
    }

    /// <summary>The features by which networks choose how to reach it (RFC 3840, TS 24.341 §5.3.2.2).</summary>
    private Contact CreateContact(IPEndPoint local, SipTransportKind transport)
    {
        var uri = SipUri.Create(Options.Digits, local);
        if (transport != SipTransportKind.Udp) uri = uri.WithParameter("transport", transport.ToString().ToLowerInvariant());
        var parameters = SipParameters.Empty;
        if (Options.Kind == HandsetKind.Volte)
        {
            parameters = parameters
                .With("+g.3gpp.icsi-ref", "urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel", quoted: true)
                .With(FeatureTags.SmsOverIp);
        }

        parameters = parameters.With("+sip.instance", $"<{Options.Instance}>", quoted: true);
        return new Contact(new NameAddr(uri) { Parameters = parameters });
    }

    private void Take(ReceivedText text)
    {
        lock (_received)
        {
            if (_received.Count >= Options.MaxReceived) _received.Dequeue();
            _received.Enqueue(text);
        }

        OnText?.Invoke(text);
    }

    [LoggerMessage(7021, LogLevel.Warning, "{Identity} could not leave its registrar: {Reason}")]
    private partial void LogStillRegistered(SipUri identity, string reason);
}
