using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Xunit;

namespace Gateway.Tests.Handsets;

/// <summary>One SIP message as a peer without a stack sees it.</summary>
internal sealed class PeerMessage
{
    private readonly string[] _lines;

    public PeerMessage(byte[] datagram, IPEndPoint from)
    {
        var end = datagram.AsSpan().IndexOf("\r\n\r\n"u8);
        Assert.True(end > 0, "a message has an empty line");
        _lines = Encoding.UTF8.GetString(datagram, 0, end).Split("\r\n");
        Body = datagram[(end + 4)..];
        From = from;
    }

    public IPEndPoint From { get; }

    public byte[] Body { get; }

    public string Hex => Convert.ToHexString(Body);

    public string Text => Encoding.UTF8.GetString(Body);

    public string StartLine => _lines[0];

    public string RequestUri => StartLine.Split(' ')[1];

    public string CallId => this["Call-ID"];

    public string this[string name] =>
        Find(name) ?? throw new Xunit.Sdk.XunitException($"{StartLine} has no {name}:\n{string.Join('\n', _lines)}");

    public string? Find(string name) => All(name).FirstOrDefault();

    public IReadOnlyList<string> All(string name) =>
        [.. from line in _lines.Skip(1)
            where line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)
            select line[(name.Length + 1)..].Trim()];

    public uint Sequence => uint.Parse(this["CSeq"].Split(' ')[0]);

    /// <summary>The same for a retransmission.</summary>
    public string Transaction => StartLine + this["Via"] + this["CSeq"];
}

/// <summary>
/// The network as a raw UDP socket: registrar, service centre and S-CSCF in one, doing what the test says line by line. Retransmissions
/// are dropped; what does not come within ten seconds does not come.
/// </summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    public const string Domain = "ims.example.org";
    public const string ServiceCentre = $"sip:smsc@{Domain}";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Channel<PeerMessage> _arrived = Channel.CreateUnbounded<PeerMessage>();
    private readonly List<PeerMessage> _waiting = [];
    private readonly HashSet<string> _seen = [];
    private readonly Task _receiving;
    private int _calls;

    public ScriptedPeer() => _receiving = ReceiveAsync();

    public int Port => ((IPEndPoint)_socket.Client.LocalEndPoint!).Port;

    public string Uri => $"sip:127.0.0.1:{Port}";

    /// <summary>The next message whose first line begins so; others stay for later.</summary>
    public async Task<PeerMessage> ExpectAsync(string start, Func<PeerMessage, bool>? also = null)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            var index = _waiting.FindIndex(message =>
                message.StartLine.StartsWith(start, StringComparison.Ordinal) && also?.Invoke(message) != false);
            if (index >= 0)
            {
                var found = _waiting[index];
                _waiting.RemoveAt(index);
                return found;
            }

            try
            {
                _waiting.Add(await _arrived.Reader.ReadAsync(deadline.Token));
            }
            catch (OperationCanceledException)
            {
                var others = string.Join(", ", _waiting.Select(message => message.StartLine));
                throw new Xunit.Sdk.XunitException($"No '{start}' came. There are: {others}");
            }
        }
    }

    public void Respond(PeerMessage request, string status, params string[] headers)
    {
        var text = new StringBuilder($"SIP/2.0 {status}\r\n");
        foreach (var name in new[] { "Via", "From", "Call-ID", "CSeq" }) text.Append($"{name}: {request[name]}\r\n");
        text.Append($"To: {request["To"]}{(request["To"].Contains("tag=") ? "" : ";tag=peer")}\r\n");
        foreach (var header in headers) text.Append(header).Append("\r\n");
        text.Append("Content-Length: 0\r\n\r\n");
        _socket.Send(Encoding.UTF8.GetBytes(text.ToString()), request.From);
    }

    /// <summary>200 to a REGISTER, with its contact for so many seconds.</summary>
    public void Grant(PeerMessage register, int seconds = 3600, params string[] headers) =>
        Respond(register, "200 OK", [$"Contact: {register["Contact"]};expires={seconds}", .. headers]);

    /// <summary>
    /// A MESSAGE to the contact of <paramref name="register"/>, in a new transaction; answers its Call-ID, which may be among the headers.
    /// </summary>
    public string Message(PeerMessage register, string contentType, byte[] body, params string[] headers) =>
        Request("MESSAGE", register, body, [.. headers, $"Content-Type: {contentType}"]);

    public string Request(string method, PeerMessage register, byte[] body, params string[] headers)
    {
        var number = Interlocked.Increment(ref _calls);
        var callId = headers.FirstOrDefault(header => header.StartsWith("Call-ID: "))?["Call-ID: ".Length..] ?? $"call-{number}@{Domain}";
        var contact = ContactOf(register);
        var text = new StringBuilder($"{method} {contact} SIP/2.0\r\n");
        text.Append($"Via: SIP/2.0/UDP 127.0.0.1:{Port};branch=z9hG4bKpeer{number};rport\r\nMax-Forwards: 69\r\n");
        text.Append($"From: <{ServiceCentre}>;tag=sc{number}\r\nTo: {register["To"]}\r\nCall-ID: {callId}\r\nCSeq: 1 {method}\r\n");
        foreach (var header in headers.Where(header => !header.StartsWith("Call-ID: "))) text.Append(header).Append("\r\n");
        text.Append($"Content-Length: {body.Length}\r\n\r\n");
        _socket.Send([.. Encoding.UTF8.GetBytes(text.ToString()), .. body], register.From);
        return callId;
    }

    /// <summary>An RP message, asserted by the service centre.</summary>
    public string Rp(PeerMessage register, string hex, params string[] headers) =>
        Message(register, "application/vnd.3gpp.sms", Convert.FromHexString(hex.Replace(" ", "")),
            [$"P-Asserted-Identity: <{ServiceCentre}>", .. headers]);

    /// <summary>The handset's 200 and then its RP report for this Call-ID, which is answered 202.</summary>
    public async Task<PeerMessage> ExpectReportAsync(string callId)
    {
        await ExpectAsync("SIP/2.0 200", answer => answer.CallId == callId);
        var report = await ExpectAsync("MESSAGE", message => message.Find("In-Reply-To") == callId);
        Respond(report, "202 Accepted");
        return report;
    }

    public static string ContactOf(PeerMessage register) => register["Contact"].Split('<', '>')[1];

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _receiving;
    }

    private async Task ReceiveAsync()
    {
        while (true)
        {
            try
            {
                var datagram = await _socket.ReceiveAsync();
                var message = new PeerMessage(datagram.Buffer, datagram.RemoteEndPoint);
                if (_seen.Add(message.Transaction)) _arrived.Writer.TryWrite(message);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                if (e is ObjectDisposedException || _socket.Client is null) return;
            }
        }
    }
}
