using System.Net;
using Gateway.Provisioning;
using Gateway.Registration;
using Gateway.Sip;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Registration;

public sealed class GuessesTests
{
    private static readonly IPAddress Guesser = IPAddress.Parse("192.0.2.66"), Home = IPAddress.Parse("198.51.100.1");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Locks_the_source_for_the_user_twice_as_long_each_time_and_nobody_else()
    {
        var guesses = new Guesses(_time);
        for (var i = 1; i < Guesses.Allowed; i++) guesses.Add("alice", Guesser);
        Assert.Null(guesses.LockedFor("alice", Guesser));

        foreach (var seconds in new[] { 1, 2, 4, 8 })
        {
            guesses.Add("alice", Guesser);
            Assert.Equal(TimeSpan.FromSeconds(seconds), guesses.LockedFor("alice", Guesser));
            Assert.Null(guesses.LockedFor("alice", Home));
            Assert.Null(guesses.LockedFor("bob", Guesser));
            _time.Advance(TimeSpan.FromSeconds(seconds));
            Assert.Null(guesses.LockedFor("alice", Guesser));
        }
    }

    [Fact]
    public void Never_locks_for_more_than_an_hour_and_forgives_after_one()
    {
        var guesses = new Guesses(_time);
        for (var i = 0; i < 40; i++) guesses.Add("alice", Guesser);
        Assert.Equal(TimeSpan.FromHours(1), guesses.LockedFor("alice", Guesser));

        _time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));
        guesses.Add("alice", Guesser);
        Assert.Null(guesses.LockedFor("alice", Guesser));
    }

    [Fact]
    public void The_addresses_of_an_ipv6_network_are_one_source()
    {
        var guesses = new Guesses(_time);
        for (var i = 0; i < Guesses.Allowed; i++) guesses.Add("alice", IPAddress.Parse($"2001:db8:1:2::{i + 1}"));

        Assert.NotNull(guesses.LockedFor("alice", IPAddress.Parse("2001:db8:1:2:ffff::")));
        Assert.Null(guesses.LockedFor("alice", IPAddress.Parse("2001:db8:1:3::1")));
    }

    [Fact]
    public void A_flood_of_sources_is_bounded_and_frees_nobody_who_is_locked()
    {
        var guesses = new Guesses(_time);
        for (var i = 0; i < 10; i++) guesses.Add("alice", Guesser);
        var locked = guesses.LockedFor("alice", Guesser);
        Assert.NotNull(locked);
        for (var i = 0; i < Guesses.Remembered + 10; i++) guesses.Add("alice", new IPAddress(0x0A000000L + i));

        Assert.Equal(locked, guesses.LockedFor("alice", Guesser));
    }

    [Fact]
    public void Wrong_passwords_from_elsewhere_do_not_keep_a_user_out()
    {
        var settings = new GatewaySettings { Sip = new() { Domain = "ims.lab", Registrar = new() { Users = [new() { Number = "4940100001", Password = "right" }] } } };
        var users = new RegistrarUsers(settings.Sip, new LiveDirectory(settings), _time);
        for (var i = 0; i < 2 * Guesses.Allowed; i++) Answer(Guesser, "wrong");

        var refused = Answer(Guesser, "right");
        Assert.Equal(403, refused!.StatusCode);
        Assert.NotNull(refused.Headers.Get(HeaderName.RetryAfter));
        Assert.Null(Answer(Home, "right"));

        SipResponse? Answer(IPAddress source, string password)
        {
            var request = new SipRequest(SipMethod.Register, SipUri.Parse("sip:ims.lab"));
            request.Headers.Add(HeaderName.From, "<sip:+4940100001@ims.lab>;tag=1");
            request.Headers.Add(HeaderName.To, "<sip:+4940100001@ims.lab>");
            request.Headers.Add(HeaderName.CallId, "c");
            request.Headers.Add(HeaderName.CSeq, "1 REGISTER");
            var flow = new SipFlow(SipTransportKind.Udp, new IPEndPoint(source, 5060), new IPEndPoint(IPAddress.Loopback, 5060));
            var challenge = users.Refusal(request, flow, "4940100001")!;
            if (challenge.StatusCode != 401) return challenge;
            Assert.True(new DigestClient("4940100001", password).TryAuthorize(request, challenge));
            return users.Refusal(request, flow, "4940100001");
        }
    }
}
