using Gateway.Carriers;
using Gateway.Store;
using Gateway.Tests.Webhooks;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gateway.Tests.Carriers;

/// <summary>Messages out to a Kannel: how its sendsms page is asked, and what its answers mean.</summary>
public sealed class KannelCarrierTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ShortMessageRow Message => new()
    {
        Id = 0x0A00000012345678, Originator = "AcmeInc", Recipient = "4712345678", Text = "x", ExpiresAt = TimeProvider.System.GetUtcNow().AddSeconds(90).ToUnixTimeMilliseconds(),
    };

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_text_is_asked_for_with_everything_and_its_receipts_are_sent_for()
    {
        Reply(202, "0: Accepted for delivery");
        var accepted = Assert.IsType<CarrierOutcome.Accepted>(await SendAsync(Message, "Grüße & 100%"));
        Assert.Equal(["0A00000012345678"], accepted.MessageIds); // it gives no id: ours stands for the whole
        var received = Assert.Single(_server.Received);
        Assert.Equal(("GET", "/cgi-bin/sendsms"), (received.Method, received.Path));
        Assert.Equal("0A00000012345678", received.Headers["X-Gateway-Message"].ToString());
        Assert.Equal(
        [
            new("username", "gw"), new("password", "p&w"), new("from", "AcmeInc"), new("to", "4712345678"), new("coding", "0"), new("charset", "UTF-8"),
            new("text", "Grüße & 100%"), new("validity", "2"), new("dlr-mask", "31"),
            // The secret's own percent sign is doubled, or Kannel would take it for one of its codes.
            new("dlr-url", "https://sms.example/in/webhooks/kannel/a%%2Fb/delivery-receipt?client-ref=0A00000012345678&status=%d&text=%A&foreign-id=%F&smsc=%i"),
        ], received.Fields);
    }

    [Fact]
    public async Task Unicode_is_said_to_be_and_goes_as_utf8()
    {
        Reply(202, "3: Queued for later delivery");
        var message = Message;
        message.DataCodingScheme = 0x18;
        Assert.IsType<CarrierOutcome.Accepted>(await SendAsync(message, "Привет 😀"));
        var fields = _server.Received[0].Fields.ToDictionary();
        Assert.Equal(("2", "UTF-8", "Привет 😀", "0"), (fields["coding"], fields["charset"], fields["text"], fields["mclass"]));
    }

    [Fact]
    public async Task Octets_go_as_they_are_with_their_header()
    {
        Reply(202, "0: Accepted for delivery");
        var message = Message;
        (message.Content, message.Text, message.UserData, message.HasUserDataHeader, message.DataCodingScheme, message.ProtocolIdentifier) =
            (ContentKind.UserData, null, [3, 1, 1, 0, 0xDE, 0x00], true, 4, 5);
        Assert.IsType<CarrierOutcome.Accepted>(await SendAsync(message, text: null));
        Assert.Contains("&coding=1&udh=%03%01%01%00&text=%DE%00&pid=5&", _server.Received[0].Query);
    }

    [Theory]
    [InlineData(400, "Missing receiver number, rejected", 10)]
    [InlineData(403, "Not routable. Do not try again.", 11)]
    public async Task What_it_never_takes_is_rejected(int status, string text, int errorCode)
    {
        Reply(status, text);
        Assert.Equal(new CarrierOutcome.Rejected(status, status, text, (byte)errorCode), await SendAsync(Message, "x"));
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task A_wrong_password_waits_for_people()
    {
        Reply(403, "Authorization failed for sendsms");
        Assert.Equal(new CarrierOutcome.Temporary(403, "HTTP 403: Authorization failed for sendsms", TimeSpan.FromMinutes(5)), await SendAsync(Message, "x"));
    }

    [Fact]
    public async Task A_temporal_failure_is_tried_again_and_then_handed_on()
    {
        Reply(503, "Temporal failure, try again later.");
        Assert.Equal(new CarrierOutcome.Temporary(503, "HTTP 503: Temporal failure, try again later.", null), await SendAsync(Message, "x"));
        Assert.Equal(3, _server.Received.Count);
    }

    [Theory]
    [InlineData(200, "<html>login</html>")]
    [InlineData(202, "")]
    [InlineData(202, "9: whatever")]
    [InlineData(202, "99999999999: whatever")]
    [InlineData(299, "0")]
    public async Task Nonsense_may_mean_it_was_taken(int status, string reply)
    {
        Reply(status, reply);
        Assert.Equal(new CarrierOutcome.Temporary(status, "its reply is not understood", null, MayHaveBeenTaken: true), await SendAsync(Message, "x"));
        Assert.Single(_server.Received);
    }

    [Theory]
    [InlineData(204, true)]
    [InlineData(302, false)]
    [InlineData(418, false)]
    [InlineData(451, false)]
    [InlineData(504, true)]
    [InlineData(599, false)]
    [InlineData(999, false)]
    public async Task A_status_of_three_digits_that_nobody_expects_is_a_reason_to_wait(int status, bool mayHaveBeenTaken)
    {
        _server.AnswerStatus(status);
        var temporary = Assert.IsType<CarrierOutcome.Temporary>(await SendAsync(Message, "x"));
        Assert.Equal((status, mayHaveBeenTaken), (temporary.HttpStatus, temporary.MayHaveBeenTaken));
    }

    [Fact]
    public async Task The_sender_is_written_as_the_route_wants_it()
    {
        Reply(202, "Sent.");
        Assert.IsType<CarrierOutcome.Accepted>(await SendAsync(Message, "x", new SenderRewriteSettings { Prefix = "47", Pattern = "[A-Za-z]+", Replacement = "4740" }));
        Assert.Equal("4740", _server.Received[0]["from"]);
    }

    private async Task<CarrierOutcome> SendAsync(ShortMessageRow message, string? text, params SenderRewriteSettings[] senders)
    {
        var carrier = new KannelCarrier(new CarrierSettings
        {
            Name = "kannel", Kind = "Kannel", BaseUrl = _server.Url, ApiKey = "gw", ApiSecret = "p&w", CallbackUrl = "https://sms.example/in/", WebhookSecret = "a/b",
            SenderRewrite = [.. senders],
        }, TimeProvider.System);
        try
        {
            return await carrier.SendAsync(message, text, Cancel);
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
