using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>
/// A handset or text client of the tests' own, on a raw socket: registers, sends and takes MESSAGEs, and as a VoLTE handset answers RP-DATA
/// with RP-ACK. What it does with a message can be scripted.
/// </summary>
internal sealed class RawUe : IAsyncDisposable
{
    public const string VolteTags =
        ";+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\";+g.3gpp.smsip;+sip.instance=\"<urn:gsma:imei:35676506-815566-0>\"";
    public const string OttTags = "";

    private static readonly TimeSpan T1 = TimeSpan.FromMilliseconds(500), T2 = TimeSpan.FromSeconds(4), TimerF = TimeSpan.FromSeconds(32);

    private readonly SipSocket _socket;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _receiving;
    private readonly string _tag = Token(), _registerCallId = Token();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<RawSip>> _asked = new();
    private readonly ConcurrentDictionary<string, byte[]?> _answered = new();
    private int _registerCSeq, _notifyCSeq, _reference;

    /// <param name="number">E.164 digits without plus.</param>
    /// <param name="server">The network, or the gateway's own registrar.</param>
    /// <param name="originating">Headers that its P-CSCF would put on what it sends.</param>
    public RawUe(string number, IPEndPoint server, bool tcp = false, IPAddress? bindTo = null, TlsFolder? tls = null, params string[] originating)
    {
        Number = number;
        Originating = originating;
        _socket = new SipSocket(server, tcp, bindTo, tls);
        _receiving = _socket.ReceiveAsync(OnMessageAsync, _closing.Token);
    }

    public string Number { get; }
    public string Identity => $"sip:+{Number}@{GatewayProcess.Domain}";
    public string Contact => $"sip:+{Number}@{_socket.Local}{(_socket.IsTcp ? $";transport={_socket.Transport.ToLowerInvariant()}" : "")}";
    public IReadOnlyList<string> Originating { get; }

    /// <summary>Requests that came, without retransmissions.</summary>
    public Arrivals<RawSip> Requests { get; } = new("the handset");

    /// <summary>Status of the answer to a request, with headers of its own behind it if any; null: no answer, or one by <see cref="AnswerAsync"/>.</summary>
    public Func<RawSip, string?> Answer { get; set; } = _ => "200 OK";

    /// <summary>What follows the SIP answer to an RP-DATA: the octets of an RP-ACK or RP-ERROR, or null for silence.</summary>
    public Func<RpMessage, byte[]?> Report { get; set; } = rp => Pdu.RpAck(rp.Reference);

    public async Task<RawSip> RegisterAsync(CancellationToken cancel, string tags = VolteTags, int expires = 600)
    {
        var response = await RequestAsync("REGISTER", $"sip:{GatewayProcess.Domain}", cancel, to: Identity, callId: _registerCallId,
            cseq: Interlocked.Increment(ref _registerCSeq), headers: [$"Contact: <{Contact}>{tags}", $"Expires: {expires}", "Supported: path"]);
        return response.Status == 200 ? response : throw new InvalidOperationException($"REGISTER: {response.StartLine}");
    }

    public Task DeregisterAsync(CancellationToken cancel, string tags = VolteTags) => RegisterAsync(cancel, tags, expires: 0);

    /// <summary>The oldest MESSAGE with an RP-DATA.</summary>
    public async Task<ReceivedSms> SmsAsync(CancellationToken cancel, TimeSpan? within = null)
    {
        var message = await Requests.NextAsync(request => request is { IsMessage: true, Is3gppSms: true } && RpMessage.Read(request.Body).IsData,
            cancel, within);
        return new ReceivedSms(message, RpMessage.Read(message.Body));
    }

    /// <summary>The RP-ACK or RP-ERROR that ties itself to this Call-ID.</summary>
    public async Task<RpMessage> ReportAsync(string callId, CancellationToken cancel)
    {
        var message = await Requests.NextAsync(request => request is { IsMessage: true, Is3gppSms: true } && request["In-Reply-To"] == callId,
            cancel);
        return RpMessage.Read(message.Body);
    }

    /// <summary>The oldest MESSAGE with a text.</summary>
    public Task<RawSip> TextAsync(CancellationToken cancel, TimeSpan? within = null) =>
        Requests.NextAsync(request => request is { IsMessage: true, IsText: true }, cancel, within);

    /// <summary>An RP message to the service centre; its Call-ID, which the RP answer will name, and the SIP answer.</summary>
    public async Task<(string CallId, RawSip Response)> SendRpAsync(byte[] rp, CancellationToken cancel,
        string? inReplyTo = null, string? to = null)
    {
        var callId = Token();
        string[] headers = inReplyTo is null ? [] : [$"In-Reply-To: {inReplyTo}"];
        return (callId, await MessageAsync(to ?? GatewayProcess.ServiceCentre, "application/vnd.3gpp.sms", rp, cancel, callId, headers));
    }

    /// <summary>SMS-SUBMITs of a text, one after the other as a handset does it: each waits for the RP report of the one before.</summary>
    public async Task<IReadOnlyList<RpMessage>> SubmitAsync(string to, string text, CancellationToken cancel, bool statusReport = false)
    {
        var reports = new List<RpMessage>();
        foreach (var submit in Pdu.Submits(to, text, (byte)Interlocked.Increment(ref _reference), statusReport))
        {
            var (callId, response) = await SendRpAsync(Pdu.RpData((byte)Interlocked.Increment(ref _reference), submit), cancel);
            if (response.Status is < 200 or > 299) throw new InvalidOperationException($"MESSAGE with RP-DATA: {response.StartLine}");
            reports.Add(await ReportAsync(callId, cancel));
        }
        return reports;
    }

    public Task<RawSip> SendTextAsync(string toNumber, string text, CancellationToken cancel) =>
        MessageAsync($"sip:+{toNumber}@{GatewayProcess.Domain}", "text/plain;charset=utf-8", Encoding.UTF8.GetBytes(text), cancel);

    public Task<RawSip> MessageAsync(string uri, string contentType, byte[] body, CancellationToken cancel, string? callId = null,
        params string[] headers) =>
        RequestAsync("MESSAGE", uri, cancel, callId: callId, body: body, headers: [.. Originating, .. headers, $"Content-Type: {contentType}"]);

    /// <summary>A NOTIFY of the reg event package in the dialog that a SUBSCRIBE to us made.</summary>
    public Task<RawSip> NotifyAsync(RawSip subscribe, byte[] reginfo, CancellationToken cancel, bool otherDialog = false) =>
        RequestAsync("NOTIFY", subscribe["Contact"]!.Trim('<', '>'), cancel, to: subscribe["From"], from: subscribe["To"]!.Trim('<', '>'),
            callId: otherDialog ? Token() : subscribe["Call-ID"], cseq: Interlocked.Increment(ref _notifyCSeq), body: reginfo,
            headers: ["Event: reg", "Subscription-State: active;expires=600", $"Contact: <{Contact}>",
                "Content-Type: application/reginfo+xml"]);

    /// <summary>Sends a request, again and again over UDP (RFC 3261 §17.1.2), and returns its final answer.</summary>
    public async Task<RawSip> RequestAsync(string method, string uri, CancellationToken cancel, string? to = null, string? from = null,
        string? callId = null, int cseq = 1, byte[]? body = null, params string[] headers)
    {
        var branch = $"z9hG4bK{Token()}";
        var text = new StringBuilder($"{method} {uri} SIP/2.0\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Via: SIP/2.0/{_socket.Transport} {_socket.Local};branch={branch};rport\r\n");
        text.Append(CultureInfo.InvariantCulture, $"From: <{from ?? Identity}>;tag={_tag}\r\nTo: {(to is ['<', ..] ? to : $"<{to ?? uri}>")}\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Call-ID: {callId ?? Token()}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n");
        foreach (var header in headers) text.Append(header).Append("\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Content-Length: {body?.Length ?? 0}\r\n\r\n");
        return await SendRequestAsync([.. Encoding.UTF8.GetBytes(text.ToString()), .. body ?? []], $"{branch} {method}", cancel);
    }

    /// <summary>Octets as they are, with a Via whose branch and CSeq method make <paramref name="key"/>.</summary>
    public async Task<RawSip> SendRequestAsync(byte[] octets, string key, CancellationToken cancel)
    {
        var answer = _asked[key] = new TaskCompletionSource<RawSip>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var start = Stopwatch.GetTimestamp();
            for (var interval = T1; Stopwatch.GetElapsedTime(start) < TimerF; interval = interval * 2 < T2 ? interval * 2 : T2)
            {
                if (!_socket.IsTcp || interval == T1) await _socket.SendAsync(octets, null, cancel);
                if (await Task.WhenAny(answer.Task, Task.Delay(interval, TimeProvider.System, cancel)) == answer.Task) return await answer.Task;
                cancel.ThrowIfCancellationRequested();
            }
            throw new TimeoutException($"no final answer to {key}");
        }
        finally
        {
            _asked.TryRemove(key, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _socket.Dispose();
        await _receiving;
        _closing.Dispose();
    }

    private async Task OnMessageAsync(RawSip message, IPEndPoint from)
    {
        if (!message.IsRequest)
        {
            if (message.Status >= 200 && _asked.TryGetValue(message.Key, out var asked)) asked.TrySetResult(message);
            return;
        }
        if (_answered.TryGetValue(message.Key, out var before)) // a retransmission gets what the first one got
        {
            if (before is not null) await _socket.SendAsync(before, from, _closing.Token);
            return;
        }
        _answered[message.Key] = null;
        if (Answer(message) is { } status) await AnswerAsync(message, status, from);
        Requests.Add(message);
    }

    /// <summary>The answer to a request that has had none, and what a handset does after it.</summary>
    public async Task AnswerAsync(RawSip message, string status, IPEndPoint? from = null)
    {
        var response = message.Response(status, _tag);
        _answered[message.Key] = response;
        await _socket.SendAsync(response, from, _closing.Token);
        if (status is not ['2', ..] || message is not { IsMessage: true, Is3gppSms: true }) return;
        if (RpMessage.Read(message.Body) is { IsData: true } rp && Report(rp) is { } report) _ = ReportBackAsync(report, message);
    }

    /// <summary>TS 24.341 §5.3.2.4: to the asserted identity of the service centre, tied by In-Reply-To.</summary>
    private async Task ReportBackAsync(byte[] report, RawSip message)
    {
        try
        {
            await SendRpAsync(report, _closing.Token, inReplyTo: message["Call-ID"], to: message["P-Asserted-Identity"]!.Trim('<', '>'));
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // The gateway is down for longer than a handset repeats itself: it will send the message again.
        }
    }

    private static string Token() => Guid.NewGuid().ToString("N");
}

/// <summary>A MESSAGE that brought an RP-DATA.</summary>
internal sealed record ReceivedSms(RawSip Message, RpMessage Rp)
{
    public SmsTpdu Tpdu { get; } = SmsTpdu.Read(Rp.Tpdu);
}
