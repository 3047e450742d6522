using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Rest.Management;
using Xunit;

namespace Gateway.Tests.Rest;

/// <summary>Whatever comes by HTTP, no face answers that the fault is the gateway's.</summary>
public sealed class HostileRequestTests
{
    private const int Requests = 5000, Workers = 4, Seed = 20261124;

    /// <summary>One of every kind that is taken; what becomes of them is up to chance, the same chance at each run.</summary>
    private static readonly Template[] Templates =
    [
        new("sms", "POST", "/sms/json", "application/x-www-form-urlencoded", "from=AcmeInc&to=4940111&text=Hello&type=text&ttl=60000&status-report-req=1&callback=http%3A%2F%2Fx.example&client-ref=r&message-class=1"),
        new("sms", "POST", "/sms/xml", "application/x-www-form-urlencoded", "from=4940222&to=4940111&type=binary&udh=050003CC0201&body=0102FF&protocol-id=5"),
        new("sms", "GET", "/v1/sms/json?from=AcmeInc&to=4940111&text=%D0%9F&type=unicode"),
        new("sms", "POST", "/sms/json", "application/json", """{"from":4940222,"to":"4940111","text":"Gr\u00fc\u00dfe","ttl":900000,"status-report-req":true}"""),
        new("sms", "POST", "/sms/json", "application/json", """{"from":"A","to":"4940111","text":"x","timestamp":1780315200,"api_key":"bank0001","sig":"00"}""", Authorized: false),
        new("account", "GET", "/account/get-balance"),
        new("account", "POST", "/account/settings", "application/x-www-form-urlencoded", "moCallBackUrl=http%3A%2F%2Fx.example%2Fin&drCallBackUrl="),
        new("account", "GET", "/account/numbers?index=1&size=10&pattern=49&search_pattern=1&country=DE"),
        new("account", "POST", "/number/update", "application/x-www-form-urlencoded", "country=DE&msisdn=4940999&moHttpUrl=http%3A%2F%2Fx.example%2Fn"),
        new("search", "GET", "/search/message?id=0A0000000123ABCD"),
        new("search", "GET", "/search/messages?ids=0A0000000123ABCD&ids=0A0000000123ABCE"),
        new("search", "GET", "/search/messages?date=2026-06-01&to=4940111"),
        new("search", "GET", "/search/rejections?date=2026-06-01&to=4940111"),
        new("search", "POST", "/conversions/sms", "application/x-www-form-urlencoded", "message-id=0A0000000123ABCD&delivered=true&timestamp=2026-06-01+12%3A00%3A00"),
        new("messages", "POST", "/v1/messages", "application/json", """{"channel":"sms","message_type":"text","to":"4940111","from":"AcmeInc","text":"Hi","client_ref":"r","ttl":600,"webhook_url":"http://x.example","sms":{"encoding_type":"auto"}}"""),
        new("messages", "POST", "/v1/messages", "application/json", "{}", Authorized: false, Header: "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJhcHBsaWNhdGlvbl9pZCI6ImEiLCJpYXQiOjEsImV4cCI6Mn0.AAAA"),
        new("api", "GET", "/api/accounts?limit=2&after=YmFuazAwMDE"),
        new("api", "PUT", "/api/accounts/shop0002", "application/json", """{"apiSecret":"a long secret","numbers":["4940777"],"prices":{"":0.03,"49":0.04},"balance":1.5,"numberUrls":{"4940777":"http://x.example"},"lane":"Otp","allowedAddresses":["10.0.0.0/8"]}"""),
        new("api", "POST", "/api/accounts/bank0001/balance", "application/json", """{"amount":10.5}"""),
        new("api", "GET", "/api/accounts/bank0001/numbers"),
        new("api", "PUT", "/api/accounts/shop0002/numbers/4940778"),
        new("api", "PUT", "/api/carriers/spare", "application/json", """{"kind":"Nexmo","baseUrl":"http://127.0.0.1:9","apiKey":"k","apiSecret":"s","prefixes":["44"],"priority":3}"""),
        new("api", "PUT", "/api/subscribers/4940333", "application/json", """{"username":"u","password":"p"}"""),
        new("api", "GET", "/api/subscribers?limit=5"),
        new("api", "GET", "/api/messages?account=bank0001&state=waiting&limit=10&since=2026-06-01T00%3A00%3A00Z"),
        new("api", "GET", "/api/messages/0A0000000123ABCD"),
        new("api", "GET", "/api/webhooks?state=dead&account=bank0001&limit=10"),
        new("api", "POST", "/api/webhooks/1/push"),
        new("webhooks", "GET", "/webhooks/far/inbound-sms?msisdn=33612345678&to=4940999&messageId=m1&text=Hello&type=text"),
        new("webhooks", "POST", "/webhooks/far/inbound-sms", "application/json", """{"msisdn":"33612345678","to":"4940999","messageId":"m2","data":"CAFE","udh":"06050415811581","type":"binary","concat":"true","concat-ref":"7","concat-total":"2","concat-part":"1"}"""),
        new("webhooks", "GET", "/webhooks/far/delivery-receipt?msisdn=33612345678&to=AcmeInc&messageId=m3&status=delivered&err-code=0&scts=2606011200"),
        new("kannel", "GET", "/webhooks/kannel/inbound-sms?from=%2B4915112345678&to=4940999&id=0a-1&coding=2&charset=UTF-16BE&text=%04%1F"),
        new("kannel", "GET", "/webhooks/kannel/inbound-sms?from=49151&to=4940999&coding=1&udh=%06%05%04%01%02%03%04&text=%DE%AD%00"),
        new("kannel", "POST", "/webhooks/kannel/inbound-sms", "text/plain; charset=UTF-8", "Hello", Header: "X-Kannel-From: +49151\r\nX-Kannel-To: 4940999\r\nX-Kannel-Coding: 0"),
        new("kannel", "GET", "/webhooks/kannel/delivery-receipt?client-ref=0A0000000123ABCD&status=1&answer=id%3A1+stat%3ADELIVRD+err%3A000"),
        new("rest", "POST", "/webhooks/rest/inbound-sms", "application/json", """{"id":"m4","message":{"from":{"number":"33612345678"},"to":["4940999"],"body":"Hello"}}"""),
        new("rest", "POST", "/webhooks/rest/delivery-receipt", "application/json", """{"data":{"ref":"0A0000000123ABCD","outcome":"OnPhone"}}"""),
        new("api", "GET", "/api/routes/explain?to=33612345678&from=AcmeInc"),
    ];

    private static readonly string[] Nasty =
    [
        "%00", "%ff", "%", "%C3%28", "\0", "\u00ff", "\\ud800", "\\u0000", "-1", "99999999999999999999", "1e400", "0.000000001", "null", "{}", "[]", "\"", "{", "}", "&", "=", "+", ":",
        "%2B", "true", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "2026-13-45", "0001-01-01", "9999-12-31", "..%2f", "*", "YWJj", "unicode", "binary",
        "\u00f0\u009f\u0098\u0080", "Infinity", "9223372036854775807", "-9223372036854775808", "4940111", "0A0000000123ABCD", "ids=x&ids=y", new string('9', 300), new string('a', 4000),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_face_ever_answers_with_a_fault_of_its_own()
    {
        var settings = AdminClient.Settings(
            new AccountSettings
            {
                ApiKey = "bank0001", ApiSecret = "s3cret-s3cret", SignatureSecret = "signature", MaxRequestsPerSecond = 100_000_000, Numbers = ["4940999"],
                Prices = new() { [""] = 0.01m }, Balance = 1000,
            },
            new AccountSettings { ApiKey = "shop0002", ApiSecret = "s3cret-s3cret" });
        settings.Carriers.Add(new CarrierSettings { Name = "far", BaseUrl = "http://127.0.0.1:9", ApiKey = "k", ApiSecret = "s", Prefixes = ["33"] });
        settings.Carriers.Add(new CarrierSettings { Name = "kannel", Kind = CarrierSettings.Kannel, BaseUrl = "http://127.0.0.1:9" });
        settings.Carriers.Add(new CarrierSettings
        {
            Name = "rest", Kind = CarrierSettings.HttpKind, Http = new HttpCarrierSettings
            {
                Url = "http://127.0.0.1:9",
                Inbound = new() { ["msisdn"] = "message.from.number", ["to"] = "message.to.0", ["text"] = "message.body", ["messageId"] = "id" },
                Receipt = new() { ["client-ref"] = "data.ref", ["status"] = "data.outcome" },
            },
        });
        await using var gateway = await GatewayOverHttp.StartAsync(settings, provisioned: true);
        var port = gateway.Client.BaseAddress!.Port;
        var (taken, faults, silent) = (new ConcurrentDictionary<string, int>(), new ConcurrentQueue<string>(), 0);

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            for (var i = worker; i < Requests; i += Workers)
            {
                var template = Templates[i % Templates.Length];
                var request = template.Bent(new Random(Seed + i), i / Templates.Length % 4);
                var status = await StatusAsync(port, request);
                if (status == 0) Interlocked.Increment(ref silent);
                else if (status >= 500) faults.Enqueue($"{status} to request {i}: {Encoding.Latin1.GetString(request)}");
                else if (status < 300) taken.AddOrUpdate(template.Face, 1, (_, count) => count + 1);
            }
        }, Cancel)));

        Assert.True(faults.IsEmpty, string.Join("\n\n", faults.Order(StringComparer.Ordinal)));
        Assert.True(silent < Requests / 100, $"{silent} requests got no answer");
        // Most of what comes must get behind the door, or nothing was tried.
        Assert.All(Templates.Select(template => template.Face).Distinct(), face => Assert.True(taken.GetValueOrDefault(face) > 20, $"{face}: {taken.GetValueOrDefault(face)} taken"));
    }

    /// <summary>0: the connection ended without an answer.</summary>
    private static async Task<int> StatusAsync(int port, byte[] request)
    {
        try
        {
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync("127.0.0.1", port, Cancel);
            var stream = client.GetStream();
            await stream.WriteAsync(request, Cancel);
            var line = new byte["HTTP/1.1 200".Length];
            var read = await stream.ReadAtLeastAsync(line, line.Length, throwOnEndOfStream: false, Cancel);
            return read == line.Length ? int.Parse(Encoding.ASCII.GetString(line)[^3..], CultureInfo.InvariantCulture) : 0;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return 0; // refused before it was read to its end
        }
    }

    /// <param name="Face">Whose it is.</param>
    /// <param name="Authorized">With the right credentials of its face, which are left as they are.</param>
    /// <param name="Header">One that is bent too.</param>
    private sealed record Template(string Face, string Method, string Target, string? Type = null, string Body = "", bool Authorized = true, string? Header = null)
    {
        public byte[] Bent(Random random, int times)
        {
            var (target, body, header) = (Target, Body, Header);
            for (; times > 0; times--)
            {
                if (header is not null && random.Next(2) == 0) header = $"Authorization: Bearer {Bent(header["Authorization: Bearer ".Length..], random).ReplaceLineEndings("")}";
                else if (body.Length > 0 && random.Next(4) > 0) body = Bent(body, random);
                else target = Target.Split('?') is [var path, var query] && random.Next(4) > 0 ? $"{path}?{Bent(query, random)}" : Bent(target, random);
            }
            target = string.Concat(target.Select(c => c is <= ' ' or '\x7f' or '#' ? '_' : c));
            var authorization = !Authorized ? null : Face == "api" ? $"Bearer {AdminClient.Key}" : $"Basic {Convert.ToBase64String("bank0001:s3cret-s3cret"u8)}";
            var octets = Encoding.Latin1.GetBytes(body);
            var head = $"{Method} {(target.StartsWith('/') ? target : "/" + target)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {octets.Length}\r\n"
                + (Type is null ? "" : $"Content-Type: {Type}\r\n") + (authorization is null ? "" : $"Authorization: {authorization}\r\n") + (header is null ? "" : $"{header}\r\n") + "\r\n";
            return [.. Encoding.Latin1.GetBytes(head), .. octets];
        }

        private static string Bent(string text, Random random)
        {
            if (text.Length == 0) return Nasty[random.Next(Nasty.Length)];
            var (at, length) = (random.Next(text.Length), 0);
            length = Math.Min(random.Next(1, 12), text.Length - at);
            return random.Next(5) switch
            {
                0 => text.Insert(at, Nasty[random.Next(Nasty.Length)]),
                1 => text.Remove(at, length),
                2 => text.Insert(at, text.Substring(at, length)),
                3 => $"{text[..at]}{(char)random.Next(256)}{text[(at + 1)..]}",
                _ => Replaced(text, at, Nasty[random.Next(Nasty.Length)]),
            };
        }

        /// <summary>The value around a place, between what delimits values.</summary>
        private static string Replaced(string text, int at, string by)
        {
            const string delimiters = "&=?/,:\"{}[]";
            var start = text.LastIndexOfAny(delimiters.ToCharArray(), at) + 1;
            var end = text.IndexOfAny(delimiters.ToCharArray(), at);
            return start > at ? text.Insert(at, by) : text[..start] + by + (end < 0 ? "" : text[end..]);
        }
    }
}
