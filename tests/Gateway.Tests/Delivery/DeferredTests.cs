using Gateway.Sms;
using Gateway.Store;
using Gateway.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>Very many messages that no contact of their recipient takes: they wait, and hide nothing.</summary>
public sealed class DeferredTests
{
    private const string Subscriber = "4940100001", Phone = $"{Subscriber} phone", Tablet = $"{Subscriber} tablet", Ott = ";q=0.2";
    private const int Reports = 700; // more than a mailbox holds in memory

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_behind_them_is_delivered_and_they_are_when_a_contact_takes_them()
    {
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(Tablet, tags: Ott);
        world.Handset(Phone);
        await world.RegisterAsync(Tablet);
        await world.StoreAsync(Reports, (row, i) => (row.Recipient, row.Content, row.UserData) = (Subscriber, ContentKind.StatusReport, Octets(i)));
        await world.StoreAsync(1, (row, _) => (row.Recipient, row.Text) = (Subscriber, "behind them"));
        await world.LookAsync();
        Assert.Equal(["behind them"], world.Attempts);
        await world.SendAsync(Subscriber, MessageLane.Bulk, "comes later");
        await world.UntilAsync(600);
        Assert.Equal(["behind them", "comes later"], world.Attempts);

        var written = world.Store.Writer.Commits;
        await world.LookAsync(); // nothing of it is due, and nobody wakes the mailbox for it
        Assert.Equal(written, world.Store.Writer.Commits);

        await world.RegisterAsync(Phone, idle: false);
        await world.ConcludedAsync(Reports + 2);
        var shown = world.Device(Phone).Requests.Snapshot().Where(request => request is { IsMessage: true, Is3gppSms: true })
            .Select(request => Convert.ToHexString(RpMessage.Read(request.Body).Tpdu)).ToList();
        Assert.Equal(Enumerable.Range(1, Reports).Select(i => Convert.ToHexString(Octets(i))), shown); // each once, in order
    }

    [Fact]
    public async Task Each_part_that_comes_moves_none_of_those_that_wait_for_it()
    {
        await using var world = await ScheduledWorld.StartAsync();
        world.Handset(Tablet, tags: Ott);
        await world.RegisterAsync(Tablet);
        var parts = Pdu.Submits(Subscriber, new string('x', 400), 1); // three parts
        await using var sender = new RawUe("4940100009", world.Sip);
        await sender.RegisterAsync(Cancel);
        await SubmitAsync(0);
        var first = Assert.Single(await RowsAsync());
        await world.Store.Writer.WriteAsync(new StoreChange
        {
            Other = db => db.ShortMessages.ExecuteUpdate(set => set.SetProperty(row => row.ErrorCode, (byte)99)), // what a write of it would change back
        }, Cancel);
        await SubmitAsync(1);
        Assert.Equal([(first.DueAt, (byte)99), (first.DueAt, (byte)0)], (await RowsAsync()).Select(row => (row.DueAt, row.ErrorCode)));
        await SubmitAsync(2);
        Assert.Equal(3, (await RowsAsync()).Count(row => row.State == MessageState.Delivered));

        async Task SubmitAsync(int part)
        {
            var (callId, _) = await sender.SendRpAsync(Pdu.RpData((byte)part, parts[part]), Cancel);
            Assert.True((await sender.ReportAsync(callId, Cancel)).IsAck);
            await world.IdleAsync();
        }

        async Task<List<ShortMessageRow>> RowsAsync()
        {
            await using var db = world.Store.Open();
            return await db.ShortMessages.AsNoTracking().OrderBy(row => row.Id).ToListAsync(Cancel);
        }
    }

    private static byte[] Octets(int i) => new SmsStatusReport
    {
        MessageReference = (byte)i, RecipientAddress = TpAddress.International($"4940{i}"), Status = TpStatus.Received,
        ServiceCentreTimeStamp = TpServiceCentreTimeStamp.From(DateTimeOffset.UnixEpoch), DischargeTime = TpServiceCentreTimeStamp.From(DateTimeOffset.UnixEpoch),
    }.Encode();
}
