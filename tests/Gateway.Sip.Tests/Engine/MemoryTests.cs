using Xunit;

namespace Gateway.Sip.Tests.Engine;

[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

/// <summary>Runs while nothing else does: the memory of the whole process is what is measured.</summary>
[Collection("alone")]
public sealed class MemoryTests : EngineTest
{
    [Fact]
    public async Task What_is_kept_of_an_answered_request_is_less_than_a_kibibyte()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        await AnswerAsync(100);   // whatever is made once is made
        var before = GC.GetTotalMemory(forceFullCollection: true);

        const int requests = 5_000;
        await AnswerAsync(requests);
        var after = GC.GetTotalMemory(forceFullCollection: true);

        Assert.Equal(requests + 100, endpoint.ServerTransactions.Count);
        Assert.InRange((after - before) / requests, 0, 1_024);
        Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal(0, endpoint.ServerTransactions.Count);
        Assert.Equal(0, endpoint.Wheel.Waiting);

        async Task AnswerAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                peer.Send(RawRequest(peer.Address, $"z9hG4bK{Guid.NewGuid():N}", body: new string('x', 500)), endpoint.Udp());
                await peer.ReceiveAsync();
            }
        }
    }

    [Fact]
    public async Task What_is_kept_of_a_concluded_request_of_ours_is_less_than_a_kibibyte()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        await SendAllAsync(100);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        const int requests = 5_000;
        await SendAllAsync(requests);
        var after = GC.GetTotalMemory(forceFullCollection: true);

        Assert.Equal(requests + 100, endpoint.ClientTransactions.Count);
        Assert.InRange((after - before) / requests, 0, 1_024);
        Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(0, endpoint.ClientTransactions.Count);
        Assert.Equal(0, endpoint.Wheel.Waiting);

        async Task SendAllAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var sending = SendAsync(endpoint, NewRequest(peer.Address, text: new string('x', 500)));
                peer.Send((await peer.ReceiveAsync()).Reply(200), endpoint.Udp());
                await sending.InTimeAsync();
            }
        }
    }
}
