using System.Globalization;
using Gateway.Acceptance;

namespace Gateway.Rest;

/// <summary>The <c>status</c> of a message in a reply of the Nexmo SMS API; only those that this gateway gives.</summary>
internal enum NexmoStatus : byte
{
    Success = 0,
    Throttled = 1,
    MissingParameters = 2,
    InvalidParameters = 3,
    InvalidCredentials = 4,
    InternalError = 5,
    InvalidMessage = 6,
    QuotaExceeded = 9,
    MessageTooLong = 12,
    InvalidSignature = 14,
    InvalidSenderAddress = 15,
    InvalidTtl = 16,
    InvalidCallback = 23,
    SignatureAndSecret = 32,
}

/// <summary>Why a request is refused: the one place for codes and texts. Texts that Nexmo publishes are to the letter, since clients parse them.</summary>
internal readonly record struct NexmoFault(NexmoStatus Status, string Text)
{
    /// <summary>How long an overloaded writer asks a client to wait.</summary>
    private static readonly TimeSpan OverloadWait = TimeSpan.FromMilliseconds(250);

    public static NexmoFault Throttled(TimeSpan wait) => new(NexmoStatus.Throttled, string.Create(CultureInfo.InvariantCulture,
        $"Throughput Rate Exceeded - please wait [ {Math.Max(1, Math.Ceiling(wait.TotalMilliseconds)):F0} ] and retry"));

    public static readonly NexmoFault MissingKey       = new(NexmoStatus.MissingParameters, "Missing api_key");
    public static readonly NexmoFault MissingSecret    = new(NexmoStatus.MissingParameters, "Missing api_secret");
    public static readonly NexmoFault MissingTimestamp = new(NexmoStatus.MissingParameters, "Missing timestamp param");
    public static readonly NexmoFault MissingFrom      = new(NexmoStatus.MissingParameters, "Missing from param");
    public static readonly NexmoFault MissingTo        = new(NexmoStatus.MissingParameters, "Missing to param");
    public static readonly NexmoFault MissingText      = new(NexmoStatus.MissingParameters, "Missing Message Text");
    public static readonly NexmoFault MissingBody      = new(NexmoStatus.MissingParameters, "Missing body param");

    public static NexmoFault Invalid(string text) => new(NexmoStatus.InvalidParameters, text);
    /// <summary>No alphabet of TS 23.038 has it, and PostgreSQL cannot store it.</summary>
    public static readonly NexmoFault NulInText = Invalid("text has the character U+0000, which no message can carry");
    public static readonly NexmoFault ToNotNumeric = Invalid("to address is not numeric");

    public static readonly NexmoFault BadCredentials      = new(NexmoStatus.InvalidCredentials, "Bad Credentials");
    public static readonly NexmoFault Unavailable         = new(NexmoStatus.InternalError, "Internal error - message store is not available, please retry");
    public static readonly NexmoFault Stopping            = new(NexmoStatus.InternalError, "Internal error - service is restarting, please retry");
    public static readonly NexmoFault Unroutable          = new(NexmoStatus.InvalidMessage, "Unroutable message - rejected");
    public static readonly NexmoFault QuotaExceeded       = new(NexmoStatus.QuotaExceeded, "Quota Exceeded - rejected");
    public static readonly NexmoFault BadSignature        = new(NexmoStatus.InvalidSignature, "Invalid Signature");
    public static readonly NexmoFault StaleSignature      = new(NexmoStatus.InvalidSignature, "Invalid Signature - timestamp is not within 5 minutes");
    public static readonly NexmoFault RepeatedSignature   = new(NexmoStatus.InvalidSignature, "Invalid Signature - sig was used before");
    public static readonly NexmoFault IllegalSender       = new(NexmoStatus.InvalidSenderAddress, "Illegal Sender Address - rejected");
    public static readonly NexmoFault TtlOutOfRange       = new(NexmoStatus.InvalidTtl, "value for ttl field out of range");
    public static readonly NexmoFault SignatureAndSecret  = new(NexmoStatus.SignatureAndSecret, "sig and api_secret are not allowed together");

    public static NexmoFault TooLong(string detail) => new(NexmoStatus.MessageTooLong, $"Message too long - {detail}");
    public static NexmoFault BadCallback(string detail) => new(NexmoStatus.InvalidCallback, $"Bad callback :: {detail}");

    public static NexmoFault Of(AcceptanceResult refused) => refused.Refusal switch
    {
        Refusal.InvalidDestination => ToNotNumeric,
        Refusal.Unroutable         => Unroutable,
        Refusal.TooLong            => TooLong(refused.Detail),
        Refusal.Overloaded         => Throttled(OverloadWait),
        Refusal.StoreUnavailable   => Unavailable,
        Refusal.Stopping           => Stopping,
        Refusal.SignatureUsed      => RepeatedSignature,
        Refusal.QuotaExceeded      => QuotaExceeded,
        _ => throw new ArgumentOutOfRangeException(nameof(refused)),
    };
}
