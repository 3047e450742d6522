using System.Text.Json.Serialization;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway;

/// <summary>
/// Everything an operator can set, as <c>appsettings.json</c> and the environment give it; read once at start, after
/// <see cref="SettingsCheck"/> has found nothing wrong with it. Names are a contract with operators.
/// </summary>
public sealed class GatewaySettings
{
    /// <summary>Where HTTP listens, as the web server reads it: several with semicolons.</summary>
    public string? Urls { get; init; }
    public StoreSettings Store { get; init; } = new();
    public ClusterSettings Cluster { get; init; } = new();
    public SipSettings Sip { get; init; } = new();
    public NumberingSettings Numbering { get; init; } = new();
    public List<AccountSettings> Accounts { get; init; } = [];
    public List<CarrierSettings> Carriers { get; init; } = [];
    public SmsSettings Sms { get; init; } = new();
    public DeliverySettings Delivery { get; init; } = new();
    public WebhookSettings Webhooks { get; init; } = new();
    public AdminSettings Admin { get; init; } = new();
}

public sealed class StoreSettings
{
    public string Provider { get; init; } = "Sqlite";
    public string ConnectionString { get; init; } = "Data Source=gateway.db";
    /// <summary>Minutes after their conclusion at which messages leave the table that deliveries work on.</summary>
    public int HistoryAfterMinutes { get; init; } = 60;
    /// <summary>Days after their acceptance at which concluded messages, their attempts and their webhooks are deleted.</summary>
    public int RetentionDays { get; init; } = 90;
    /// <summary>32 octets in base64: encrypts the secrets in the store that are needed in clear. Null: made when needed, in a file beside the database.</summary>
    public string? SecretKey { get; init; }
    /// <summary>Writes that may wait for the database; beyond it new messages are refused for the moment.</summary>
    public int MaxPendingWrites { get; init; } = 10_000;
}

public sealed class ClusterSettings
{
    public string Mode { get; init; } = "Single";
    public bool IsSingle => Mode == "Single";
    public int SiloPort { get; init; } = 11111;
    public int GatewayPort { get; init; } = 30000;
    public string AdvertisedAddress { get; init; } = "127.0.0.1";
}

public sealed class SipSettings
{
    public string Domain { get; init; } = "ims.example.org";
    public List<string> Listen { get; init; } = [];
    public TlsSettings Tls { get; init; } = new();
    /// <summary>The S-CSCF or I-CSCF that everything for subscribers goes to, or null: RFC 3263 and the own registrar.</summary>
    public string? OutboundProxy { get; init; }
    /// <summary>How a number becomes an identity: a URI with <c>{msisdn}</c> (digits without plus) and <c>{domain}</c>.</summary>
    public string PublicUserIdentity { get; init; } = "sip:+{msisdn}@{domain}";
    public string ServiceCentreIdentity { get; init; } = "sip:smsc@ims.example.org";
    public string ServiceCentreAddress { get; init; } = "+491700000000";
    public List<string> TrustedPeers { get; init; } = [];
    /// <summary>Origins (https://phone.example) whose pages may open WebSockets; none: all may. Who is no browser sends no Origin and is not asked.</summary>
    public List<string> AllowedOrigins { get; init; } = [];
    public RegistrarSettings Registrar { get; init; } = new();
    public WatchSettings Watch { get; init; } = new();
}

/// <summary>Files; changed ones are read again without a restart.</summary>
public sealed class TlsSettings
{
    /// <summary>PEM with the certificates up to its root's, or PFX without a password.</summary>
    public string? Certificate { get; init; }
    /// <summary>PEM; null when the key stands in Certificate.</summary>
    public string? Key { get; init; }
    /// <summary>PEM: who signs clients' certificates, which are then asked for; null: the system's roots.</summary>
    public string? ClientCa { get; init; }
    public bool RequireClientCertificate { get; init; }
    /// <summary>PEM: who signs the certificates of the servers connected to; null: the system's roots.</summary>
    public string? TrustedCa { get; init; }

    public SipTlsOptions ToOptions() => new()
    {
        Certificate = NullIfEmpty(Certificate), Key = NullIfEmpty(Key), ClientCa = NullIfEmpty(ClientCa),
        RequireClientCertificate = RequireClientCertificate, TrustedCa = NullIfEmpty(TrustedCa),
    };

    /// <summary>The environment cannot say null.</summary>
    private static string? NullIfEmpty(string? file) => string.IsNullOrEmpty(file) ? null : file;
}

public sealed class RegistrarSettings
{
    public bool Enabled { get; init; } = true;
    /// <summary>Seconds between the OPTIONS that keep the way to a UDP contact behind NAT open; 0: none are sent.</summary>
    public int KeepAlive { get; init; } = 30;
    public List<RegistrarUserSettings> Users { get; init; } = [];
}

/// <summary>A subscriber who registers at the gateway itself, and authenticates by digest.</summary>
public sealed class RegistrarUserSettings
{
    /// <summary>E.164, with or without plus: the subscriber.</summary>
    public string Number { get; init; } = "";
    /// <summary>Digest username; the number's digits when not set.</summary>
    public string? Username { get; init; }
    public string Password { get; init; } = "";
    /// <summary>What is stored instead of the password.</summary>
    public DigestHashes? Hashes { get; init; }

    [JsonIgnore]
    public string Msisdn => Number.TrimStart('+');
    [JsonIgnore]
    public string DigestUsername => Username ?? Msisdn;

    /// <param name="realm">Whose hashes to keep: the domain.</param>
    public RegistrarUserSettings WithoutPassword(string realm) => Password.Length == 0 ? this : new()
    {
        Number = Number, Username = Username, Hashes = DigestHashes.Of(DigestUsername, realm, Password),
    };
}

/// <summary>H(A1) of RFC 7616 §3.4.2 for each algorithm of RFC 8760: all that digest needs, and of use in this realm alone.</summary>
public sealed class DigestHashes
{
    public string Realm { get; init; } = "";
    public string Md5 { get; init; } = "";
    public string Sha256 { get; init; } = "";
    public string Sha512t256 { get; init; } = "";

    public static DigestHashes Of(string username, string realm, string password) => new()
    {
        Realm = realm,
        Md5 = DigestAlgorithms.HashA1(DigestAlgorithm.Md5, username, realm, password),
        Sha256 = DigestAlgorithms.HashA1(DigestAlgorithm.Sha256, username, realm, password),
        Sha512t256 = DigestAlgorithms.HashA1(DigestAlgorithm.Sha512t256, username, realm, password),
    };

    public string HashA1(DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Md5    => Md5,
        DigestAlgorithm.Sha256 => Sha256,
        _                      => Sha512t256,
    };
}

public sealed class WatchSettings
{
    public bool Enabled { get; init; } = true;
    /// <summary>Seconds asked for in SUBSCRIBE.</summary>
    public int Expires { get; init; } = 3600;
    /// <summary>P-Asserted-Identity of the SUBSCRIBE: "Service" (the service centre's) or "User" (the watched identity's own, which Kamailio's stock rule wants).</summary>
    public string AssertedIdentity { get; init; } = "User";
    /// <summary>Milliseconds between a third-party REGISTER and the SUBSCRIBE it causes: some S-CSCFs send it before the binding is stored.</summary>
    public int SettleMilliseconds { get; init; } = 150;
}

public sealed class NumberingSettings
{
    public string CountryCode { get; init; } = "49";
    /// <summary>Numbers starting with one of these belong to our subscribers (E.164 digits without plus).</summary>
    public List<string> LocalPrefixes { get; init; } = [];
}

public sealed class AccountSettings
{
    public string ApiKey { get; init; } = "";
    [Secret(Hashed = true)]
    public string? ApiSecret { get; init; }
    /// <summary>Good as well, while clients change over from one to the other.</summary>
    [Secret(Hashed = true)]
    public string? ApiSecret2 { get; init; }
    /// <summary>What webhooks are signed with, and requests may be.</summary>
    [Secret]
    public string? SignatureSecret { get; init; }
    /// <summary>Requests may be signed with it as well.</summary>
    [Secret]
    public string? SignatureSecret2 { get; init; }
    /// <summary>Networks (10.0.0.0/8) and addresses that requests of this account may come from; none: all.</summary>
    public List<string> AllowedAddresses { get; init; } = [];
    /// <summary>md5hash, md5, sha1, sha256 or sha512.</summary>
    public string SignatureMethod { get; init; } = "sha256";
    public string? DeliveryReceiptUrl { get; init; }
    public string? InboundUrl { get; init; }
    /// <summary>Get, Post, PostJson, or Messages: those of the Messages API, whichever way a message was sent.</summary>
    public string WebhookFormat { get; init; } = "PostJson";
    public int MaxRequestsPerSecond { get; init; } = 30;
    /// <summary>The shortest <c>ttl</c> this account may ask for; Nexmo's own minimum is 20 s.</summary>
    public long MinTtlMilliseconds { get; init; } = 20_000;
    /// <summary>
    /// For so long, a message with the same from, to and content as an earlier one of this account is that one: it gets its ids and is not sent
    /// again. 0: never.
    /// </summary>
    public int DuplicateWindowSeconds { get; init; }
    /// <summary>Otp, Normal or Bulk: of its messages, unless a request asks for a lower one.</summary>
    public string Lane { get; init; } = "Normal";
    public List<string> Numbers { get; init; } = [];
    /// <summary>Id of its application at the Messages API (a UUID), which proves itself by tokens signed with the key to <see cref="PublicKey"/>.</summary>
    public string? ApplicationId { get; init; }
    /// <summary>PEM of an RSA key of 2048 bits or more.</summary>
    public string? PublicKey { get; init; }
    /// <summary>Inbound URLs of single numbers (digits without plus), in place of <see cref="InboundUrl"/>.</summary>
    public Dictionary<string, string> NumberUrls { get; init; } = [];
    /// <summary>What a segment costs by the beginning of the recipient's number (E.164 digits; "" is every number); the longest wins. None: nothing.</summary>
    public Dictionary<string, decimal> Prices { get; init; } = [];
    /// <summary>What a prepaid account begins with; what is left is in the store from then on. Null: it is not prepaid and has no limit.</summary>
    public decimal? Balance { get; init; }

    /// <param name="number">Digits.</param>
    public string? InboundUrlOf(string number) => NumberUrls.GetValueOrDefault(number, InboundUrl ?? "") is { Length: > 0 } url ? url : null;
}

public sealed class CarrierSettings
{
    public const string Nexmo = "Nexmo", Kannel = "Kannel", HttpKind = "Http";

    public string Name { get; init; } = "";
    /// <summary>Nexmo, Kannel or Http.</summary>
    public string Kind { get; init; } = Nexmo;
    /// <summary>Of kind Nexmo, what <c>/sms/json</c> is added to; of kind Kannel, its sendsms page (<c>/cgi-bin/sendsms</c> when it names no path).</summary>
    public string BaseUrl { get; init; } = "";
    /// <summary>Kannel: the sendsms-user.</summary>
    public string? ApiKey { get; init; }
    [Secret]
    public string? ApiSecret { get; init; }
    /// <summary>Numbers (E.164 digits) that may go to this carrier; "" is every number. The longest matching prefix wins.</summary>
    public List<string> Prefixes { get; init; } = [];
    /// <summary>Between equal prefixes the lower number is tried first.</summary>
    public int Priority { get; init; } = 1;
    /// <summary>Between equal prefixes of equal priority: the share of the recipients that are tried here first; 0: only when the others fail.</summary>
    public int Weight { get; init; } = 1;
    /// <summary>Messages handed over within any second, by each node; 0: no limit. One-time passwords have a quarter of them to themselves.</summary>
    public int MaxMessagesPerSecond { get; init; }
    /// <summary>Requests under way to it, by each node; 0: as many as Delivery:SendSlots says.</summary>
    public int MaxConcurrent { get; init; }
    /// <summary>The first that fits says how the sender is written on this route.</summary>
    public List<SenderRewriteSettings> SenderRewrite { get; init; } = [];
    /// <summary>Where the carrier reaches this gateway, http://sms.example.org say: receipts are asked for at /webhooks/… below it.</summary>
    public string? CallbackUrl { get; init; }
    /// <summary>What the carrier must present at our webhooks (header, query <c>secret</c> or a part of the path); null: nothing.</summary>
    [Secret]
    public string? WebhookSecret { get; init; }
    /// <summary>What the carrier signs its webhooks with, as Nexmo does; null: they need no signature.</summary>
    [Secret]
    public string? SignatureSecret { get; init; }
    /// <summary>md5hash, md5, sha1, sha256 or sha512.</summary>
    public string SignatureMethod { get; init; } = "sha256";
    /// <summary>Networks (10.0.0.0/8) and addresses its webhooks come from; none: any.</summary>
    public List<string> AllowedAddresses { get; init; } = [];
    /// <summary>Of kind Http: what is sent and how the answers are read.</summary>
    public HttpCarrierSettings Http { get; init; } = new();
}

/// <summary>How a sender is written on one route.</summary>
public sealed class SenderRewriteSettings
{
    /// <summary>Recipients (E.164 digits) it is for; "": all.</summary>
    public string Prefix { get; init; } = "";
    /// <summary>Regular expression that the whole sender must match.</summary>
    public string Pattern { get; init; } = ".*";
    /// <summary>What takes its place; <c>$1</c> is what the first group matched.</summary>
    public string Replacement { get; init; } = "";
}

/// <summary>
/// A carrier's own REST interface. In Url, Headers and Body stand <c>{to} {from} {text} {type} {data} {udh} {class} {pid} {id} {ttl} {key} {secret}
/// {basic} {receiptUrl}</c>, each escaped as its place needs it. A path names a value in a reply or webhook: names and indexes with dots
/// (<c>messages.0.id</c>) in JSON, a field of a form, or in a reply <c>regex:</c> and an expression whose first group is the value.
/// </summary>
public sealed class HttpCarrierSettings
{
    public string Method { get; init; } = "POST";
    public string Url { get; init; } = "";
    public Dictionary<string, string> Headers { get; init; } = [];
    public string Body { get; init; } = "";
    public string ContentType { get; init; } = "application/json";
    /// <summary>Path of the carrier's message id in its reply; null: it gives none, and its receipts name ours.</summary>
    public string? MessageId { get; init; }
    /// <summary>Path of a status in its reply; null: the HTTP status says it.</summary>
    public string? Status { get; init; }
    /// <summary>Path of its reason for people.</summary>
    public string? ErrorText { get; init; }
    /// <summary>Statuses (or HTTP statuses, where there is no Status) with which it has taken the message; none: every 2xx.</summary>
    public List<string> Accepted { get; init; } = [];
    /// <summary>With these it has not, and may a moment later.</summary>
    public List<string> Temporary { get; init; } = [];
    /// <summary>With these it never will; none: all others, and HTTP 400, 413 and 422.</summary>
    public List<string> Rejected { get; init; } = [];
    /// <summary>Our field of an inbound message (msisdn, to, text, messageId, type, data, udh, concat…) and the path it has in the carrier's webhook.</summary>
    public Dictionary<string, string> Inbound { get; init; } = [];
    /// <summary>Our field of a receipt (messageId, client-ref, status, err-code, msisdn) and the path it has in the carrier's webhook.</summary>
    public Dictionary<string, string> Receipt { get; init; } = [];
    /// <summary>Its word for a status and ours: delivered, expired, failed, rejected, accepted, buffered or unknown. Those of SMPP are known.</summary>
    public Dictionary<string, string> ReceiptStatus { get; init; } = [];
}

public sealed class SmsSettings
{
    /// <summary>What happens to type=text with characters GSM 7-bit lacks: Upgrade to UCS-2, or Replace by ? as Nexmo does.</summary>
    public string UnencodableText { get; init; } = "Upgrade";
    /// <summary>
    /// National language tables (TS 23.038 annex A: 1 Turkish, 2 Spanish, 3 Portuguese, 4 to 13 Indic and Urdu) that texts to our subscribers may use to
    /// stay 7-bit; none unless the handsets of the network are known to read them. They are read in any case.
    /// </summary>
    public List<byte> NationalLanguages { get; init; } = [];
}

public sealed class DeliverySettings
{
    public const string Preferred = "Preferred", AllVolte = "AllVolte", AllOtt = "AllOtt", All = "All";

    /// <summary>
    /// Which of a subscriber's contacts a message goes to: the Preferred one and those behind it only while it is not reached; AllVolte: 3GPP contacts one after
    /// the other until one acknowledges; AllOtt: all text clients at once; All: both.
    /// </summary>
    public string Devices { get; init; } = Preferred;
    /// <summary>TR1N: seconds to wait for the handset's RP-ACK after its 200 (TS 24.011 leaves it to the network; above the UE's TR2M plus SIP retransmission).</summary>
    public int ReportTimeoutSeconds { get; init; } = 45;
    /// <summary>Seconds between attempts after silence or a temporary failure; the last one repeats until the message expires.</summary>
    public List<int> RetrySeconds { get; init; } = [];
    /// <summary>Schedules of their own for single causes.</summary>
    public RetrySettings Retry { get; init; } = new();
    /// <summary>Attempts under way to one next hop (a proxy, a handset's flow, a carrier); more wait for their turn.</summary>
    public int SendSlots { get; init; } = 500;
    /// <summary>How long a gateway that is told to stop lets what is under way come to its end.</summary>
    public int DrainSeconds { get; init; } = 10;
    /// <summary>Seconds to wait for the missing parts of a long text before what is there is handed on as one.</summary>
    public int JoinTimeoutSeconds { get; init; } = 30;
}

/// <summary>Seconds between attempts by what made the last one fail; empty: <see cref="DeliverySettings.RetrySeconds"/>.</summary>
public sealed class RetrySettings
{
    /// <summary>Not reached; ended by a registration.</summary>
    public List<int> Absent { get; init; } = [];
    /// <summary>SIP 200 without RP-ACK.</summary>
    public List<int> NoReport { get; init; } = [];
    /// <summary>A temporary failure of the network, the handset or a carrier.</summary>
    public List<int> Network { get; init; } = [];
    /// <summary>A full handset; ended by RP-SMMA. Empty: every half hour.</summary>
    public List<int> Memory { get; init; } = [];
}

public sealed class WebhookSettings
{
    public bool AllowPrivateTargets { get; init; }
}

public sealed class AdminSettings
{
    public string? Key { get; init; }
}
