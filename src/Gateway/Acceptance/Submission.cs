using Gateway.Billing;
using Gateway.Store;

namespace Gateway.Acceptance;

/// <summary>A short message as a face hands it over: authenticated and well-formed, not yet routed or stored.</summary>
public sealed record Submission
{
    public required MessageSource Source { get; init; }
    /// <summary>api_key of the sending account, or null.</summary>
    public string? Account { get; init; }
    /// <summary>Name of the carrier it came from, or null.</summary>
    public string? Carrier { get; init; }
    /// <summary>Sender: digits (with or without plus), a short code, or an alphanumeric name.</summary>
    public required string Originator { get; init; }
    /// <summary>Recipient as given: with plus, 00, or as the subscriber dialled it.</summary>
    public required string Destination { get; init; }
    public required SubmittedContent Content { get; init; }
    /// <summary>How long it may be tried.</summary>
    public TimeSpan Validity { get; init; } = DefaultValidity;
    public bool ReceiptRequested { get; init; }
    public string? CallbackUrl { get; init; }
    public string? ClientReference { get; init; }
    public string? AccountReference { get; init; }
    /// <summary>The sender's own id for it (carrier's messageId, handset's Call-ID and RP-MR): a second one from the same originator is the same message.</summary>
    public string? ForeignId { get; init; }
    /// <summary>Whose id of the message the request names that brought it: ours, when a carrier of ours leads back to us. Null: no such gateway's.</summary>
    public long? Via { get; init; }
    /// <summary>How long that holds: longer ago, the same id is another message.</summary>
    public TimeSpan RepeatWindow { get; init; } = StatedRepeat;

    /// <summary>What it costs its account.</summary>
    public Charge Charge { get; init; }

    public MessageLane Lane { get; init; } = MessageLane.Normal;
    /// <summary>The account's own key for this request: the same again within 24 hours is the same request.</summary>
    public string? IdempotencyKey { get; init; }
    /// <summary>The signature that the account gave with the request (hexadecimal), good for one message; or null.</summary>
    public string? Signature { get; init; }
    /// <summary>How long the same content from and to the same numbers is the same message of this account; zero: it never is.</summary>
    public TimeSpan DuplicateWindow { get; init; }
    /// <summary>TP-MR of the SMS-SUBMIT; with <see cref="ImdnMessageId"/>, the notifications asked for (ImdnRequest).</summary>
    public byte SubmitReference { get; init; }
    /// <summary>TP-DA octets of the SMS-SUBMIT, or To of the CPIM in UTF-8: what a report names the recipient by.</summary>
    public byte[]? SubmitDestination { get; init; }
    /// <summary>imdn.Message-ID of an OTT client's message that is to be notified of, or null.</summary>
    public string? ImdnMessageId { get; init; }

    /// <summary>Handsets and carriers repeat within minutes what they call the same message.</summary>
    public static readonly TimeSpan StatedRepeat = TimeSpan.FromMinutes(10);

    /// <summary>Nexmo's default: 72 hours.</summary>
    public static readonly TimeSpan DefaultValidity = TimeSpan.FromHours(72);
}

/// <summary>What is to be delivered: a text still to be segmented, or one TP-UD as it stands.</summary>
public abstract record SubmittedContent;

/// <param name="Text">Unicode.</param>
/// <param name="ForceUcs2">Nexmo's type=unicode: UCS-2 even if the default alphabet would do.</param>
/// <param name="MessageClass">0 to 3, or null.</param>
/// <param name="Upgrade">UCS-2 where the default alphabet does not do, whatever the settings say.</param>
public sealed record TextContent(string Text, bool ForceUcs2 = false, byte? MessageClass = null, bool Upgrade = false) : SubmittedContent;

/// <param name="UserData">TP-UD, beginning with the UDH when <paramref name="HasUserDataHeader"/>.</param>
/// <param name="Length">TP-UDL: septets or octets, as <paramref name="DataCodingScheme"/> says.</param>
public sealed record UserDataContent(byte[] UserData, byte Length, bool HasUserDataHeader, byte DataCodingScheme, byte ProtocolIdentifier)
    : SubmittedContent;
