using Xunit;

namespace Gateway.Sip.Tests.Engine;

[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

/// <summary>Runs while nothing else does: the memory of the whole process is what is measured, and the middle of three figures counts.</summary>
[Collection("alone")]
public sealed class MemoryTests : EngineTest
{
    private const int Requests = 5_000;

    [Fact]
    public async Task What_is_kept_of_an_answered_request_is_its_key_and_little_more()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);

        var kept = await KeptAsync(async () =>
        {
            peer.Send(RawRequest(peer.Address, $"z9hG4bK{Guid.NewGuid():N}", body: new string('x', 500)), endpoint.Udp());
            await peer.ReceiveAsync();
        });

        Assert.InRange(kept, 100, 640);
        Assert.Equal(4 * Requests, endpoint.ServerTransactions.Count);
        Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal(0, endpoint.ServerTransactions.Count);
        Assert.Equal(0, endpoint.Wheel.Waiting);
    }

    [Fact]
    public async Task Nothing_is_kept_of_a_concluded_request_of_ours()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();

        var kept = await KeptAsync(async () =>
        {
            var sending = SendAsync(endpoint, NewRequest(peer.Address, text: new string('x', 500)));
            peer.Send((await peer.ReceiveAsync()).Reply(200), endpoint.Udp());
            await sending.InTimeAsync();
        });

        Assert.InRange(kept, -64, 64);
        Assert.Equal(0, endpoint.ClientTransactions.Count);
        Assert.Equal(0, endpoint.Wheel.Waiting);
    }

    // 40 a second both ways, in the time of the endpoint: what timer J keeps is all that is kept, after a minute as after eight.
    [Fact]
    public async Task Memory_after_a_long_time_at_full_rate_is_that_after_a_minute()
    {
        const int rate = 40;
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        List<long> afterMinute = [];
        for (var minute = 0; minute < 8; minute++)
        {
            for (var second = 0; second < 60; second++)
            {
                for (var i = 0; i < rate; i++)
                    await ExchangeAsync();
                AdvanceByTicks(TimeSpan.FromSeconds(1));
            }

            Assert.InRange(endpoint.ServerTransactions.Count, 31 * rate, 33 * rate);
            Assert.Equal(0, endpoint.ClientTransactions.Count);
            Assert.Equal(endpoint.ServerTransactions.Count, endpoint.Wheel.Waiting);
            afterMinute.Add(GC.GetTotalMemory(forceFullCollection: true));
        }

        // The middle of the later minutes, against what 32 s of transactions hold.
        var growth = afterMinute.Skip(2).Order().ElementAt(3) - afterMinute[1];
        Assert.InRange(growth, long.MinValue, 32 * rate * 1_024 / 2);

        async Task ExchangeAsync()
        {
            peer.Send(RawRequest(peer.Address, $"z9hG4bK{Guid.NewGuid():N}"), endpoint.Udp());
            await peer.ReceiveAsync();
            var sending = SendAsync(endpoint, NewRequest(peer.Address));
            peer.Send((await peer.ReceiveAsync()).Reply(200), endpoint.Udp());
            await sending.InTimeAsync();
        }
    }

    /// <summary>Octets for each transaction, after a first round in which whatever is made once is made.</summary>
    private static async Task<long> KeptAsync(Func<Task> transaction)
    {
        List<long> kept = [];
        for (var round = 0; round < 4; round++)
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            for (var i = 0; i < Requests; i++)
                await transaction();
            if (round > 0)
                kept.Add((GC.GetTotalMemory(forceFullCollection: true) - before) / Requests);
        }

        return kept.Order().ElementAt(1);
    }
}
