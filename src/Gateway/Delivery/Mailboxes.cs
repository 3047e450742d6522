using System.Collections.Concurrent;
using Gateway.Store;
using Orleans.Runtime;

namespace Gateway.Delivery;

/// <summary>The way to a mailbox for the rest of the gateway, on whichever node it lives.</summary>
public sealed partial class Mailboxes(IGrainFactory grains, LocalMailboxes local, GatewayStore store, WorkUnderWay work, TimeProvider time, ILogger<Mailboxes> log)
{
    private const int ReportTries = 20;
    private static readonly TimeSpan ReportPause = TimeSpan.FromMilliseconds(500);

    // GetGrain by string resolves type names at every call; a reference is small and stays valid for ever.
    private const int KeptReferences = 200_000;
    private readonly ConcurrentDictionary<string, IMailbox> _references = new(StringComparer.Ordinal);

    /// <summary>Tells the mailbox of a stored message. The message is safe already, so nobody waits for this and a failure is only logged:
    /// the sweep finds the row.</summary>
    public void Ring(ShortMessageRow row)
    {
        if (local.Find(row.Recipient) is { } here) here.Ring(row, this);
        else RingByCall(row);
    }

    internal void RingByCall(ShortMessageRow row) => _ = TellAsync(row.Recipient, mailbox => mailbox.Accepted(row));

    /// <summary>Ends when the mailbox is awake, or could not be reached; throws nothing.</summary>
    public Task WakeAsync(DueRecipient due, MessageLane lane) => TellAsync(due.Recipient, mailbox => mailbox.Wake(lane, due.Ids));

    /// <summary>Ends when the expiry of these messages of one recipient is written down, or could not be; throws nothing.</summary>
    public Task ExpiredAsync(string recipient, long[] ids) => TellAsync(recipient, mailbox => mailbox.Expired(ids));

    public void ContactsChanged(string subscriber) => _ = TellAsync(subscriber, mailbox => mailbox.ContactsChanged());

    /// <summary>True when it is written down that what waits is due. False: the handset may say it again.</summary>
    public Task<bool> MemoryAvailableAsync(string subscriber) => TellAsync(subscriber, mailbox => mailbox.MemoryAvailable());

    /// <summary>
    /// Brings a handset's report to the mailbox that waits for it: the sender's own, or the one In-Reply-To leads to (a subscriber may answer
    /// with another identity of his implicit set, if the network <paramref name="asserted"/> it; a user of our registrar has one alone, and must not
    /// acknowledge what is others'). False: it belongs to nothing, count and forget it (3GPP TS 24.341 knows no answer to a report).
    /// </summary>
    public Task<bool> ReportAsync(string? subscriber, HandsetReport report, bool asserted, CancellationToken cancel) =>
        subscriber is not null && local.Find(subscriber)?.TryTake(report) is true ? Task.FromResult(true)
            : ReportByCallAsync(subscriber, report, asserted, cancel);

    private async Task<bool> ReportByCallAsync(string? subscriber, HandsetReport report, bool asserted, CancellationToken cancel)
    {
        if (subscriber is not null && await ReportAsync(subscriber, report, cancel)) return true;
        if (!asserted) return false;
        if (report.SegmentId is not { } segment || await store.DueMessages.FindAsync(segment, cancel) is not { } row) return false;
        return row.Recipient != subscriber && await ReportAsync(row.Recipient, report, cancel);
    }

    /// <summary>The handset tells once. So when the node of its mailbox has just died, this waits until another serves it.</summary>
    private async Task<bool> ReportAsync(string recipient, HandsetReport report, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await Of(recipient).Report(report);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException or StoreUnavailableException && tries < ReportTries)
            {
                LogReportWaits(recipient, e);
                await Task.Delay(ReportPause, time, cancel);
            }
        }
    }

    /// <summary>The same on every node, and spread evenly.</summary>
    public uint NumberOf(string recipient) => Of(recipient).GetGrainId().GetUniformHashCode();

    /// <summary>Brings a carrier's receipt to the mailbox of the message. False when no message of ours has that id.</summary>
    public async Task<bool> CarrierReceiptAsync(CarrierReceipt receipt, CancellationToken cancel) =>
        await store.DueMessages.FindAsync(receipt.MessageId, cancel) is { } row && await Of(row.Recipient).CarrierReceipt(receipt);

    private IMailbox Of(string recipient)
    {
        if (_references.TryGetValue(recipient, out var known)) return known;
        if (_references.Count >= KeptReferences) _references.Clear();
        return _references.GetOrAdd(recipient, static (key, grains) => grains.GetGrain<IMailbox>(key), grains);
    }

    private async Task<bool> TellAsync(string recipient, Func<IMailbox, Task> call)
    {
        using var ring = work.Begin();
        try
        {
            await call(Of(recipient));
            return true;
        }
        catch (Exception e)
        {
            LogUnreached(recipient, e);
            return false;
        }
    }

    [LoggerMessage(3002, LogLevel.Information, "A handset's report waits: the mailbox of {Recipient} cannot be reached")]
    private partial void LogReportWaits(string recipient, Exception e);

    [LoggerMessage(3001, LogLevel.Warning, "The mailbox of {Recipient} could not be reached; the sweep will wake it")]
    private partial void LogUnreached(string recipient, Exception e);
}
