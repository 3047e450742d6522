using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>Handsets and text clients that register straight at the gateway.</summary>
[Collection<LocalGatewayCollection>]
public sealed class RegistrarTests(LocalGateway local)
{
    private static int _numbers = 300_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_text_of_3000_characters_reaches_a_client_whole_over_its_own_flow(bool tcp)
    {
        var text = string.Concat(Enumerable.Range(0, 400).Select(i => $"№{i:000000}; "))[..3000];
        await using var client = NewUe(tcp);
        await client.RegisterAsync(Cancel, RawUe.OttTags);

        await local.Process.SendSmsAsync(client.Number, text, Cancel, more: ("type", "unicode"));

        Assert.Equal(text, (await client.TextAsync(Cancel)).Text);
    }

    [Fact]
    public async Task A_handset_over_tcp_sends_and_receives_on_its_connection()
    {
        await using var handset = NewUe(tcp: true);
        await using var client = NewUe(tcp: false);
        await handset.RegisterAsync(Cancel);
        await client.RegisterAsync(Cancel, RawUe.OttTags);

        Assert.True(Assert.Single(await handset.SubmitAsync(client.Number, "over tcp", Cancel)).IsAck);
        Assert.Equal("over tcp", (await client.TextAsync(Cancel)).Text);
        Assert.Equal(202, (await client.SendTextAsync(handset.Number, "and back", Cancel)).Status);
        Assert.Equal("and back", (await handset.SmsAsync(Cancel)).Tpdu.Text);
    }

    [Fact]
    public async Task Of_two_contacts_the_one_that_takes_sms_gets_it_and_the_other_none()
    {
        await using var client = NewUe(tcp: false);
        await using var handset = new RawUe(client.Number, local.Process.Sip);
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        await handset.RegisterAsync(Cancel);

        await local.Process.SendSmsAsync(client.Number, "for one of you", Cancel);
        Assert.Equal("for one of you", (await handset.SmsAsync(Cancel)).Tpdu.Text);
        await handset.DeregisterAsync(Cancel);
        await local.Process.SendSmsAsync(client.Number, "for the other", Cancel);

        Assert.Equal("for the other", (await client.TextAsync(Cancel)).Text);
        Assert.DoesNotContain(client.Requests.Snapshot(), request => request.Method == "MESSAGE");
    }

    [Fact]
    public async Task A_client_that_was_unavailable_gets_it_when_it_refreshes_its_registration()
    {
        await using var client = NewUe(tcp: false);
        client.Answer = _ => "480 Temporarily Unavailable";
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        await local.Process.SendSmsAsync(client.Number, "try me later", Cancel);
        await client.TextAsync(Cancel);

        client.Answer = _ => "200 OK";
        await client.RegisterAsync(Cancel, RawUe.OttTags);

        Assert.Equal("try me later", (await client.TextAsync(Cancel)).Text);
    }

    private RawUe NewUe(bool tcp) => new($"4940{Interlocked.Increment(ref _numbers)}", local.Process.Sip, tcp);
}
