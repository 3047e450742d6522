using System.Text;
using Gateway.Handset;
using Gateway.Sms;
using Xunit;

namespace Gateway.Tests.Handsets;

public sealed class OttMessageTests : HandsetFixture
{
    [Fact]
    public async Task A_text_is_shown_from_who_is_asserted_and_answered_200()
    {
        var (phone, register) = await RegisteredAsync(Options(HandsetKind.Ott));
        var callId = Peer.Message(register, "text/plain;charset=utf-8", Encoding.UTF8.GetBytes("Grüße 👋\nzwei"),
            "P-Asserted-Identity: <sip:+4940999@ims.example.org>", "Date: Mon, 04 Aug 2025 08:00:00 GMT");
        await Peer.ExpectAsync("SIP/2.0 200", answer => answer.CallId == callId);
        var text = await TextAsync();

        Assert.Equal(("+4940999", "Grüße 👋\nzwei", 1), (text.From, text.Text, text.Parts));
        Assert.Equal(new DateTimeOffset(2025, 8, 4, 8, 0, 0, TimeSpan.Zero), text.SentAt);
        Assert.Empty(text.RpData);
        Assert.Equal(callId, text.CallId);
        Assert.Equal([text], phone.Received);
    }

    [Fact]
    public async Task A_call_id_that_comes_again_is_answered_again_and_not_shown()
    {
        var (phone, register) = await RegisteredAsync(Options(HandsetKind.Ott));
        foreach (var callId in new[] { "one", "one", "two" })
        {
            Peer.Message(register, "text/plain", Encoding.UTF8.GetBytes(callId), $"Call-ID: {callId}");
            await Peer.ExpectAsync("SIP/2.0 200", answer => answer.CallId == callId);
        }

        Assert.Equal(["one", "two"], [(await TextAsync()).Text, (await TextAsync()).Text]);
        Assert.Equal((1, 2), (phone.Counters.Repeats, phone.Received.Count));
    }

    [Fact]
    public async Task Latin_1_is_read_and_an_unknown_charset_refused()
    {
        var (_, register) = await RegisteredAsync(Options(HandsetKind.Ott));
        Peer.Message(register, "text/plain;charset=ISO-8859-1", [0x47, 0xFC]);
        Assert.Equal("Gü", (await TextAsync()).Text);

        Peer.Message(register, "text/plain;charset=utf-7", [0x47]);
        await Peer.ExpectAsync("SIP/2.0 415");
    }

    [Fact]
    public async Task Three_gpp_bodies_are_refused_and_typing_is_nobodys_message()
    {
        var (phone, register) = await RegisteredAsync(Options(HandsetKind.Ott));
        Peer.Rp(register, "03 05");
        Assert.Equal("text/plain, message/cpim", (await Peer.ExpectAsync("SIP/2.0 415"))["Accept"]);

        var typing = Peer.Message(register, "application/im-iscomposing+xml", "<isComposing/>"u8.ToArray());
        await Peer.ExpectAsync("SIP/2.0 200", answer => answer.CallId == typing);
        Assert.Empty(phone.Received);
    }

    [Fact]
    public async Task Its_behaviour_shows_in_the_sip_answer()
    {
        var (phone, register) = await RegisteredAsync(Options(HandsetKind.Ott));
        phone.Behaviour = Behaviour.Refuse(RpCause.ProtocolErrorUnspecified);
        Peer.Message(register, "text/plain", "a"u8.ToArray());
        await Peer.ExpectAsync("SIP/2.0 603");

        phone.Behaviour = Behaviour.Full;
        Peer.Message(register, "text/plain", "b"u8.ToArray());
        await Peer.ExpectAsync("SIP/2.0 480");
        Assert.Empty(phone.Received);

        phone.Behaviour = Behaviour.Silent;
        Peer.Message(register, "text/plain", "c"u8.ToArray());
        await WaitAsync(() => phone.Counters.Messages == 3);
        phone.Behaviour = Behaviour.Accept;
        var heard = Peer.Message(register, "text/plain", "d"u8.ToArray());
        Assert.Equal(heard, (await Peer.ExpectAsync("SIP/2.0 200")).CallId);
        await Assert.ThrowsAsync<InvalidOperationException>(() => phone.MemoryAvailableAsync(Cancellation));
    }

    [Theory]
    [InlineData("+4940999", "sip:+4940999@ims.example.org")]
    [InlineData("sip:bob@example.net", "sip:bob@example.net")]
    [InlineData("tel:+4940999", "tel:+4940999")]
    [InlineData("bob@example.net", "sip:bob@example.net")]
    public async Task A_text_is_sent_to_an_identity_and_done_with_the_answer(string to, string requestUri)
    {
        var (phone, _) = await RegisteredAsync(Options(HandsetKind.Ott));
        var sending = phone.SendAsync(to, "Grüße", cancellation: Cancellation);
        var message = await Peer.ExpectAsync("MESSAGE");
        Peer.Respond(message, "202 Accepted");
        var result = await sending;

        Assert.Equal(requestUri, message.RequestUri);
        Assert.Equal("text/plain;charset=utf-8", message["Content-Type"]);
        Assert.Equal("Grüße", message.Text);
        Assert.Equal((SendVerdict.Accepted, 202), (result.Verdict, result.StatusCode));
    }

    [Fact]
    public async Task A_text_too_large_for_udp_arrives_where_tcp_is_refused()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789", 200));
        var (phone, _) = await RegisteredAsync(Options(HandsetKind.Ott));
        var sending = phone.SendAsync("+4940999", text, cancellation: Cancellation);
        var message = await Peer.ExpectAsync("MESSAGE");
        Peer.Respond(message, "200 OK");

        Assert.Equal(text, message.Text);
        Assert.True((await sending).IsAccepted);
    }

    [Fact]
    public async Task Refusals_are_told()
    {
        var (phone, _) = await RegisteredAsync(Options(HandsetKind.Ott));
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        Peer.Respond(await Peer.ExpectAsync("MESSAGE"), "404 Nobody");
        var result = await sending;

        Assert.Equal((SendVerdict.RefusedBySip, "404 Nobody"), (result.Verdict, result.Words));
        Assert.Equal(SendVerdict.NotSent, (await phone.SendAsync("bob", "x", cancellation: Cancellation)).Verdict);
    }
}
