using System.Text.Json;
using System.Xml.Linq;
using CsCheck;
using Gateway.Carriers;
using Gateway.Store;
using Gateway.Tests.Webhooks;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gateway.Tests.Carriers;

/// <summary>Messages out to carriers whose interface the settings describe.</summary>
public sealed class HttpCarrierTests : IAsyncLifetime
{
    private const string Awkward = "a\"b\\c & d=e <f> +ü😀\r\n%41{to}";

    private ScriptedServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ShortMessageRow Message => new()
    {
        Id = 0x0A00000012345678, Originator = "Acme & Co", Recipient = "4712345678", Text = "x", ExpiresAt = TimeProvider.System.GetUtcNow().AddSeconds(90).ToUnixTimeMilliseconds(),
    };

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task In_json_every_value_stays_in_its_quotes()
    {
        var accepted = await SendAsync(Awkward, new HttpCarrierSettings
        {
            Url = _server.Url + "/v2/{key}/send", Headers = new() { ["Authorization"] = "Basic {basic}", ["X-Text"] = "{text}" },
            Body = """{"to":"+{to}","sender":"{from}","body":{"text":"{text}","unicode":"{type}"},"ttl":{ttl},"ref":"{id}","dlr":"{receiptUrl}"}""",
        });
        Assert.Equal(["0A00000012345678"], Assert.IsType<CarrierOutcome.Accepted>(accepted).MessageIds);
        var received = Assert.Single(_server.Received);
        Assert.Equal(("POST", "/v2/k%20y/send", "application/json"), (received.Method, received.Path, received.Headers.ContentType.ToString()));
        Assert.Equal("Basic ayB5OnM=", received.Headers.Authorization.ToString());
        Assert.DoesNotContain('\n', received.Headers["X-Text"].ToString());
        var json = JsonDocument.Parse(received.Body).RootElement;
        Assert.Equal(("+4712345678", "Acme & Co", Awkward, 90), (json.GetProperty("to").GetString(), json.GetProperty("sender").GetString(),
            json.GetProperty("body").GetProperty("text").GetString(), json.GetProperty("ttl").GetInt32()));
        Assert.Equal("https://sms.example/webhooks/rest/delivery-receipt?client-ref=0A00000012345678", json.GetProperty("dlr").GetString());
    }

    [Fact]
    public async Task In_a_form_and_in_a_query_too()
    {
        await SendAsync(Awkward, new HttpCarrierSettings
        {
            Url = _server.Url + "/?text={text}", Body = "t={text}&to={to}&from={from}", ContentType = "application/x-www-form-urlencoded",
        });
        await SendAsync(Awkward, new HttpCarrierSettings { Method = "GET", Url = _server.Url + "/?text={text}&to={to}&ref={id}" });
        Assert.Equal([new("t", Awkward), new("to", "4712345678"), new("from", "Acme & Co")], _server.Received[0].Fields);
        Assert.Equal(("GET", Awkward, "0A00000012345678"), (_server.Received[1].Method, _server.Received[1]["text"], _server.Received[1]["ref"]));
    }

    [Fact]
    public async Task And_in_xml()
    {
        await SendAsync("a<b>&\"'\u0001ü", new HttpCarrierSettings
        {
            Url = _server.Url, Body = "<sms to=\"{to}\" from=\"{from}\">{text}</sms>", ContentType = "text/xml; charset=utf-8",
        });
        var sms = XElement.Parse(_server.Received[0].Body);
        Assert.Equal(("4712345678", "Acme & Co", "a<b>&\"'ü"), (sms.Attribute("to")!.Value, sms.Attribute("from")!.Value, sms.Value));
    }

    [Fact]
    public async Task Octets_go_where_the_template_has_a_place_for_them()
    {
        var message = Message;
        (message.Content, message.Text, message.UserData, message.HasUserDataHeader, message.DataCodingScheme) = (ContentKind.UserData, null, [3, 1, 1, 0, 0xDE], true, 4);
        var refused = await SendAsync(null, new HttpCarrierSettings { Url = _server.Url, Body = "{to}{text}" }, message);
        Assert.Equal(new CarrierOutcome.Rejected(0, 0, "it takes no binary content", 10), refused);
        Assert.Empty(_server.Received);
        await SendAsync(null, new HttpCarrierSettings { Url = _server.Url, Body = "{type},{to},{text},{data},{udh}", ContentType = "text/plain" }, message);
        Assert.Equal("binary,4712345678,,DE,03010100", _server.Received[0].Body);
    }

    [Theory]
    [InlineData(200, """{"result":{"items":[{"id":17,"state":"queued"}]}}""", "17", null)]
    [InlineData(200, """{"result":{"items":[{"id":17,"state":"busy"}]},"why":"later"}""", null, "Temporary: status busy: later")]
    [InlineData(503, """{"result":{"items":[{"id":17,"state":"busy"}]}}""", null, "Temporary: status busy")]
    [InlineData(200, """{"result":{"items":[{"id":17,"state":"bad number"}]},"why":"no such"}""", null, "Rejected: no such")]
    [InlineData(400, """{"result":{"items":[{"state":"bad number"}]}}""", null, "Rejected: bad number")]
    [InlineData(400, """{"why":"text too long"}""", null, "Rejected: text too long")]
    [InlineData(401, """{"why":"who?"}""", null, "Temporary: HTTP 401")]
    [InlineData(500, "oops", null, "Temporary: HTTP 500")]
    [InlineData(200, "<html>", null, "Temporary: its reply is not understood, perhaps taken")]
    [InlineData(200, """{"result":{"items":[{"state":"queued"}]}}""", null, "Temporary: its reply has no message id, perhaps taken")]
    [InlineData(200, """{"result":{"items":[{"id":17,"state":"queued"}]}""", null, "Temporary: its reply is not understood, perhaps taken")]
    public async Task Its_reply_is_read_where_the_settings_say(int status, string reply, string? id, string? otherwise)
    {
        Reply(status, reply);
        var outcome = await SendAsync("x", new HttpCarrierSettings
        {
            Url = _server.Url, Body = "{to}{text}", MessageId = "result.items.0.id", Status = "result.items.0.state", ErrorText = "why",
            Accepted = ["queued", "sent"], Temporary = ["busy"],
        });
        Assert.Equal(id ?? otherwise, outcome switch
        {
            CarrierOutcome.Accepted accepted => accepted.MessageIds.Single(),
            CarrierOutcome.Rejected rejected => $"Rejected: {rejected.Text}",
            CarrierOutcome.Temporary later => $"Temporary: {later.Reason}{(later.MayHaveBeenTaken ? ", perhaps taken" : "")}",
            _ => null,
        });
    }

    [Theory]
    [InlineData("OK 4711-a\r\n", "4711-a")]
    [InlineData("""<reply><id>OK 22</id></reply>""", "22")]
    public async Task An_expression_finds_the_id_in_whatever_it_answers(string reply, string id)
    {
        Reply(200, reply);
        var outcome = await SendAsync("x", new HttpCarrierSettings { Url = _server.Url, Body = "{to}{text}", MessageId = @"regex:OK ([\w-]+)" });
        Assert.Equal([id], Assert.IsType<CarrierOutcome.Accepted>(outcome).MessageIds);
    }

    [Fact]
    public void Any_reply_is_survived() => Gen.Select(Gen.Byte.Array[0, 80], Gen.Char["{}[]\":,\\u0d8 ab-+e1"].Array[0, 60]).Sample((octets, text) =>
    {
        _ = new AnswerValue(octets)["a.0.b"];
        _ = new AnswerValue(System.Text.Encoding.UTF8.GetBytes("{\"a\":" + new string(text)))["a.0"];
    });

    private async Task<CarrierOutcome> SendAsync(string? text, HttpCarrierSettings http, ShortMessageRow? message = null)
    {
        var carrier = new HttpCarrier(new CarrierSettings { Name = "rest", Kind = "Http", ApiKey = "k y", ApiSecret = "s", CallbackUrl = "https://sms.example", Http = http },
            TimeProvider.System);
        try
        {
            return await carrier.SendAsync(message ?? Message, text, Cancel);
        }
        finally
        {
            carrier.Retire();
        }
    }

    private void Reply(int status, string text) => _server.Answer = (_, context) =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(text);
    };
}
