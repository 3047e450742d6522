using System.Net;
using System.Net.Sockets;
using System.Text;
using CsCheck;
using Gateway.Carriers;
using Gateway.Store;
using Gateway.Tests.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gateway.Tests.Carriers;

/// <summary>Messages out to a carrier that is well, busy, broken, silent or talks nonsense.</summary>
public sealed class NexmoCarrierTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;
    private WebApplication _app = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ShortMessageRow Message => new()
    {
        Id = 0x0A00000012345678, Originator = "AcmeInc", Recipient = "4712345678", Text = "Hello & bye", ExpiresAt = long.MaxValue,
    };

    private Carrier Carrier => _app.Services.GetRequiredService<CarrierRegistry>().Find("VONAGE")!;

    public async ValueTask InitializeAsync()
    {
        _server = await ScriptedServer.StartAsync();
        Setup(_server.Url + "/base/");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_text_goes_out_as_a_form_and_its_ids_come_back()
    {
        Reply("""{"message-count":"2","messages":[{"to":"4712345678","message-id":"0A1","status":"0"},{"message-id":"0A2","status":"0"}]}""");
        var accepted = Assert.IsType<CarrierOutcome.Accepted>(await Carrier.SendAsync(Message, "Hello & bye", Cancel));
        Assert.Equal(["0A1", "0A2"], accepted.MessageIds);
        Assert.Equal(200, accepted.HttpStatus);
        var received = Assert.Single(_server.Received);
        Assert.Equal(("POST", "/base/sms/json", "", "application/x-www-form-urlencoded"),
            (received.Method, received.Path, received.Query, received.Headers.ContentType.ToString()));
        Assert.Equal(
        [
            new("api_key", "key1"), new("api_secret", "s3cret"), new("from", "AcmeInc"), new("to", "4712345678"), new("type", "text"),
            new("text", "Hello & bye"), new("ttl", "604800000"), new("client-ref", "0A00000012345678"), new("status-report-req", "1"),
        ], received.Fields);
    }

    [Fact]
    public async Task Unicode_class_and_the_time_that_is_left_are_told()
    {
        Reply("""{"messages":[{"message-id":"0A1","status":0}]}""");
        var message = Message;
        (message.DataCodingScheme, message.ExpiresAt) = (0x18, 0);
        Assert.IsType<CarrierOutcome.Accepted>(await Carrier.SendAsync(message, "Привет 😀", Cancel));
        var fields = _server.Received[0].Fields.ToDictionary();
        Assert.Equal(("unicode", "Привет 😀", "0", "20000"), (fields["type"], fields["text"], fields["message-class"], fields["ttl"]));
    }

    [Fact]
    public async Task Text_joined_from_a_handsets_parts_is_unicode_if_it_must_be()
    {
        Reply("""{"messages":[{"message-id":"0A1","status":"0"}]}""");
        var message = Message;
        (message.Content, message.Text) = (ContentKind.UserData, null);
        await Carrier.SendAsync(message, "plain", Cancel);
        await Carrier.SendAsync(message, "Привет", Cancel);
        Assert.Equal(["text", "unicode"], _server.Received.Select(received => received["type"]));
    }

    [Fact]
    public async Task Binary_content_goes_out_with_its_header_and_protocol()
    {
        Reply("""{"messages":[{"message-id":"0A1","status":"0"}]}""");
        var message = Message;
        (message.Content, message.Text, message.UserData, message.HasUserDataHeader, message.DataCodingScheme, message.ProtocolIdentifier) =
            (ContentKind.UserData, null, [3, 1, 1, 0, 0xDE, 0xAD], true, 4, 5);
        Assert.IsType<CarrierOutcome.Accepted>(await Carrier.SendAsync(message, text: null, Cancel));
        var fields = _server.Received[0].Fields.ToDictionary();
        Assert.Equal(("binary", "DEAD", "03010100", "5"), (fields["type"], fields["body"], fields["udh"], fields["protocol-id"]));
        Assert.DoesNotContain("text", fields.Keys);
    }

    [Theory]
    [InlineData(6, 11)]
    [InlineData(7, 14)]
    [InlineData(3, 10)]
    [InlineData(12, 10)]
    [InlineData(15, 10)]
    [InlineData(29, 12)]
    [InlineData(2, 99)]
    public async Task What_it_never_takes_is_rejected(int status, int errorCode)
    {
        Reply($$"""{"messages":[{"status":"{{status}}","error-text":"no"}]}""");
        Assert.Equal(new CarrierOutcome.Rejected(200, status, "no", (byte)errorCode), await Carrier.SendAsync(Message, "x", Cancel));
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task A_part_that_is_refused_rejects_the_message_without_sending_the_others_again()
    {
        Reply("""{"messages":[{"message-id":"0A1","status":"0"},{"status":"1","error-text":"please wait [ 10 ] and retry"}]}""");
        var rejected = Assert.IsType<CarrierOutcome.Rejected>(await Carrier.SendAsync(Message, "x", Cancel));
        Assert.Equal("part 2 of 2 refused: please wait [ 10 ] and retry", rejected.Text);
        Assert.True(rejected.PartlyTaken);
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task Trouble_of_our_account_there_waits_for_people()
    {
        Reply("""{"messages":[{"status":"9","error-text":"Quota Exceeded - rejected"}]}""");
        Assert.Equal(new CarrierOutcome.Temporary(200, "status 9: Quota Exceeded - rejected", TimeSpan.FromMinutes(5)), await Carrier.SendAsync(Message, "x", Cancel));
    }

    [Fact]
    public async Task Throttled_it_is_tried_again_and_then_told_how_long_to_wait()
    {
        Reply("""{"messages":[{"status":"1","error-text":"Throughput Rate Exceeded - please wait [ 750 ] and retry"}]}""");
        var temporary = Assert.IsType<CarrierOutcome.Temporary>(await Carrier.SendAsync(Message, "x", Cancel));
        Assert.Equal((TimeSpan.FromMilliseconds(750), false), (temporary.RetryAfter, temporary.MayHaveBeenTaken));
        Assert.Equal(3, _server.Received.Count);
    }

    [Fact]
    public async Task A_fault_that_passes_is_not_seen()
    {
        var answers = 0;
        _server.Answer = async (_, context) =>
        {
            context.Response.StatusCode = ++answers < 3 ? 503 : 200;
            await context.Response.WriteAsync("""{"messages":[{"message-id":"0A1","status":"0"}]}""", Cancel);
        };
        Assert.IsType<CarrierOutcome.Accepted>(await Carrier.SendAsync(Message, "x", Cancel));
        Assert.Equal(3, _server.Received.Count);
    }

    [Fact]
    public async Task A_wait_it_asks_for_is_handed_on_and_not_sat_out()
    {
        _server.Answer = (_, context) =>
        {
            (context.Response.StatusCode, context.Response.Headers.RetryAfter) = (429, "77");
            return Task.CompletedTask;
        };
        Assert.Equal(new CarrierOutcome.Temporary(429, "HTTP 429", TimeSpan.FromSeconds(77)), await Carrier.SendAsync(Message, "x", Cancel));
        Assert.Single(_server.Received);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(401)]
    [InlineData(404)]
    public async Task A_route_that_is_set_up_wrong_waits_for_people(int status)
    {
        await using var elsewhere = await ScriptedServer.StartAsync();
        _server.Answer = (_, context) =>
        {
            (context.Response.StatusCode, context.Response.Headers.Location) = (status, elsewhere.Url);
            return Task.CompletedTask;
        };
        Assert.Equal(new CarrierOutcome.Temporary(status, $"HTTP {status}", TimeSpan.FromMinutes(5)), await Carrier.SendAsync(Message, "x", Cancel));
        Assert.Single(_server.Received);
        Assert.Empty(elsewhere.Received); // key and secret go nowhere else
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>login</html>")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"messages":[]}""")]
    [InlineData("""{"messages":{}}""")]
    [InlineData("""{"messages":[1,null]}""")]
    [InlineData("""{"messages":[{"status":"fine"}]}""")]
    [InlineData("""{"messages":[{"status":{}}]}""")]
    [InlineData("""{"messages":[{"status":"0","message-id":"\ud800"}]}""")]
    [InlineData("""{"messages":[{"status":"0","message-id":"0A1"}""")]
    public async Task Nonsense_may_mean_it_was_taken(string reply)
    {
        Reply(reply);
        Assert.Equal(new CarrierOutcome.Temporary(200, "its reply is not understood", null, MayHaveBeenTaken: true), await Carrier.SendAsync(Message, "x", Cancel));
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task A_reply_without_end_is_cut_off()
    {
        _server.Answer = async (_, context) =>
        {
            var piece = new byte[16 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
        };
        Assert.True(Assert.IsType<CarrierOutcome.Temporary>(await Carrier.SendAsync(Message, "x", Cancel)).MayHaveBeenTaken);
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task One_that_dies_in_mid_flight_may_have_taken_it()
    {
        _server.Answer = (_, context) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        Assert.True(Assert.IsType<CarrierOutcome.Temporary>(await Carrier.SendAsync(Message, "x", Cancel)).MayHaveBeenTaken);
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task One_that_is_silent_may_have_taken_it()
    {
        _server.Answer = (_, context) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        Assert.Equal(new CarrierOutcome.Temporary(0, "no answer in time", null, MayHaveBeenTaken: true), await Carrier.SendAsync(Message, "x", Cancel));
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task One_that_is_not_there_is_tried_again_and_then_left_alone()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        await _app.DisposeAsync();
        Setup($"http://127.0.0.1:{port}");
        for (var i = 0; i < 10; i++)
        {
            var temporary = Assert.IsType<CarrierOutcome.Temporary>(await Carrier.SendAsync(Message, "x", Cancel));
            Assert.False(temporary.MayHaveBeenTaken);
            if (temporary.Reason == "it failed repeatedly and is left alone for a while")
            {
                Assert.InRange(temporary.RetryAfter!.Value.TotalSeconds, 0.001, 15);
                return;
            }
        }
        Assert.Fail("its circuit never opened");
    }

    [Fact]
    public async Task A_sender_that_gives_up_is_told_so()
    {
        _server.Answer = (_, context) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        using var giveUp = new CancellationTokenSource();
        var sending = Carrier.SendAsync(Message, "x", giveUp.Token);
        await _server.WaitAsync(1);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Fact]
    public void Any_octets_of_a_reply_are_survived() => Gen.Byte.Array[0, 100].Sample(octets => NexmoReply.Read(200, octets) is not null);

    [Fact]
    public void Any_json_like_reply_is_survived() => Gen.Char["{}[]\":,\\u0dD8 status9-+e"].Array[0, 60].Sample(text =>
        NexmoReply.Read(200, Encoding.UTF8.GetBytes("{\"messages\":[{\"status\":" + new string(text))) is not null);

    [Fact]
    public void A_name_nobody_has_is_no_carrier() => Assert.Null(_app.Services.GetRequiredService<CarrierRegistry>().Find("nobody"));

    private void Setup(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddCarriers(new GatewaySettings { Carriers = [new CarrierSettings { Name = "vonage", BaseUrl = url, ApiKey = "key1", ApiSecret = "s3cret" }] });
        _app = builder.Build();
    }

    private void Reply(string json) => _server.Answer = (_, context) =>
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    };
}
