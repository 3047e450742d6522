using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Handset;
using Gateway.Sip;
using Xunit;

namespace Gateway.Tests.Handsets;

public sealed partial class RegistrationTests : HandsetFixture
{
    [Fact]
    public async Task A_volte_contact_states_sms_over_ip_and_an_instance()
    {
        var (phone, register) = await RegisteredAsync();

        Assert.Equal($"REGISTER sip:{ScriptedPeer.Domain} SIP/2.0", register.StartLine);
        Assert.Equal($"<{Identity}>", register["To"]);
        Assert.StartsWith($"<{Identity}>;tag=", register["From"]);
        Assert.Equal("3600", register["Expires"]);
        Assert.Matches(
            """^<sip:4940111222@127\.0\.0\.1:\d+>;\+g\.3gpp\.icsi-ref="urn%3Aurn-7%3A3gpp-service\.ims\.icsi\.mmtel";"""
            + """\+g\.3gpp\.smsip;\+sip\.instance="<urn:gsma:imei:00100100-111222-0>"$""",
            register["Contact"]);
        Assert.Equal(ScriptedPeer.ContactOf(register), phone.Contact!.ToString());
        Assert.Equal(register.From.Port, phone.Contact!.Port);
        Assert.True(phone.Registration.IsRegistered);
    }

    [Fact]
    public async Task An_ott_contact_does_not_state_sms_over_ip()
    {
        var (_, register) = await RegisteredAsync(Options(HandsetKind.Ott));

        Assert.DoesNotContain("3gpp", register["Contact"]);
        Assert.Contains(";+sip.instance=\"<urn:uuid:", register["Contact"]);
    }

    [Fact]
    public async Task A_challenge_is_answered_with_the_digest_of_the_password()
    {
        var phone = Make(Options() with { Password = "secret", Username = "alice" });
        await phone.StartAsync(Cancellation);
        var first = await Peer.ExpectAsync("REGISTER");
        Peer.Respond(first, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"lab\", nonce=\"n0\", algorithm=MD5, qop=\"auth\"");
        var second = await Peer.ExpectAsync("REGISTER");
        Peer.Grant(second);
        await phone.WhenRegisteredAsync(Cancellation);

        var given = DigestParameter().Matches(second["Authorization"]).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        var (hashA1, hashA2) = (Md5("alice:lab:secret"), Md5($"REGISTER:sip:{ScriptedPeer.Domain}"));
        var expected = Md5($"{hashA1}:n0:{given["nc"]}:{given["cnonce"]}:auth:{hashA2}");
        Assert.Equal(expected, given["response"]);
        Assert.Equal(first.CallId, second.CallId);
        Assert.Equal(first.Sequence + 1, second.Sequence);
    }

    [Fact]
    public async Task A_wrong_password_is_not_tried_in_a_row()
    {
        const string challenge = "WWW-Authenticate: Digest realm=\"lab\", nonce=\"n0\", algorithm=MD5, qop=\"auth\"";
        var phone = Make(Options() with { Password = "wrong", FirstRetry = TimeSpan.FromHours(1) });
        await phone.StartAsync(Cancellation);
        Peer.Respond(await Peer.ExpectAsync("REGISTER"), "401 Unauthorized", challenge);
        Peer.Respond(await Peer.ExpectAsync("REGISTER"), "401 Unauthorized", challenge);
        var state = await phone.WhenRegistrationTriedAsync(Cancellation);

        Assert.False(state.IsRegistered);
        Assert.Equal((401, "401 Unauthorized, the password is not accepted"), (state.StatusCode, state.Words));
    }

    [Fact]
    public async Task A_challenge_without_a_password_says_that_there_is_none()
    {
        var phone = Make(Options() with { FirstRetry = TimeSpan.FromHours(1) });
        await phone.StartAsync(Cancellation);
        Peer.Respond(await Peer.ExpectAsync("REGISTER"), "401 Unauthorized", "WWW-Authenticate: Digest realm=\"lab\", nonce=\"n0\"");
        var state = await phone.WhenRegistrationTriedAsync(Cancellation);

        Assert.Equal("401 Unauthorized, and no password is given", state.Words);
    }

    [Fact]
    public async Task It_is_refreshed_in_time_with_the_same_call_id()
    {
        var phone = Make(Options());
        await phone.StartAsync(Cancellation);
        var first = await Peer.ExpectAsync("REGISTER");
        Peer.Grant(first, seconds: 1);
        var second = await Peer.ExpectAsync("REGISTER");

        Assert.Equal(first.CallId, second.CallId);
        Assert.True(second.Sequence > first.Sequence);
        Assert.Equal(first["Contact"], second["Contact"]);
    }

    [Fact]
    public async Task The_time_granted_is_that_of_its_own_contact()
    {
        var phone = Make(Options());
        await phone.StartAsync(Cancellation);
        var register = await Peer.ExpectAsync("REGISTER");
        var before = TimeProvider.System.GetUtcNow();
        Peer.Respond(register, "200 OK", "Expires: 20", $"Contact: <sip:other@127.0.0.1:9>;expires=10, {register["Contact"]};expires=5000");
        var state = await phone.WhenRegisteredAsync(Cancellation);

        Assert.InRange(state.Until!.Value, before + TimeSpan.FromSeconds(4990), before + TimeSpan.FromSeconds(5010));
    }

    [Fact]
    public async Task A_refused_registration_is_tried_again()
    {
        var phone = Make(Options());
        await phone.StartAsync(Cancellation);
        var refused = await Peer.ExpectAsync("REGISTER");
        Peer.Respond(refused, "500 Server Error");
        var again = await Peer.ExpectAsync("REGISTER");
        Peer.Respond(again, "403 Forbidden");
        Peer.Grant(await Peer.ExpectAsync("REGISTER"));
        await phone.WhenRegisteredAsync(Cancellation);

        Assert.Equal(refused.CallId, again.CallId);
    }

    [Fact]
    public async Task Retry_after_is_obeyed()
    {
        var phone = Make(Options());
        await phone.StartAsync(Cancellation);
        Peer.Respond(await Peer.ExpectAsync("REGISTER"), "503 Service Unavailable", "Retry-After: 4294967295");
        var state = await phone.WhenRegistrationTriedAsync(Cancellation);

        Assert.Equal(TimeSpan.FromSeconds(uint.MaxValue), state.RetryIn);
    }

    [Fact]
    public async Task An_interval_too_brief_is_raised_at_once()
    {
        var phone = Make(Options() with { Expires = TimeSpan.FromSeconds(60), FirstRetry = TimeSpan.FromHours(1) });
        await phone.StartAsync(Cancellation);
        Peer.Respond(await Peer.ExpectAsync("REGISTER"), "423 Interval Too Brief", "Min-Expires: 1800");

        Assert.Equal("1800", (await Peer.ExpectAsync("REGISTER"))["Expires"]);
    }

    [Fact]
    public async Task Leaving_removes_its_own_contact_and_starting_again_registers_it()
    {
        var (phone, register) = await RegisteredAsync();
        var leaving = phone.DeregisterAsync(Cancellation);
        var removal = await Peer.ExpectAsync("REGISTER");
        Peer.Respond(removal, "200 OK");
        await leaving;

        Assert.Equal("0", removal["Expires"]);
        Assert.Equal(register["Contact"], removal["Contact"]);
        Assert.Equal(register.CallId, removal.CallId);
        Assert.False(phone.Registration.IsRegistered);

        await phone.StartAsync(Cancellation);
        var back = await Peer.ExpectAsync("REGISTER");
        Assert.Equal("3600", back["Expires"]);
        Assert.Equal(register["Contact"], back["Contact"]);
    }

    [Fact]
    public async Task A_proxy_and_headers_of_a_lab_are_put_in()
    {
        var options = Options() with
        {
            Registrar = SipUri.Parse("sip:registrar.invalid"),
            Proxy = SipUri.Parse($"{Peer.Uri};lr"),
            Identity = SipUri.Parse("sip:4940111222@lab.example"),
            Domain = "lab.example",
            Headers = [new("P-Access-Network-Info", "3GPP-E-UTRAN-FDD")],
        };
        var (_, register) = await RegisteredAsync(options);

        Assert.Equal("sip:lab.example", register.RequestUri);
        Assert.Equal($"<{Peer.Uri};lr>", register["Route"]);
        Assert.Equal("<sip:4940111222@lab.example>", register["To"]);
        Assert.Equal("3GPP-E-UTRAN-FDD", register["P-Access-Network-Info"]);
    }

    [Fact]
    public async Task A_taken_port_is_named()
    {
        var (first, _) = await RegisteredAsync();
        var second = Make(Options() with { Listen = new(System.Net.IPAddress.Loopback, first.Contact!.Port!.Value) });

        var fault = await Assert.ThrowsAsync<IOException>(() => second.StartAsync(Cancellation));
        Assert.Contains($"127.0.0.1:{first.Contact.Port}", fault.Message);
    }

    [GeneratedRegex("""(\w+)="?([^",]*)"?""")]
    private static partial Regex DigestParameter();

    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
}
