using Gateway.Handset;
using Gateway.Sip;
using Gateway.Sms;
using Xunit;
using Phone = Gateway.Handset.Handset;

namespace Gateway.Tests.Handsets;

/// <summary>
/// <code>
/// handset -- MESSAGE RP-DATA SMS-SUBMIT --> peer
///         &lt;-- 202 -----------------------
///         &lt;-- MESSAGE RP-ACK ------------
///         -- 200 ----------------------->
/// </code>
/// </summary>
public sealed class MoMessageTests : HandsetFixture
{
    private const string SubmitReport = "41 09 01 00 52804001000080";

    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_text_is_a_submit_to_the_service_centre_and_done_with_its_rp_ack()
    {
        var (phone, register) = await RegisteredAsync(Options() with { ServiceCentreAddress = "+491722270333" });
        var sending = phone.SendAsync("+4940999", "Hello", new SendOptions { StatusReport = true }, Cancellation);
        var (message, data, submit) = await SubmitAsync();
        await AcknowledgeAsync(register, message, data, SubmitReport);
        var result = await sending;

        Assert.Equal($"MESSAGE {ScriptedPeer.ServiceCentre} SIP/2.0", message.StartLine);
        Assert.Equal($"<{ScriptedPeer.ServiceCentre}>", message["To"]);
        Assert.Equal($"<{Identity}>", message["P-Preferred-Identity"]);
        Assert.Null(message.Find("Contact"));
        Assert.True(data.OriginatorAddress.IsEmpty);
        Assert.Equal("+491722270333", data.DestinationAddress.ToString());
        Assert.Equal(("+4940999", "Hello"), (submit.DestinationAddress.ToString(), submit.UserData.Text));
        Assert.True(submit.StatusReportRequest);
        Assert.False(submit.RejectDuplicates);
        Assert.Equal(0xA7, submit.ValidityPeriod.RelativeValue);
        Assert.True(result.IsAccepted);
        Assert.Equal("RP-ACK", result.Words);
        var part = Assert.Single(result.Parts);
        Assert.Equal(submit.MessageReference, part.MessageReference);
        Assert.Equal(new DateTimeOffset(2025, 8, 4, 10, 0, 0, TimeSpan.FromHours(2)), part.AcceptedAt!.Value.Time);
        Assert.Equal(1, phone.Counters.Sent);
    }

    [Fact]
    public async Task A_bare_rp_ack_without_in_reply_to_is_matched_by_its_reference_and_may_overtake_the_202()
    {
        var (phone, register) = await RegisteredAsync();
        var sending = phone.SendAsync("0123", "x", cancellation: Cancellation);
        var (message, data, submit) = await SubmitAsync();
        Peer.Rp(register, $"03 {data.MessageReference:X2}");
        Assert.True((await sending).IsAccepted);
        Peer.Respond(message, "202 Accepted");

        Assert.Equal(TypeOfNumber.Unknown, submit.DestinationAddress.TypeOfNumber);
    }

    [Fact]
    public async Task A_report_for_another_reference_completes_nothing()
    {
        var (phone, register) = await RegisteredAsync();
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        var (message, data, _) = await SubmitAsync();
        var stray = Peer.Rp(register, $"05 {(byte)(data.MessageReference + 1):X2} 01 15", "In-Reply-To: somebody-else");
        await Peer.ExpectAsync("SIP/2.0 200", answer => answer.CallId == stray);
        Assert.False(sending.IsCompleted);
        await AcknowledgeAsync(register, message, data);

        Assert.True((await sending).IsAccepted);
    }

    [Fact]
    public async Task Parts_of_a_long_text_go_one_after_the_other()
    {
        var text = string.Concat(Enumerable.Range(0, 40).Select(i => $"part {i:00} \u20AC "));
        var (phone, register) = await RegisteredAsync();
        var sending = phone.SendAsync("+4940999", text, cancellation: Cancellation);
        var joined = "";
        List<(Concatenation Concatenation, byte Reference)> parts = [];
        while (!sending.IsCompleted && parts.Count < 3)
        {
            var (message, data, submit) = await SubmitAsync();
            joined += submit.UserData.Text;
            parts.Add((submit.UserData.Header.Concatenation!.Value, submit.MessageReference));
            await AcknowledgeAsync(register, message, data);
        }

        var result = await sending;
        Assert.Equal(text, joined);
        Assert.Equal([1, 2, 3], parts.Select(part => (int)part.Concatenation.Sequence));
        Assert.Single(parts.Select(part => part.Concatenation.Reference).Distinct());
        Assert.Equal(parts.Select(part => part.Reference), result.Parts.Select(part => part.MessageReference));
    }

    [Fact]
    public async Task Rp_error_is_a_refusal_in_words()
    {
        var (phone, register) = await RegisteredAsync();
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        var (message, data, _) = await SubmitAsync();
        Peer.Respond(message, "202 Accepted");
        Peer.Rp(register, $"05 {data.MessageReference:X2} 01 15 41 0A 01 C3 00 52804001000080", $"In-Reply-To: {message.CallId}");
        var result = await sending;

        Assert.Equal(SendVerdict.RefusedByServiceCentre, result.Verdict);
        Assert.Equal((RpCause.ShortMessageTransferRejected, TpFailureCause.InvalidSmeAddress), (result.Cause, result.FailureCause));
        Assert.Equal("RP-ERROR 21 (short message transfer rejected), TP-FCS C3 (invalid sme address)", result.Words);
        Assert.Equal(1, phone.Counters.SendsFailed);
    }

    [Fact]
    public async Task Without_an_answer_it_is_repeated_once_and_marked_as_a_repeat()
    {
        var (phone, register) = await RegisteredAsync(Options() with { Tr1m = Brief });
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        var first = await SubmitAsync();
        Peer.Respond(first.Message, "202 Accepted");
        var second = await SubmitAsync();
        await AcknowledgeAsync(register, second.Message, second.Data);
        var result = await sending;

        Assert.True(second.Submit.RejectDuplicates);
        Assert.Equal(first.Submit, second.Submit with { RejectDuplicates = false });
        Assert.NotEqual(first.Data.MessageReference, second.Data.MessageReference);
        Assert.NotEqual(first.Message.CallId, second.Message.CallId);
        Assert.True(Assert.Single(result.Parts).Repeated);
    }

    [Fact]
    public async Task A_late_answer_to_the_first_try_ends_the_second()
    {
        var (phone, register) = await RegisteredAsync(Options() with { Tr1m = Brief });
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        var first = await SubmitAsync();
        var second = await SubmitAsync();
        await AcknowledgeAsync(register, first.Message, first.Data);
        Peer.Respond(second.Message, "202 Accepted");

        Assert.True((await sending).IsAccepted);
    }

    [Fact]
    public async Task When_the_repeat_is_not_answered_either_it_has_failed()
    {
        var (phone, _) = await RegisteredAsync(Options() with { Tr1m = Brief });
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        Peer.Respond((await SubmitAsync()).Message, "202 Accepted");
        Peer.Respond((await SubmitAsync()).Message, "202 Accepted");

        Assert.Equal(SendVerdict.NoAnswer, (await sending).Verdict);
    }

    [Fact]
    public async Task A_sip_refusal_ends_it_at_once()
    {
        var (phone, _) = await RegisteredAsync();
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        Peer.Respond((await SubmitAsync()).Message, "403 Not one of ours");
        var result = await sending;

        Assert.Equal((SendVerdict.RefusedBySip, 403, "403 Not one of ours"), (result.Verdict, result.StatusCode, result.Words));
    }

    [Fact]
    public async Task A_challenge_is_answered_and_the_report_still_finds_its_message()
    {
        var (phone, register) = await RegisteredAsync(Options() with { Password = "secret" });
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        var (challenged, _, _) = await SubmitAsync();
        Peer.Respond(challenged, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"lab\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"");
        var (message, data, _) = await SubmitAsync();
        await AcknowledgeAsync(register, message, data);

        Assert.True((await sending).IsAccepted);
        Assert.Contains("response=", message["Authorization"]);
        Assert.Equal(challenged.Sequence + 1, message.Sequence);
    }

    [Fact]
    public async Task A_handset_that_vanishes_waits_no_longer()
    {
        var (phone, _) = await RegisteredAsync();
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        Peer.Respond((await SubmitAsync()).Message, "202 Accepted");
        await phone.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(TimeSpan.FromSeconds(10), Cancellation));
    }

    [Fact]
    public async Task What_no_submit_can_hold_is_not_sent()
    {
        var (phone, _) = await RegisteredAsync();

        Assert.Equal(SendVerdict.NotSent, (await phone.SendAsync("somebody", "x", cancellation: Cancellation)).Verdict);
        Assert.Equal(SendVerdict.NotSent, (await phone.SendAsync("+4940999", new string('x', 40_000), cancellation: Cancellation)).Verdict);
    }

    [Fact]
    public async Task The_service_route_is_followed_unless_another_is_given()
    {
        var phone = Make(Options());
        await phone.StartAsync(Cancellation);
        var register = await Peer.ExpectAsync("REGISTER");
        Peer.Grant(register, 3600, "Service-Route: <sip:orig@scscf.invalid;lr>");
        await phone.WhenRegisteredAsync(Cancellation);
        var (message, _) = await SendAsync(phone, register);
        Assert.Equal(["<sip:orig@scscf.invalid;lr>"], message.All("Route"));

        var routes = new[] { SipUri.Parse("sip:lab@scscf.invalid;lr") };
        var (other, otherRegister) = await RegisteredAsync(Options() with { Number = "+4940111223", Routes = routes });
        var (routed, _) = await SendAsync(other, otherRegister);
        Assert.Equal(["<sip:lab@scscf.invalid;lr>"], routed.All("Route"));
    }

    [Fact]
    public async Task Smma_is_repeated_once_and_unchanged()
    {
        var (phone, register) = await RegisteredAsync(Options() with { Tram = Brief });
        var telling = phone.MemoryAvailableAsync(Cancellation);
        var first = await Peer.ExpectAsync("MESSAGE");
        Peer.Respond(first, "202 Accepted");
        var second = await Peer.ExpectAsync("MESSAGE");
        Peer.Respond(second, "202 Accepted");
        Peer.Rp(register, $"03 {second.Body[1]:X2}", $"In-Reply-To: {second.CallId}");

        Assert.True((await telling).IsAccepted);
        Assert.Equal(first.Hex, second.Hex);
        Assert.NotEqual(first.CallId, second.CallId);
    }

    [Fact]
    public async Task A_status_report_is_acknowledged_and_known_for_what_it_is_about()
    {
        var (phone, register) = await RegisteredAsync();
        List<StatusReport> reports = [];
        phone.OnStatusReport += reports.Add;
        var sending = phone.SendAsync("+4940468950061", "x", new SendOptions { StatusReport = true }, Cancellation);
        var (message, data, submit) = await SubmitAsync();
        await AcknowledgeAsync(register, message, data, SubmitReport);
        await sending;
        string Report(string address, string timeStamp) =>
            $"01 2B 07 91947122723033 00 1A 06 {submit.MessageReference:X2} 0D 91 {address} {timeStamp} 52804001503080 00";

        var fitting = Report("940464980560F1", "52804001000080");
        var ofAnother = Report("940464980560F2", "52804001000080");
        var ofAnotherTime = Report("940464980560F1", "52804001000000");
        foreach (var report in new[] { fitting, fitting, ofAnother, ofAnotherTime })
            Assert.StartsWith("022B", (await Peer.ExpectReportAsync(Peer.Rp(register, report))).Hex);

        Assert.Equal([true, false, false], reports.Select(report => report.Fits));
        Assert.Equal((3, 1), (phone.Counters.StatusReports, phone.Counters.Repeats));
        var first = reports[0];
        Assert.Equal(("+4940468950061", TpStatus.Received, submit.MessageReference), (first.To, first.Status, first.MessageReference));
        Assert.Empty(phone.Received);
    }

    private async Task<(PeerMessage Message, SmsSubmit Submit)> SendAsync(Phone phone, PeerMessage register)
    {
        var sending = phone.SendAsync("+4940999", "x", cancellation: Cancellation);
        var (message, data, submit) = await SubmitAsync();
        await AcknowledgeAsync(register, message, data);
        Assert.True((await sending).IsAccepted);
        return (message, submit);
    }

    private async Task<(PeerMessage Message, RpData Data, SmsSubmit Submit)> SubmitAsync()
    {
        var message = await Peer.ExpectAsync("MESSAGE");
        Assert.Equal("application/vnd.3gpp.sms", message["Content-Type"]);
        Assert.True(RpData.TryDecode(message.Body, out var data, out var error), error.ToString());
        Assert.Equal(RpDirection.FromHandset, data.Direction);
        Assert.True(SmsSubmit.TryDecode(data.UserData, out var submit, out error), error.ToString());
        return (message, data, submit);
    }

    private async Task AcknowledgeAsync(PeerMessage register, PeerMessage message, RpData data, string userData = "")
    {
        Peer.Respond(message, "202 Accepted");
        var callId = Peer.Rp(register, $"03 {data.MessageReference:X2} {userData}", $"In-Reply-To: {message.CallId}");
        await Peer.ExpectAsync("SIP/2.0 200", answer => answer.CallId == callId);
    }
}
