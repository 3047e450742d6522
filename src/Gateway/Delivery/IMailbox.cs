using Gateway.Store;
using Orleans.Concurrency;

namespace Gateway.Delivery;

/// <summary>What others tell a mailbox. Its key is the recipient: E.164 digits without plus, or a short code.</summary>
[Alias("Mailbox")]
public interface IMailbox : IGrainWithStringKey
{
    /// <summary>A message for this recipient has been stored.</summary>
    [Alias("Accepted")]
    Task Accepted([Immutable] ShortMessageRow row);

    /// <summary>The stored contacts of this subscriber are not what they were.</summary>
    [Alias("ContactsChanged")]
    Task ContactsChanged();

    /// <summary>RP-SMMA: the handset has room again.</summary>
    [Alias("MemoryAvailable")]
    Task MemoryAvailable();

    /// <summary>Something stored for this recipient is due: these messages (<see cref="ShortMessageRow.Id"/>) of this lane among it.</summary>
    [Alias("Wake")]
    Task Wake(MessageLane lane, [Immutable] long[] due);

    /// <summary>The time of these messages is over (<see cref="ShortMessageRow.Id"/>); ends when that is written down.</summary>
    [Alias("Expired")]
    Task Expired([Immutable] long[] ids);

    /// <summary>RP-ACK or RP-ERROR from the handset. False when it belongs to nothing here.</summary>
    [Alias("Report")]
    Task<bool> Report(HandsetReport report);

    /// <summary>A carrier's receipt for a segment we handed over to it. False when it belongs to nothing here.</summary>
    [Alias("CarrierReceipt")]
    Task<bool> CarrierReceipt(CarrierReceipt receipt);
}

/// <summary>A handset's verdict on one TPDU.</summary>
/// <param name="SegmentId">The id of the segment that In-Reply-To names, or null when it names none of ours.</param>
/// <param name="MessageReference">RP-MR.</param>
/// <param name="Cause">RP-Cause of an RP-ERROR, null for an RP-ACK.</param>
/// <param name="FailureCause">TP-FCS of the SMS-DELIVER-REPORT in an RP-ERROR, if there is one.</param>
[GenerateSerializer, Immutable, Alias("HandsetReport")]
public sealed record HandsetReport(
    [property: Id(0)] long? SegmentId, [property: Id(1)] byte MessageReference, [property: Id(2)] byte? Cause,
    [property: Id(3)] byte? FailureCause = null);

/// <param name="MessageId">Our id of the message.</param>
/// <param name="PartId">The carrier's id of the part it is about; "": of the whole.</param>
/// <param name="Status">Nexmo's word: delivered, expired, failed, rejected, accepted, buffered, unknown.</param>
/// <param name="ErrorCode">Nexmo err-code.</param>
/// <param name="Detail">The carrier's own words, or null.</param>
[GenerateSerializer, Immutable, Alias("CarrierReceipt")]
public sealed record CarrierReceipt(
    [property: Id(0)] long MessageId, [property: Id(1)] string Carrier, [property: Id(2)] string PartId, [property: Id(3)] string Status,
    [property: Id(4)] byte ErrorCode, [property: Id(5)] string? Detail = null)
{
    /// <summary>For people, in a message's history. PostgreSQL cannot store U+0000.</summary>
    public string Words => (Detail is null ? Status : $"{Status} ({Detail})").Replace('\0', '\uFFFD');
}
