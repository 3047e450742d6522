using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>A text client on a WebSocket, with a contact nobody can connect to, as a browser's; it proves who it is by digest, and knows MD5 alone and the last challenge, as the libraries of browsers do.</summary>
internal sealed partial class WebSocketUe : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[131_072];
    private readonly string _tag = Token(), _registerCallId = Token();
    private readonly Queue<RawSip> _requests = [];
    private int _cseq;

    private WebSocketUe(string number, string password, string host) => (Number, Password, Contact) = (number, password, $"sip:{Token()[..8]}@{host};transport=ws");

    public string Number { get; }
    public string Password { get; }
    public string Contact { get; }
    public string Identity => $"sip:+{Number}@{GatewayProcess.Domain}";
    public ClientWebSocket Socket => _socket;

    public static async Task<WebSocketUe> ConnectAsync(int port, string number, string password, CancellationToken cancel)
    {
        var ue = new WebSocketUe(number, password, $"{Token()[..12]}.invalid");
        ue._socket.Options.AddSubProtocol("sip");
        await ue._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/any/path"), cancel);
        return ue;
    }

    public async Task<RawSip> RegisterAsync(CancellationToken cancel, string contactParameters = "", params string[] headers) =>
        await RequestAsync("REGISTER", $"sip:{GatewayProcess.Domain}", Identity, _registerCallId, cancel,
            [$"Contact: <{Contact}>{contactParameters};expires=600", "Supported: path, outbound", .. headers]);

    public Task<RawSip> SendTextAsync(string toNumber, string text, CancellationToken cancel) =>
        RequestAsync("MESSAGE", $"sip:+{toNumber}@{GatewayProcess.Domain}", $"sip:+{toNumber}@{GatewayProcess.Domain}", Token(), cancel, ["Content-Type: text/plain"], text);

    /// <summary>The next MESSAGE, answered 200.</summary>
    public async Task<RawSip> TextAsync(CancellationToken cancel)
    {
        if (!_requests.TryDequeue(out var message)) message = await ReceiveAsync(cancel);
        await SendAsync(message.Response("200 OK", _tag), cancel);
        return message;
    }

    public async Task CloseAsync(CancellationToken cancel) => await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancel);

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return default;
    }

    /// <summary>Sends it, and again with the answer to a challenge.</summary>
    private async Task<RawSip> RequestAsync(string method, string uri, string to, string callId, CancellationToken cancel, string[] headers, string body = "")
    {
        var response = await OnceAsync(headers);
        return response.Status == 401 ? await OnceAsync([.. headers, Authorization(response.All("WWW-Authenticate").Last(), method, uri)]) : response;

        async Task<RawSip> OnceAsync(string[] lines)
        {
            var text = $"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS {Token()[..12]}.invalid;branch=z9hG4bK{Token()}\r\nFrom: <{Identity}>;tag={_tag}\r\n"
                + $"To: <{to}>\r\nCall-ID: {callId}\r\nCSeq: {(++_cseq).ToString(CultureInfo.InvariantCulture)} {method}\r\nMax-Forwards: 70\r\n"
                + string.Concat(lines.Select(line => line + "\r\n")) + $"\r\n{body}";
            await SendAsync(Encoding.UTF8.GetBytes(text), cancel);
            // What waited for a registration may overtake the answer to it.
            while (true)
            {
                var message = await ReceiveAsync(cancel);
                if (!message.IsRequest) return message;
                _requests.Enqueue(message);
            }
        }
    }

    private string Authorization(string challenge, string method, string uri)
    {
        var (realm, nonce) = (Quoted("realm"), Quoted("nonce"));
        var response = Md5($"{Md5($"{Number}:{realm}:{Password}")}:{nonce}:00000001:c0:auth:{Md5($"{method}:{uri}")}");
        return $"Authorization: Digest username=\"{Number}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", qop=auth, nc=00000001, cnonce=\"c0\", response=\"{response}\"";

        string Quoted(string name) => QuotedValue().Matches(challenge).First(match => match.Groups[1].Value == name).Groups[2].Value;
    }

    private async Task SendAsync(byte[] octets, CancellationToken cancel) => await _socket.SendAsync(octets, WebSocketMessageType.Text, true, cancel);

    private async Task<RawSip> ReceiveAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Deadline.Answer);
        for (var length = 0; ;)
        {
            var result = await _socket.ReceiveAsync(_buffer.AsMemory(length), limit.Token);
            length += result.Count;
            if (result.EndOfMessage) return RawSip.TryRead(_buffer[..length]) ?? throw new InvalidOperationException($"no SIP message but {result.MessageType}");
        }
    }

#pragma warning disable CA5351 // what digest is made of
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351

    private static string Token() => Guid.NewGuid().ToString("N");

    [GeneratedRegex("(\\w+)=\"([^\"]*)\"")]
    private static partial Regex QuotedValue();
}
