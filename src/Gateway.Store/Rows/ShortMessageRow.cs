namespace Gateway.Store;

/// <summary>Where a short message came from (Messages: the Messages API). The numbers are stored.</summary>
public enum MessageSource : byte { Rest = 0, Carrier = 1, Volte = 2, Ott = 3, Gateway = 4, Messages = 5 }

/// <summary>Which kind of recipient a short message goes to. The numbers are stored.</summary>
public enum RouteKind : byte { Subscriber = 0, Application = 1, Carrier = 2 }

/// <summary>What <see cref="ShortMessageRow.UserData"/> holds, and so how it becomes TPDUs. The numbers are stored.</summary>
public enum ContentKind : byte
{
    /// <summary><see cref="ShortMessageRow.Text"/>; segmented when it goes out.</summary>
    Text = 0,
    /// <summary>A TP-UD as it is on the wire (with its UDH if <see cref="ShortMessageRow.HasUserDataHeader"/>): binary from REST, or one TPDU of a handset.</summary>
    UserData = 1,
    /// <summary>A whole SMS-STATUS-REPORT for the handset that asked for it.</summary>
    StatusReport = 2,
    /// <summary>A whole message/cpim with a notification (RFC 5438) for the OTT client that asked for it.</summary>
    Imdn = 3,
}

/// <summary>Who goes first where messages wait for the same thing. The numbers are stored, and their order is the order of the queue.</summary>
public enum MessageLane : byte { Otp = 0, Normal = 1, Bulk = 2 }

/// <summary>Life of a short message. The numbers are stored; those from 10 on are final.</summary>
public enum MessageState : byte
{
    /// <summary>In its mailbox: due at <see cref="ShortMessageRow.DueAt"/>, or when a registration arrives.</summary>
    Waiting = 0,
    /// <summary>A carrier has it and has promised a receipt.</summary>
    HandedOver = 1,
    Delivered = 10,
    Expired = 11,
    Failed = 12,
    Rejected = 13,
}

/// <summary>
/// What one customer, carrier or handset handed over, and how far it has come. The row is the truth: a mailbox rebuilds itself from these
/// rows after a crash. Times are Unix milliseconds UTC, so that both databases compare them the same way.
/// </summary>
public sealed class ShortMessageRow
{
    /// <summary>
    /// Time-ordered and unique; a message of n segments owns Id … Id+n-1, so each segment has a message-id of its own
    /// (<see cref="MessageId"/>) without a row of its own.
    /// </summary>
    public long Id { get; set; }

    public MessageSource Source { get; set; }
    public RouteKind Route { get; set; }
    /// <summary>api_key of the account that sent it, or null when no account did.</summary>
    public string? Account { get; set; }
    /// <summary>Name of the carrier it came from or goes to, or null.</summary>
    public string? Carrier { get; set; }
    /// <summary>Why this route was taken, in words for people.</summary>
    public string RouteReason { get; set; } = "";

    /// <summary>Key of the mailbox: E.164 digits without plus, or a short code.</summary>
    public string Recipient { get; set; } = "";
    /// <summary>TP-OA: E.164 digits without plus, a short code, or an alphanumeric name.</summary>
    public string Originator { get; set; } = "";

    public MessageLane Lane { get; set; } = MessageLane.Normal;

    public ContentKind Content { get; set; }
    public string? Text { get; set; }
    public byte[]? UserData { get; set; }
    /// <summary>TP-UDL of <see cref="UserData"/>: septets or octets, as TP-DCS says.</summary>
    public byte UserDataLength { get; set; }
    public bool HasUserDataHeader { get; set; }
    /// <summary>TP-DCS. For <see cref="ContentKind.Text"/> it says alphabet and class that were chosen when it was accepted.</summary>
    public byte DataCodingScheme { get; set; }
    public byte ProtocolIdentifier { get; set; }
    /// <summary>National language identifiers (TS 23.038 §6.2.1.2.4) chosen with the alphabet; 0: the default tables.</summary>
    public byte LockingShift { get; set; }
    public byte SingleShift { get; set; }
    public byte SegmentCount { get; set; } = 1;
    /// <summary>Reference of the concatenation we make, 16 bits of which the low 8 are used in 8-bit headers.</summary>
    public ushort ConcatenationReference { get; set; }

    public MessageState State { get; set; }
    /// <summary>Segments already delivered; the next one to send is this index.</summary>
    public byte SegmentsDone { get; set; }
    public byte Attempts { get; set; }
    /// <summary>When it was stored; also its TP-SCTS, which never changes between repeats.</summary>
    public long AcceptedAt { get; set; }
    public long ExpiresAt { get; set; }
    /// <summary>When the mailbox must look at it next; <see cref="ExpiresAt"/> while it waits for a registration; null once concluded.</summary>
    public long? DueAt { get; set; }
    public long? ConcludedAt { get; set; }
    /// <summary>Nexmo err-code of the conclusion or of the last attempt; 0 is fine.</summary>
    public byte ErrorCode { get; set; }
    /// <summary>The last attempt's outcome in words, with its SIP status, RP-Cause or carrier status.</summary>
    public string? Reason { get; set; }

    /// <summary>Customer wants receipts (status-report-req), the handset set TP-SRR, or the OTT client asked for delivery notifications.</summary>
    public bool ReceiptRequested { get; set; }
    /// <summary>The request's own callback URL, or null for the account's.</summary>
    public string? CallbackUrl { get; set; }
    public string? ClientReference { get; set; }
    public string? AccountReference { get; set; }
    /// <summary>What its sender paid for each segment, in hundred-millionths of the currency.</summary>
    public long Price { get; set; }
    /// <summary>TP-MR of the SMS-SUBMIT it came in, for its SMS-STATUS-REPORT; of an OTT client's message, which notifications it asked for.</summary>
    public byte SubmitReference { get; set; }
    /// <summary>TP-DA (address field octets) of the SMS-SUBMIT, echoed as TP-RA; of an OTT client's message, the To of its CPIM in UTF-8.</summary>
    public byte[]? SubmitDestination { get; set; }
    /// <summary>imdn.Message-ID that an OTT sender wants answered, or null.</summary>
    public string? ImdnMessageId { get; set; }
    /// <summary>The other side's id (a carrier's messageId, a handset's Call-ID): with the sender it makes a repeat recognisable.</summary>
    public string? ForeignId { get; set; }
    /// <summary>Ids the next carrier gave for what we handed over, comma separated in segment order.</summary>
    public string? CarrierMessageIds { get; set; }
}
