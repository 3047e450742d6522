using System.Diagnostics;
using System.Text;
using Gateway.Handset;
using Gateway.Sms;
using Xunit;

namespace Gateway.Tests.Handsets;

/// <summary>
/// <code>
/// peer -- MESSAGE RP-DATA --> handset
///      &lt;-- 200 ---------------
///      &lt;-- MESSAGE RP-ACK ----
///      -- 202 --------------->
/// </code>
/// The octets are worked examples, decoded by tshark 4.0.
/// </summary>
public sealed class MtMessageTests : HandsetFixture
{
    private const string Hello = "01 2A 07 91947122723033 00 19 04 0D 91 940464980560F1 00 00 52804001000080 05 C8329BFD06";
    private const string FromNexmo = "01 2C 07 91947122723033 00 17 04 09 D0 CE32BEFD06 00 00 52804001000080 05 C8329BFD06";
    private const string Emoji = "01 2E 07 91947122723033 00 18 04 0D 91 940464980560F1 00 08 52804001000080 04 D83DDE00";

    [Fact]
    public async Task A_text_is_shown_and_acknowledged_to_the_asserted_identity()
    {
        var (phone, register) = await RegisteredAsync();
        var callId = Peer.Rp(register, Hello);
        var report = await Peer.ExpectReportAsync(callId);
        var text = await TextAsync();

        Assert.Equal($"MESSAGE {ScriptedPeer.ServiceCentre} SIP/2.0", report.StartLine);
        Assert.Equal($"<{ScriptedPeer.ServiceCentre}>", report["To"]);
        Assert.StartsWith($"<{Identity}>;tag=", report["From"]);
        Assert.Equal($"<{Identity}>", report["P-Preferred-Identity"]);
        Assert.Null(report.Find("P-Asserted-Identity"));
        Assert.Null(report.Find("Contact"));
        Assert.Equal("application/vnd.3gpp.sms", report["Content-Type"]);
        Assert.Equal("022A41020000", report.Hex);
        Assert.Equal(("+4940468950061", "Hello", 1), (text.From, text.Text, text.Parts));
        Assert.Equal(new DateTimeOffset(2025, 8, 4, 10, 0, 0, TimeSpan.FromHours(2)), text.SentAt);
        Assert.Equal([Hello.Replace(" ", "")], text.RpData);
        Assert.False(text.IsFlash);
        Assert.Equal([text], phone.Received);
    }

    [Theory]
    [InlineData(FromNexmo, "Nexmo", "Hello")]
    [InlineData(Emoji, "+4940468950061", "\U0001F600")]
    public async Task Names_and_all_alphabets_are_read(string rpData, string from, string expected)
    {
        var (_, register) = await RegisteredAsync();
        Peer.Rp(register, rpData);
        var text = await TextAsync();

        Assert.Equal((from, expected), (text.From, text.Text));
    }

    [Fact]
    public async Task A_flash_message_and_data_are_told_apart()
    {
        var (_, register) = await RegisteredAsync();
        Peer.Rp(register, Hello.Replace("F1 00 00", "F1 00 10"));
        Assert.True((await TextAsync()).IsFlash);

        Peer.Rp(register, Emoji.Replace("F1 00 08", "F1 00 04"));
        var data = await TextAsync();
        Assert.Equal("", data.Text);
        Assert.Equal("D83DDE00", Convert.ToHexString(data.Data.Span));
    }

    [Fact]
    public async Task Without_an_asserted_identity_the_report_goes_to_from_and_bare_reports_are_bare()
    {
        var (_, register) = await RegisteredAsync(Options() with { BareReports = true, AssertIdentity = true });
        var callId = Peer.Message(register, "application/vnd.3gpp.sms", Convert.FromHexString(Hello.Replace(" ", "")));
        var report = await Peer.ExpectReportAsync(callId);

        Assert.Equal(ScriptedPeer.ServiceCentre, report.RequestUri);
        Assert.Equal("022A", report.Hex);
        Assert.Equal($"<{Identity}>", report["P-Asserted-Identity"]);
    }

    [Fact]
    public async Task Of_two_asserted_identities_the_sip_uri_gets_the_report()
    {
        var (_, register) = await RegisteredAsync();
        var callId = Peer.Message(register, "application/vnd.3gpp.sms", Convert.FromHexString(Hello.Replace(" ", "")),
            "P-Asserted-Identity: <tel:+491700000000>, <sip:node7@ims.example.org:5099>");

        Assert.Equal("sip:node7@ims.example.org:5099", (await Peer.ExpectReportAsync(callId)).RequestUri);
    }

    [Fact]
    public async Task Parts_are_joined_in_any_order_and_each_is_acknowledged()
    {
        var (phone, register) = await RegisteredAsync();
        var parts = Parts(new string('a', 150) + new string('b', 150) + "\u20AC end", reference: 7);
        foreach (var part in parts.Reverse()) await Peer.ExpectReportAsync(Peer.Rp(register, part));
        var text = await TextAsync();

        Assert.Equal(new string('a', 150) + new string('b', 150) + "\u20AC end", text.Text);
        Assert.Equal(2, text.Parts);
        Assert.Equal(parts.Reverse(), text.RpData);
        Assert.True(NoMoreTexts);
        Assert.Equal(1, phone.Counters.Texts);
        await WaitAsync(() => phone.Counters.Reported == 2);
    }

    [Fact]
    public async Task A_repeat_is_acknowledged_again_and_shown_once()
    {
        var (phone, register) = await RegisteredAsync();
        await Peer.ExpectReportAsync(Peer.Rp(register, Hello));
        var repeat = await Peer.ExpectReportAsync(Peer.Rp(register, Hello.Replace("01 2A", "01 2B")));
        var other = await Peer.ExpectReportAsync(Peer.Rp(register, Hello.Replace("52804001000080", "52804001100080")));

        Assert.StartsWith("022B", repeat.Hex);
        Assert.StartsWith("022A", other.Hex);
        Assert.Equal(2, phone.Received.Count);
        Assert.Equal(1, phone.Counters.Repeats);
    }

    [Fact]
    public async Task A_silent_message_of_type_0_is_acknowledged_and_not_shown()
    {
        var (phone, register) = await RegisteredAsync();
        var report = await Peer.ExpectReportAsync(Peer.Rp(register, Hello.Replace("F1 00 00", "F1 40 00")));

        Assert.StartsWith("022A", report.Hex);
        Assert.Empty(phone.Received);
    }

    [Fact]
    public async Task Refusing_gives_rp_error_with_the_cause()
    {
        var (phone, register) = await RegisteredAsync();
        phone.Behaviour = Behaviour.Refuse(RpCause.ProtocolErrorUnspecified);
        var report = await Peer.ExpectReportAsync(Peer.Rp(register, Hello));

        Assert.Equal("042A016F", report.Hex);
        Assert.Empty(phone.Received);
        Assert.Equal(1, phone.Counters.Refused);
    }

    [Fact]
    public async Task Full_refuses_with_22_until_memory_is_available()
    {
        var (phone, register) = await RegisteredAsync();
        phone.Behaviour = Behaviour.Full;
        var refusal = await Peer.ExpectReportAsync(Peer.Rp(register, Hello));
        Assert.Equal("042A01164103" + "00D300", refusal.Hex);

        var telling = phone.MemoryAvailableAsync(Cancellation);
        var smma = await Peer.ExpectAsync("MESSAGE");
        Assert.Equal(ScriptedPeer.ServiceCentre, smma.RequestUri);
        Assert.Equal(2, smma.Body.Length);
        Assert.Equal(0x06, smma.Body[0]);
        Peer.Respond(smma, "202 Accepted");
        Peer.Rp(register, $"03 {smma.Body[1]:X2}", $"In-Reply-To: {smma.CallId}");
        Assert.True((await telling).IsAccepted);

        Assert.Equal("022A41020000", (await Peer.ExpectReportAsync(Peer.Rp(register, Hello))).Hex);
        Assert.Equal("Hello", (await TextAsync()).Text);
    }

    [Fact]
    public async Task Silent_takes_the_message_and_never_reports()
    {
        var (phone, register) = await RegisteredAsync();
        phone.Behaviour = Behaviour.Silent;
        var silent = Peer.Rp(register, Hello);
        await Peer.ExpectAsync("SIP/2.0 200", answer => answer.CallId == silent);
        await TextAsync();
        phone.Behaviour = Behaviour.Accept;
        var repeat = Peer.Rp(register, Hello);

        Assert.Equal(repeat, (await Peer.ExpectAsync("MESSAGE"))["In-Reply-To"]);
        Assert.Single(phone.Received);
    }

    [Fact]
    public async Task Slow_answers_sip_at_once_and_acknowledges_late()
    {
        var (phone, register) = await RegisteredAsync();
        phone.Behaviour = Behaviour.Slow(TimeSpan.FromMilliseconds(300));
        var started = Stopwatch.StartNew();
        var callId = Peer.Rp(register, Hello);
        await Peer.ExpectAsync("SIP/2.0 200", answer => answer.CallId == callId);
        var answered = started.Elapsed;
        await Peer.ExpectAsync("MESSAGE");

        Assert.True(started.Elapsed - answered >= TimeSpan.FromMilliseconds(250), $"200 after {answered}, RP-ACK after {started.Elapsed}");
    }

    [Fact]
    public async Task Deaf_gives_no_answer_not_even_100()
    {
        var (phone, register) = await RegisteredAsync();
        phone.Behaviour = Behaviour.Deaf;
        Peer.Rp(register, Hello);
        await WaitAsync(() => phone.Counters.Messages == 1);
        phone.Behaviour = Behaviour.Accept;
        var heard = Peer.Rp(register, Hello);

        Assert.Equal(heard, (await Peer.ExpectAsync("SIP/2.0 200")).CallId);
        Assert.Equal(heard, (await Peer.ExpectAsync("MESSAGE"))["In-Reply-To"]);
    }

    [Theory]
    [InlineData("012A0791947122723033001904", "042A0160")]   // RP-UD cut: 96
    [InlineData("01 2A 07 91947122723033 00 05 04 0D 91 9404", "042A016F4103" + "00FF00")]   // TP-OA cut: 111, TP-FCS FF
    [InlineData("01 2A 07 91947122723033 00 03 03 00 00", "042A01614103" + "00B000")]   // reserved TP-MTI: 97, TP-FCS B0
    [InlineData("00 2A 00 07 91947122723033 03 01 02 03", "042A0161")]   // for a service centre: 97
    [InlineData("07 2A", "042A0161")]   // reserved type: 97
    [InlineData("06 2A", "042A0161")]   // RP-SMMA downwards: 97
    public async Task What_cannot_be_read_gets_rp_error(string rpMessage, string expected)
    {
        var (phone, register) = await RegisteredAsync();
        var report = await Peer.ExpectReportAsync(Peer.Rp(register, rpMessage));

        Assert.Equal(expected, report.Hex);
        Assert.Equal(1, phone.Counters.Broken);
        Assert.Empty(phone.Received);
    }

    [Fact]
    public async Task A_body_without_a_reference_gets_400_and_a_report_never_gets_a_report()
    {
        var (_, register) = await RegisteredAsync();
        var tooShort = Peer.Rp(register, "01");
        await Peer.ExpectAsync("SIP/2.0 400", answer => answer.CallId == tooShort);
        foreach (var stray in new[] { "03 05", "05 05 01 15", "05 05", "03 05 41 20 00" })
        {
            var callId = Peer.Rp(register, stray);
            await Peer.ExpectAsync("SIP/2.0 200", answer => answer.CallId == callId);
        }

        var good = Peer.Rp(register, Hello);
        Assert.Equal(good, (await Peer.ExpectAsync("MESSAGE"))["In-Reply-To"]);
    }

    [Fact]
    public async Task A_report_is_challenged_like_any_request()
    {
        var (phone, register) = await RegisteredAsync(Options() with { Password = "secret" });
        var callId = Peer.Rp(register, Hello);
        var first = await Peer.ExpectAsync("MESSAGE");
        Peer.Respond(first, "407 Proxy Authentication Required",
            "Proxy-Authenticate: Digest realm=\"lab\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"");
        var second = await Peer.ExpectAsync("MESSAGE");
        Peer.Respond(second, "202 Accepted");

        Assert.Contains("username=\"4940111222\"", second["Proxy-Authorization"]);
        Assert.Equal((first.CallId, callId), (second.CallId, second["In-Reply-To"]));
        await WaitAsync(() => phone.Counters.Reported == 1);
    }

    [Fact]
    public async Task Other_bodies_and_methods_are_refused_with_what_is_understood()
    {
        var (_, register) = await RegisteredAsync();
        Peer.Message(register, "text/plain", Encoding.UTF8.GetBytes("hi"));

        Assert.Equal("application/vnd.3gpp.sms", (await Peer.ExpectAsync("SIP/2.0 415"))["Accept"]);

        Peer.Request("OPTIONS", register, []);
        var capabilities = await Peer.ExpectAsync("SIP/2.0 200");
        Assert.Equal(("MESSAGE, OPTIONS", "application/vnd.3gpp.sms"), (capabilities["Allow"], capabilities["Accept"]));

        Peer.Request("SUBSCRIBE", register, [], "Event: reg", "Expires: 60", "Contact: <sip:peer@127.0.0.1>");
        Assert.Equal("MESSAGE, OPTIONS", (await Peer.ExpectAsync("SIP/2.0 405"))["Allow"]);
    }

    private static IReadOnlyList<string> Parts(string text, ushort reference)
    {
        Assert.True(Segmenter.TrySegment(text, new SegmentationOptions { Reference = reference }, out var segmentation));
        return [.. segmentation.Segments.Select((segment, index) => Convert.ToHexString(RpData.Encode(
            RpDirection.ToHandset, (byte)(40 + index), RpAddress.International("491700000000"), new SmsDeliver
            {
                OriginatingAddress = TpAddress.International("4940999"),
                ServiceCentreTimeStamp = TpServiceCentreTimeStamp.From(new DateTimeOffset(2025, 8, 4, 10, 0, index, TimeSpan.Zero)),
                UserData = segment.UserData,
            })))];
    }
}
