using System.Text;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Sip.Tests.Auth;

//  UAC                          UAS
//   │ REGISTER ─────────────────► │  NoCredentials
//   │ ◄──── 401, three challenges │
//   │ REGISTER, nc=1 ───────────► │  Accepted
//   │ REGISTER, nc=2 ───────────► │  Accepted, until the nonce is old: Stale
public sealed class DigestTests
{
    private const string Realm = "ims.example.org";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static SipRequest Register() => new("REGISTER", SipUri.Parse("sip:ims.example.org"));

    private DigestServer Server(int maxNonces = 1000, params DigestAlgorithm[] algorithms) => new(
        new DigestServerOptions
        {
            Realm = Realm, MaxNonces = maxNonces, NonceLifetime = TimeSpan.FromMinutes(5),
            Algorithms = algorithms.Length == 0 ? [DigestAlgorithm.Md5, DigestAlgorithm.Sha512t256, DigestAlgorithm.Sha256] : algorithms,
        },
        _time);

    private static string? HashA1Of(string username, DigestAlgorithm algorithm) =>
        username == "alice" ? DigestAlgorithms.HashA1(algorithm, "alice", Realm, "secret") : null;

    private static SipResponse Challenge(DigestServer server, bool stale = false)
    {
        var response = new SipResponse(401);
        server.Challenge(response, stale);
        return response;
    }

    private static DigestVerdict Verify(DigestServer server, SipRequest request) => server.Verify(request, HashA1Of, out _);

    private static SipRequest Answered(DigestServer server, string password = "secret", string username = "alice")
    {
        var request = Register();
        Assert.True(new DigestClient(username, password).TryAuthorize(request, Challenge(server)));
        return request;
    }

    [Theory]
    [InlineData(DigestAlgorithm.Md5)]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.Sha512t256)]
    public void A_client_that_knows_the_password_is_accepted(DigestAlgorithm algorithm)
    {
        var server = Server(10, algorithm);
        var request = Answered(server);

        Assert.True(request.Headers.TryGet<DigestCredentials>(HeaderName.Authorization, out var credentials));
        Assert.Equal((DigestAlgorithms.NameOf(algorithm), "auth", 1u), (credentials.Algorithm, credentials.Qop, credentials.NonceCount));
        Assert.Equal(DigestVerdict.Accepted, server.Verify(request, HashA1Of, out var username));
        Assert.Equal("alice", username);
    }

    [Fact]
    public void Challenges_are_listed_in_the_order_of_preference_and_the_first_one_is_answered()
    {
        var server = Server();
        var challenge = Challenge(server);

        Assert.True(challenge.Headers.TryGetAll<DigestChallenge>(HeaderName.WwwAuthenticate, out var offered));
        Assert.Equal([DigestAlgorithm.Md5, DigestAlgorithm.Sha512t256, DigestAlgorithm.Sha256], offered.Select(c => c.Algorithm));
        Assert.Single(offered.Select(c => c.Nonce).Distinct());
        Assert.Contains("algorithm=MD5", Answered(server).Headers.Get(HeaderName.Authorization), StringComparison.Ordinal);
    }

    [Fact]
    public void A_challenge_that_cannot_be_answered_is_passed_over()
    {
        var challenge = new SipResponse(401);
        challenge.Headers.Add(HeaderName.WwwAuthenticate, "Digest realm=\"r\", nonce=\"n\", algorithm=AKAv1-MD5, qop=\"auth\"");
        challenge.Headers.Add(HeaderName.WwwAuthenticate, "Basic realm=\"r\"");
        challenge.Headers.Add(HeaderName.WwwAuthenticate, "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"");
        var client = new DigestClient("alice", "secret");
        Assert.False(client.TryAuthorize(Register(), challenge));

        challenge.Headers.Add(HeaderName.WwwAuthenticate, "Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\", opaque=\"o\"");
        var request = Register();
        Assert.True(client.TryAuthorize(request, challenge));
        Assert.Contains("opaque=\"o\"", request.Headers.Get(HeaderName.Authorization), StringComparison.Ordinal);
    }

    [Fact]
    public void Later_requests_count_up_without_being_challenged()
    {
        var server = Server();
        var client = new DigestClient("alice", "secret");
        var first = Register();
        client.TryAuthorize(first, Challenge(server));
        Assert.Equal(DigestVerdict.Accepted, Verify(server, first));

        for (var count = 2u; count < 200; count++)
        {
            var request = Register();
            client.Authorize(request);
            Assert.True(request.Headers.TryGet<DigestCredentials>(HeaderName.Authorization, out var credentials));
            Assert.Equal(count, credentials.NonceCount);
            Assert.Equal(DigestVerdict.Accepted, Verify(server, request));
        }
    }

    [Fact]
    public void The_same_credentials_a_second_time_are_a_replay()
    {
        var server = Server();
        var request = Answered(server);

        Assert.Equal(DigestVerdict.Accepted, Verify(server, request));
        Assert.Equal(DigestVerdict.Replayed, Verify(server, request));
    }

    [Fact]
    public void Counts_may_arrive_out_of_order_once_each_within_64()
    {
        var server = Server();
        var client = new DigestClient("alice", "secret");
        var requests = Enumerable.Range(0, 100).Select(i =>
        {
            var request = Register();
            if (i == 0) client.TryAuthorize(request, Challenge(server));
            else client.Authorize(request);
            return request;
        }).ToArray();

        Assert.Equal(DigestVerdict.Accepted, Verify(server, requests[1]));
        Assert.Equal(DigestVerdict.Accepted, Verify(server, requests[0]));
        Assert.Equal(DigestVerdict.Replayed, Verify(server, requests[1]));
        Assert.Equal(DigestVerdict.Accepted, Verify(server, requests[99]));
        Assert.Equal(DigestVerdict.Accepted, Verify(server, requests[36]));
        Assert.Equal(DigestVerdict.Replayed, Verify(server, requests[35]));
        Assert.Equal(DigestVerdict.Replayed, Verify(server, requests[36]));
    }

    [Fact]
    public void The_older_form_without_qop_is_good_for_one_request()
    {
        var server = Server(10, DigestAlgorithm.Md5);
        Assert.True(Challenge(server).Headers.TryGet<DigestChallenge>(HeaderName.WwwAuthenticate, out var offered));
        var old = new SipResponse(401);
        old.Headers.Add(HeaderName.WwwAuthenticate, offered with { OffersAuth = false });
        var request = Register();
        new DigestClient("alice", "secret").TryAuthorize(request, old);

        Assert.DoesNotContain("cnonce", request.Headers.Get(HeaderName.Authorization), StringComparison.Ordinal);
        Assert.Equal(DigestVerdict.Accepted, Verify(server, request));
        Assert.Equal(DigestVerdict.Replayed, Verify(server, request));
    }

    [Fact]
    public void An_old_nonce_is_stale_and_the_client_goes_on_with_a_new_one()
    {
        var server = Server();
        var client = new DigestClient("alice", "secret");
        var request = Register();
        client.TryAuthorize(request, Challenge(server));
        _time.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromMilliseconds(1));

        Assert.Equal(DigestVerdict.Stale, Verify(server, request));
        Assert.True(client.TryAuthorize(request, Challenge(server, stale: true)));
        Assert.Equal(DigestVerdict.Accepted, Verify(server, request));
    }

    [Fact]
    public void A_nonce_of_another_process_is_stale_not_wrong()
    {
        var request = Answered(Server());

        Assert.Equal(DigestVerdict.Stale, Verify(Server(), request));
    }

    [Theory]
    [InlineData("alice", "guess")]
    [InlineData("mallory", "secret")]
    public void A_wrong_password_and_an_unknown_user_look_alike(string username, string password)
    {
        var server = Server();

        Assert.Equal(DigestVerdict.Wrong, server.Verify(Answered(server, password, username), HashA1Of, out var claimed));
        Assert.Equal(username, claimed);
    }

    [Fact]
    public void A_wrong_password_with_an_old_nonce_is_wrong()
    {
        var server = Server();
        var request = Answered(server, "guess");
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(DigestVerdict.Wrong, Verify(server, request));
    }

    [Fact]
    public void A_client_does_not_repeat_a_password_that_was_refused()
    {
        var server = Server();
        var client = new DigestClient("alice", "guess");
        var request = Register();
        Assert.True(client.TryAuthorize(request, Challenge(server)));

        Assert.False(client.TryAuthorize(request, Challenge(server)));
    }

    [Fact]
    public void A_refresh_whose_nonce_the_server_forgot_is_answered_again()
    {
        var client = new DigestClient("alice", "secret");
        client.TryAuthorize(Register(), Challenge(Server()));
        var refresh = Register();
        client.Authorize(refresh);
        var restarted = Server();

        Assert.True(client.TryAuthorize(refresh, Challenge(restarted)));
        Assert.Equal(DigestVerdict.Accepted, Verify(restarted, refresh));
    }

    [Fact]
    public void Proxy_and_server_are_answered_side_by_side()
    {
        var client = new DigestClient("alice", "secret");
        var request = Register();
        var proxy = new SipResponse(407);
        proxy.Headers.Add(HeaderName.ProxyAuthenticate, new DigestChallenge("proxy", "p", DigestAlgorithm.Sha256) { OffersAuth = true });
        Assert.True(client.TryAuthorize(request, proxy));
        var server = Server();
        Assert.True(client.TryAuthorize(request, Challenge(server)));

        Assert.Contains("realm=\"proxy\"", request.Headers.Get(HeaderName.ProxyAuthorization), StringComparison.Ordinal);
        Assert.Equal(DigestVerdict.Accepted, Verify(server, request));
    }

    [Theory]
    [InlineData("Digest username=\"alice\"")]
    [InlineData("Digest username=\"alice\", username=\"bob\", realm=\"ims.example.org\", nonce=\"n\", uri=\"sip:ims.example.org\", response=\"0\"")]
    [InlineData("Digest username=\"alice\", realm=\"ims.example.org\", nonce=\"n\", uri=\"sip:ims.example.org\", response=\"0\", qop=auth, cnonce=\"c\"")]
    [InlineData("Digest username=\"alice\", realm=\"ims.example.org\", nonce=\"n\", uri=\"sip:ims.example.org\", response=\"0\", qop=auth, nc=1, cnonce=\"c\"")]
    [InlineData("Digest username=\"alice\", realm=\"ims.example.org\", nonce=\"n\", uri=\"sip:ims.example.org\", response=\"0\", qop=auth, nc=00000001")]
    [InlineData("Digest username=\"alice\", realm=\"ims.example.org\", nonce=\"n\", uri=\"sip:ims.example.org\", response=\"0\", qop=auth-int, nc=00000001, cnonce=\"c\"")]
    [InlineData("Digest username=\"alice\", realm=\"ims.example.org\", nonce=\"n\", uri=\"sip:other.example.org\", response=\"0\"")]
    [InlineData("Digest username=\"alice, realm=\"ims.example.org\"")]
    public void Credentials_against_the_grammar_or_for_another_URI_are_malformed(string authorization)
    {
        var request = Register();
        request.Headers.Add(HeaderName.Authorization, authorization);

        Assert.Equal(DigestVerdict.Malformed, Verify(Server(), request));
    }

    [Theory]
    [InlineData("NoOneKnowsThisScheme opaque-data=here")]
    [InlineData("Digest username=\"alice\", realm=\"elsewhere\", nonce=\"n\", uri=\"sip:ims.example.org\", response=\"0\"")]
    [InlineData("Digest username=\"alice\", realm=\"ims.example.org\", nonce=\"n\", uri=\"sip:ims.example.org\", response=\"0\", algorithm=MD5-sess")]
    public void Credentials_that_are_not_for_us_lead_to_a_challenge(string authorization)
    {
        var request = Register();
        request.Headers.Add(HeaderName.Authorization, authorization);

        Assert.Equal(DigestVerdict.NoCredentials, Verify(Server(), request));
    }

    [Fact]
    public void A_weaker_algorithm_than_offered_is_not_taken()
    {
        var server = Server(10, DigestAlgorithm.Sha256);
        var request = Answered(server);
        request.Headers.Set(HeaderName.Authorization,
            request.Headers.Get(HeaderName.Authorization)!.Replace("SHA-256", "MD5", StringComparison.Ordinal));

        Assert.Equal(DigestVerdict.NoCredentials, Verify(server, request));
    }

    [Fact]
    public void A_used_nonce_that_was_dropped_to_make_room_cannot_be_used_again()
    {
        var server = Server(maxNonces: 2);
        var requests = Enumerable.Range(0, 4).Select(_ =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            return Answered(server);
        }).ToArray();

        Assert.All(requests, request => Assert.Equal(DigestVerdict.Accepted, Verify(server, request)));
        Assert.Equal(DigestVerdict.Stale, Verify(server, requests[0]));
        Assert.Equal(DigestVerdict.Replayed, Verify(server, requests[3]));
    }

    [Fact]
    public void A_nonce_in_capitals_is_not_another_nonce()
    {
        var nonces = new NonceTable(TimeSpan.FromMinutes(1), 10, _time);
        var nonce = nonces.Create();

        Assert.Equal(DigestVerdict.Accepted, nonces.Use(nonce, 1));
        Assert.Equal(DigestVerdict.Stale, nonces.Use(nonce.ToUpperInvariant(), 1));
        Assert.Equal(DigestVerdict.Replayed, nonces.Use(nonce, 0));
        Assert.Equal(DigestVerdict.Stale, nonces.Use(nonce[..^2] + (nonce.EndsWith("00", StringComparison.Ordinal) ? "01" : "00"), 2));
        Assert.Equal(DigestVerdict.Stale, nonces.Use("zz" + nonce[2..], 2));
        Assert.Equal(DigestVerdict.Stale, nonces.Use("", 2));
    }

    [Fact]
    public void A_quote_in_a_user_name_stays_inside_its_quotes()
    {
        var server = Server();
        var request = Answered(server, username: "a\", realm=\"x");

        Assert.True(DigestCredentials.TryParse(Encoding.UTF8.GetBytes(request.Headers.Get(HeaderName.Authorization)!),
            out var credentials));
        Assert.Equal(("a\", realm=\"x", Realm), (credentials.Username, credentials.Realm));
    }
}
