using System.Globalization;
using Gateway.Acceptance;
using Gateway.Billing;
using Gateway.Routing;
using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Rest;

/// <summary>
/// What a client of <c>/sms/json</c> asks for. Parameters are read in the order they are checked: those that are missing, then forms, then
/// limits; the first fault stays and names its field. Parameters that are not ours (trusted-number, pool-id, entity-id, a later SDK's) are ignored.
/// </summary>
internal readonly record struct SmsRequest
{
    public const int MaxTextCharacters = 3200;
    public const long MaxTtl = 604_800_000; // milliseconds

    /// <summary>E.164 digits as the reply shows them.</summary>
    public required string To { get; init; }
    public required string From { get; init; }
    public required SubmittedContent Content { get; init; }
    public required TimeSpan Validity { get; init; }
    public required bool ReceiptRequested { get; init; }
    public string? Callback { get; init; }
    public string? ClientReference { get; init; }
    public string? AccountReference { get; init; }

    /// <param name="fields">The request's parameters.</param>
    /// <param name="minTtl">The shortest ttl this sender may ask for, in milliseconds.</param>
    /// <param name="fault">The first fault, when null is returned.</param>
    public static SmsRequest? Read(RequestFields fields, long minTtl, out NexmoFault fault)
    {
        var reader = new SmsRequestReader(fields, minTtl);
        reader.Required();
        var request = new SmsRequest
        {
            To = reader.To(),
            From = reader.From(),
            Content = reader.Content(),
            Validity = reader.Validity(),
            ReceiptRequested = reader.StatusReportRequested(),
            Callback = reader.Callback(),
            ClientReference = reader.Reference("client-ref"),
            AccountReference = reader.Reference("account-ref"),
        };
        fault = reader.Fault.GetValueOrDefault();
        return reader.Fault is null ? request : null;
    }

    /// <param name="account">Who sends.</param>
    /// <param name="lane">As the account or the request's header says.</param>
    /// <param name="idempotencyKey">The request's, or null.</param>
    /// <param name="signature">The request's, or null.</param>
    /// <param name="via">The id of the gateway that hands it over, or null.</param>
    public Submission ToSubmission(AccountSettings account, MessageLane lane, string? idempotencyKey, string? signature = null, long? via = null) => new()
    {
        Source = MessageSource.Rest,
        Account = account.ApiKey,
        Lane = lane,
        IdempotencyKey = idempotencyKey,
        Signature = signature,
        Via = via,
        DuplicateWindow = TimeSpan.FromSeconds(account.DuplicateWindowSeconds),
        Charge = Tariff.ChargeFor(account, To),
        Originator = From,
        Destination = To,
        Content = Content,
        Validity = Validity,
        ReceiptRequested = ReceiptRequested,
        CallbackUrl = Callback,
        ClientReference = ClientReference,
        AccountReference = AccountReference,
    };
}

/// <summary>Reads one request; after a fault the rest reads as defaults, and the first fault stays.</summary>
internal struct SmsRequestReader(RequestFields fields, long minTtl)
{
    private const int MaxNumberDigits = 15, MaxCallbackCharacters = 2000, MaxReferenceCharacters = 100;

    private static readonly string[] Scalars =
    [
        "from", "to", "text", "type", "body", "udh", "ttl", "status-report-req", "callback", "message-class", "protocol-id", "client-ref", "account-ref",
    ];

    public NexmoFault? Fault { get; private set; }

    public void Required()
    {
        if (fields.FirstComposite(Scalars) is { } name)
            Fail(NexmoFault.Invalid($"{name} must be a text, a number or a boolean"));
        if (fields["from"] is null)
            Fail(NexmoFault.MissingFrom);
        if (fields["to"] is null)
            Fail(NexmoFault.MissingTo);
        if (Type is "text" or "unicode" && fields["text"] is null)
            Fail(NexmoFault.MissingText);
        if (Type is "binary" && fields["body"] is null)
            Fail(NexmoFault.MissingBody);
    }

    /// <summary>E.164 digits; a leading + or 00 is taken off, and so is the blank that an unescaped + becomes in a form.</summary>
    public string To()
    {
        var digits = NumberPlan.International(fields["to"] ?? "") ?? "";
        if (digits.Length == 0)
            Fail(NexmoFault.ToNotNumeric);
        else if (digits.Length > MaxNumberDigits)
            Fail(NexmoFault.Invalid($"to address is longer than {MaxNumberDigits} digits"));
        return digits;
    }

    public string From()
    {
        var from = SenderAddress.Parse(fields["from"] ?? "");
        if (from is null)
            Fail(NexmoFault.IllegalSender);
        return from ?? "";
    }

    public SubmittedContent Content()
    {
        var messageClass = MessageClass();
        var protocolIdentifier = ProtocolIdentifier();
        switch (Type)
        {
            case "text":
            case "unicode":
                var text = fields["text"] ?? "";
                if (text.Length > SmsRequest.MaxTextCharacters)
                    Fail(NexmoFault.TooLong($"text has {text.Length} characters, the limit is {SmsRequest.MaxTextCharacters}"));
                else if (text.Contains('\0'))
                    Fail(NexmoFault.NulInText);
                return new TextContent(text, ForceUcs2: Type == "unicode", messageClass);
            case "binary":
                return Binary(messageClass, protocolIdentifier);
            case "wappush" or "vcal" or "vcard":
                Fail(NexmoFault.Invalid($"type {Type} is not supported, use text, unicode or binary"));
                return new TextContent("");
            default:
                Fail(NexmoFault.Invalid("type must be text, unicode or binary"));
                return new TextContent("");
        }
    }

    public TimeSpan Validity()
    {
        if (fields["ttl"] is not { } text)
            return Submission.DefaultValidity;
        if (text.AsSpan().ContainsAnyExceptInRange('0', '9'))
            Fail(NexmoFault.Invalid("ttl is not a number of milliseconds"));
        else if (long.TryParse(text, CultureInfo.InvariantCulture, out var ttl) && ttl >= minTtl && ttl <= SmsRequest.MaxTtl)
            return TimeSpan.FromMilliseconds(ttl);
        else
            Fail(NexmoFault.TtlOutOfRange);
        return Submission.DefaultValidity;
    }

    /// <summary>A client that does not say gets its receipts, if there is a URL for them: the documents of the years disagree on the default.</summary>
    public bool StatusReportRequested()
    {
        switch (fields["status-report-req"]?.ToLowerInvariant())
        {
            case null or "1" or "true": return true;
            case "0" or "false": return false;
        }
        Fail(NexmoFault.Invalid("status-report-req must be 1, 0, true or false"));
        return true;
    }

    public string? Callback()
    {
        if (fields["callback"] is not { } url)
            return null;
        if (url.Length > MaxCallbackCharacters)
            Fail(NexmoFault.BadCallback("Too Long"));
        else if (!url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) && !url.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            Fail(NexmoFault.BadCallback("Missing Protocol"));
        else if (url.AsSpan().ContainsAnyExceptInRange('!', '~') || !Uri.TryCreate(url, UriKind.Absolute, out _))
            Fail(NexmoFault.BadCallback("Not a URL"));
        return url;
    }

    public string? Reference(string name)
    {
        if (fields[name] is not { } reference)
            return null;
        if (reference.Length > MaxReferenceCharacters)
            Fail(NexmoFault.Invalid($"{name} is longer than {MaxReferenceCharacters} characters"));
        else if (reference.Any(char.IsControl))
            Fail(NexmoFault.Invalid($"{name} has control characters"));
        return reference;
    }

    private readonly string Type => fields["type"]?.ToLowerInvariant() ?? "text";

    private UserDataContent Binary(byte? messageClass, byte protocolIdentifier)
    {
        var udh = Hex("udh");
        byte[] userData = [.. udh, .. Hex("body")];
        if (udh.Length > 0 && !UserDataHeader.TryDecode(udh, out _, out var error))
            Fail(NexmoFault.Invalid($"udh is not a user data header: {error.Field} at octet {error.Offset}"));
        if (userData.Length > Tpdu.MaxUserData)
            Fail(NexmoFault.TooLong($"udh and body have {userData.Length} octets, the limit is {Tpdu.MaxUserData}"));
        var coding = TpDataCodingScheme.Of(TpAlphabet.EightBit, messageClass);
        return new UserDataContent(userData, (byte)Math.Min(userData.Length, Tpdu.MaxUserData), udh.Length > 0, coding.Value, protocolIdentifier);
    }

    private byte[] Hex(string name)
    {
        if (fields[name] is not { } text)
            return [];
        if (text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit))
            return Convert.FromHexString(text);
        Fail(NexmoFault.Invalid($"{name} is not hexadecimal"));
        return [];
    }

    private byte? MessageClass()
    {
        if (fields["message-class"] is not { } text)
            return null;
        if (text is not ['0' or '1' or '2' or '3'])
            Fail(NexmoFault.Invalid("message-class must be 0, 1, 2 or 3"));
        else if (text is ['2'])
            Fail(NexmoFault.Invalid("message-class 2 goes to the SIM and is not permitted"));
        else
            return (byte)(text[0] - '0');
        return null;
    }

    /// <summary>TP-PID (TS 23.040 §9.2.3.9). Type 0 is a message nobody sees, 7D to 7F are downloads into handset and SIM.</summary>
    private byte ProtocolIdentifier()
    {
        if (fields["protocol-id"] is not { } text)
            return 0;
        if (!byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var identifier))
            Fail(NexmoFault.Invalid("protocol-id must be 0 to 255"));
        else if (identifier is 0x40 or (>= 0x7D and <= 0x7F))
            Fail(NexmoFault.Invalid($"protocol-id {identifier} acts on the handset unseen and is not permitted"));
        return identifier;
    }

    private void Fail(NexmoFault fault) => Fault ??= fault;
}
