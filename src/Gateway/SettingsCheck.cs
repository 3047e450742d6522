using System.Globalization;
using System.Net;
using Gateway.Billing;
using Gateway.Provisioning;

namespace Gateway;

/// <summary>Finds what is wrong with the settings before anything starts: one line a fault, each beginning with the key.</summary>
public static class SettingsCheck
{
    /// <summary>Digits of a number (ITU-T E.164).</summary>
    internal const int MaxPrefix = 15;
    internal const decimal MaxBalance = 1_000_000_000;
    private const decimal MaxPrice = 10_000;
    private const int MinAdminKey = 16, MaxApiKey = 64;
    private static readonly string[] Lanes = ["Otp", "Normal", "Bulk"];
    internal static readonly string[] SignatureMethods = ["md5hash", "md5", "sha1", "sha256", "sha512"];
    private static readonly string[] WebhookFormats = ["Get", "Post", "PostJson", Webhooks.MessageWebhook.Format];
    private static readonly string[] ListenSchemes = ["udp", "tcp", "tls", "ws", "wss"];

    public static IEnumerable<string> Faults(GatewaySettings s, bool production)
    {
        if (OneOf(s.Store.Provider, "Sqlite", "Postgres") is { } provider) yield return $"Store:Provider: {provider}";
        if (s.Store.ConnectionString.Length == 0) yield return "Store:ConnectionString: is empty";
        if (s.Store.SecretKey is { Length: > 0 } secretKey && !IsKey(secretKey))
            yield return $"Store:SecretKey: is not {SecretBox.KeyOctets} octets in base64 (openssl rand -base64 {SecretBox.KeyOctets})";
        if (s.Store.MaxPendingWrites is < 1 or > 1_000_000) yield return $"Store:MaxPendingWrites: {s.Store.MaxPendingWrites} is not 1 to 1000000";
        // A repeat is looked for among what was accepted in the last ten minutes, and a webhook lives a day, a message three.
        if (s.Store.HistoryAfterMinutes is < 15 or > 525_600) yield return $"Store:HistoryAfterMinutes: {s.Store.HistoryAfterMinutes} is not 15 to 525600";
        if (s.Store.RetentionDays is < 7 or > 36_500) yield return $"Store:RetentionDays: {s.Store.RetentionDays} is not 7 to 36500";
        if (OneOf(s.Cluster.Mode, "Single", "Postgres") is { } mode) yield return $"Cluster:Mode: {mode}";
        if (s.Cluster.Mode == "Postgres" && s.Store.Provider != "Postgres")
            yield return $"Cluster:Mode: \"Postgres\" needs Store:Provider Postgres, for the nodes find each other there; it is {s.Store.Provider}";
        if (!IPAddress.TryParse(s.Cluster.AdvertisedAddress, out var advertised))
            yield return $"Cluster:AdvertisedAddress: \"{s.Cluster.AdvertisedAddress}\" is not an IP address";
        else if (!s.Cluster.IsSingle && (advertised.Equals(IPAddress.Any) || advertised.Equals(IPAddress.IPv6Any)))
            yield return $"Cluster:AdvertisedAddress: {advertised} is no address that the other nodes can reach";
        foreach (var (key, port) in new[] { ("SiloPort", s.Cluster.SiloPort), ("GatewayPort", s.Cluster.GatewayPort) })
            if (port is < 1 or > 65535) yield return $"Cluster:{key}: {port} is not a port (1 to 65535)";

        foreach (var fault in Sip(s.Sip).Concat(Numbering(s.Numbering)).Concat(Accounts(s.Accounts, production)).Concat(CarriersCheck.Faults(s.Carriers, s.Urls)))
            yield return fault;

        // The key of everything: a short one would be found by trying.
        if (production && s.Admin.Key is { Length: > 0 and < MinAdminKey }) yield return $"Admin:Key: is shorter than {MinAdminKey} characters";
        if (OneOf(s.Sms.UnencodableText, "Upgrade", "Replace") is { } text) yield return $"Sms:UnencodableText: {text}";
        foreach (var language in s.Sms.NationalLanguages)
            if (language is < 1 or > 13) yield return $"Sms:NationalLanguages: {language} is not a language of TS 23.038 (1 to 13)";
        if (OneOf(s.Delivery.Devices, DeliverySettings.Preferred, DeliverySettings.AllVolte, DeliverySettings.AllOtt, DeliverySettings.All) is { } devices)
            yield return $"Delivery:Devices: {devices}";
        if (s.Delivery.ReportTimeoutSeconds is < 1 or > 600) yield return $"Delivery:ReportTimeoutSeconds: {s.Delivery.ReportTimeoutSeconds} is not 1 to 600";
        if (s.Delivery.JoinTimeoutSeconds is < 1 or > 86400) yield return $"Delivery:JoinTimeoutSeconds: {s.Delivery.JoinTimeoutSeconds} is not 1 to 86400";
        if (s.Delivery.SendSlots is < 4 or > 100_000) yield return $"Delivery:SendSlots: {s.Delivery.SendSlots} is not 4 to 100000";
        if (s.Delivery.DrainSeconds is < 0 or > 600) yield return $"Delivery:DrainSeconds: {s.Delivery.DrainSeconds} is not 0 to 600";
        foreach (var (key, schedule) in new[]
            {
                ("RetrySeconds", s.Delivery.RetrySeconds), ("Retry:Absent", s.Delivery.Retry.Absent), ("Retry:NoReport", s.Delivery.Retry.NoReport),
                ("Retry:Network", s.Delivery.Retry.Network), ("Retry:Memory", s.Delivery.Retry.Memory),
            })
            foreach (var seconds in schedule)
                if (seconds is < 1 or > 86400) yield return $"Delivery:{key}: {seconds} is not 1 to 86400";
    }

    private static IEnumerable<string> Sip(SipSettings s)
    {
        if (Uri.CheckHostName(s.Domain) == UriHostNameType.Unknown) yield return $"Sip:Domain: \"{s.Domain}\" is not a host name";
        if (s.Listen.Count == 0) yield return "Sip:Listen: is empty; give at least one address such as udp://127.0.0.1:5060";
        for (var i = 0; i < s.Listen.Count; i++)
            if (ListenFault(s.Listen[i]) is { } fault) yield return $"Sip:Listen:{i}: \"{s.Listen[i]}\" {fault}";
        // A WebSocket is its client's: what we ask of others (a SUBSCRIBE, an OPTIONS, a MESSAGE to the S-CSCF) leaves by another address.
        if (s.Listen.Count > 0 && s.Listen.TrueForAll(IsWebSocket))
            yield return "Sip:Listen: has only WebSocket addresses; give at least one such as udp://127.0.0.1:5060";
        for (var i = 0; i < s.AllowedOrigins.Count; i++)
            if (!IsHttpUrl(s.AllowedOrigins[i]) || s.AllowedOrigins[i].EndsWith('/'))
                yield return $"Sip:AllowedOrigins:{i}: \"{s.AllowedOrigins[i]}\" is not an origin such as https://phone.example";
        if (s.Registrar.KeepAlive is < 0 or > 3600) yield return $"Sip:Registrar:KeepAlive: {s.Registrar.KeepAlive} is not 0 (off) to 3600 seconds";
        var tls = s.Tls.ToOptions();
        if (tls.Certificate is null && s.Listen.Find(IsSecured) is { } secured)
            yield return $"Sip:Tls:Certificate: missing, while Sip:Listen has {secured}";
        else
            foreach (var (option, fault) in tls.Faults()) yield return $"Sip:Tls:{option}: {fault}";
        foreach (var (key, value) in new[] { ("ServiceCentreIdentity", s.ServiceCentreIdentity), ("OutboundProxy", s.OutboundProxy) })
            if (value is not null && !IsSipUri(value)) yield return $"Sip:{key}: \"{value}\" is not a sip: URI";
        if (!s.PublicUserIdentity.Contains("{msisdn}", StringComparison.Ordinal))
            yield return $"Sip:PublicUserIdentity: \"{s.PublicUserIdentity}\" has no {{msisdn}}";
        else if (!IsSipUri(s.PublicUserIdentity) && !s.PublicUserIdentity.StartsWith("tel:", StringComparison.Ordinal))
            yield return $"Sip:PublicUserIdentity: \"{s.PublicUserIdentity}\" is neither a sip: nor a tel: URI";
        if (!IsNumber(s.ServiceCentreAddress))
            yield return $"Sip:ServiceCentreAddress: \"{s.ServiceCentreAddress}\" is not an E.164 number";
        for (var i = 0; i < s.TrustedPeers.Count; i++)
            if (!Networks.IsOne(s.TrustedPeers[i]))
                yield return $"Sip:TrustedPeers:{i}: \"{s.TrustedPeers[i]}\" is not a network such as 10.0.0.0/8 or an address";
        var (numbers, names) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        for (var i = 0; i < s.Registrar.Users.Count; i++)
        {
            var (user, number) = (s.Registrar.Users[i], s.Registrar.Users[i].Msisdn);
            if (!IsNumber(user.Number)) yield return $"Sip:Registrar:Users:{i}:Number: \"{user.Number}\" is not an E.164 number";
            else if (!numbers.Add(number)) yield return $"Sip:Registrar:Users:{i}:Number: \"{user.Number}\" is there twice";
            else if (!names.Add(user.DigestUsername)) yield return $"Sip:Registrar:Users:{i}:Username: \"{user.DigestUsername}\" is there twice";
            if (user.Password.Length == 0) yield return $"Sip:Registrar:Users:{i}:Password: missing";
        }
        if (s.Watch.Expires is < 60 or > 604800) yield return $"Sip:Watch:Expires: {s.Watch.Expires} is not 60 to 604800 seconds";
        if (OneOf(s.Watch.AssertedIdentity, "Service", "User") is { } identity) yield return $"Sip:Watch:AssertedIdentity: {identity}";
        if (s.Watch.SettleMilliseconds is < 0 or > 10_000) yield return $"Sip:Watch:SettleMilliseconds: {s.Watch.SettleMilliseconds} is not 0 to 10000";
    }

    private static IEnumerable<string> Numbering(NumberingSettings s)
    {
        if (s.CountryCode.Length is 0 or > 3 || !s.CountryCode.All(char.IsAsciiDigit))
            yield return $"Numbering:CountryCode: \"{s.CountryCode}\" is not a country code such as 49";
        for (var i = 0; i < s.LocalPrefixes.Count; i++)
            if (!s.LocalPrefixes[i].All(char.IsAsciiDigit))
                yield return $"Numbering:LocalPrefixes:{i}: \"{s.LocalPrefixes[i]}\" is not a string of digits without plus";
    }

    private static IEnumerable<string> Accounts(List<AccountSettings> accounts, bool production)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<string>(StringComparer.Ordinal);
        var applications = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < accounts.Count; i++)
        {
            var (a, at) = (accounts[i], $"Accounts:{i}");
            foreach (var fault in Account(a, at, production)) yield return fault;
            if (production && string.IsNullOrEmpty(a.ApiSecret)) yield return $"{at}:ApiSecret: missing; set it{InEnvironment(at, "ApiSecret")}";
            if (a.ApiKey.Length > 0 && !keys.Add(a.ApiKey)) yield return $"{at}:ApiKey: \"{a.ApiKey}\" is there twice";
            if (!string.IsNullOrEmpty(a.ApplicationId) && !applications.Add(a.ApplicationId)) yield return $"{at}:ApplicationId: \"{a.ApplicationId}\" is there twice";
            for (var n = 0; n < a.Numbers.Count; n++)
                if (IsNumber(a.Numbers[n]) && !numbers.Add(a.Numbers[n].TrimStart('+'))) yield return $"{at}:Numbers:{n}: \"{a.Numbers[n]}\" is there twice";
        }
    }

    /// <summary>What is wrong with one account by itself.</summary>
    /// <param name="a">Secrets in clear.</param>
    /// <param name="at">What its keys begin with.</param>
    /// <param name="production">Secrets must be worth the name.</param>
    internal static IEnumerable<string> Account(AccountSettings a, string at, bool production)
    {
        if (a.ApiKey.Length == 0) yield return $"{at}:ApiKey: missing";
        else if (a.ApiKey.Length > MaxApiKey || a.ApiKey.Any(c => c is <= ' ' or > '~' or '/' or ':'))
            yield return $"{at}:ApiKey: is not up to {MaxApiKey} visible ASCII characters without / and :";
        foreach (var (key, secret) in new[] { ("ApiSecret", a.ApiSecret), ("ApiSecret2", a.ApiSecret2) })
            if (production && secret is { Length: > 0 and < 6 }) yield return $"{at}:{key}: is shorter than 6 characters";
        if (OneOf(a.SignatureMethod, SignatureMethods) is { } method) yield return $"{at}:SignatureMethod: {method}";
        if (OneOf(a.WebhookFormat, WebhookFormats) is { } format) yield return $"{at}:WebhookFormat: {format}";
        if (OneOf(a.Lane, Lanes) is { } lane) yield return $"{at}:Lane: {lane}";
        if (a.MaxRequestsPerSecond < 1) yield return $"{at}:MaxRequestsPerSecond: {a.MaxRequestsPerSecond} is less than 1";
        if (a.MinTtlMilliseconds is < 1000 or > Rest.SmsRequest.MaxTtl)
            yield return $"{at}:MinTtlMilliseconds: {a.MinTtlMilliseconds} is not 1000 to {Rest.SmsRequest.MaxTtl}";
        if (a.DuplicateWindowSeconds is < 0 or > 86_400) yield return $"{at}:DuplicateWindowSeconds: {a.DuplicateWindowSeconds} is not 0 to 86400";
        foreach (var (key, url) in new[] { ("DeliveryReceiptUrl", a.DeliveryReceiptUrl), ("InboundUrl", a.InboundUrl) })
            if (!string.IsNullOrEmpty(url) && !IsHttpUrl(url)) yield return $"{at}:{key}: \"{url}\" is not an http or https URL";
        for (var n = 0; n < a.AllowedAddresses.Count; n++)
            if (!Networks.IsOne(a.AllowedAddresses[n]))
                yield return $"{at}:AllowedAddresses:{n}: \"{a.AllowedAddresses[n]}\" is not a network such as 10.0.0.0/8 or an address";
        for (var n = 0; n < a.Numbers.Count; n++)
            if (!IsNumber(a.Numbers[n])) yield return $"{at}:Numbers:{n}: \"{a.Numbers[n]}\" is not a number";
        if (!string.IsNullOrEmpty(a.ApplicationId) && !Guid.TryParseExact(a.ApplicationId, "D", out _))
            yield return $"{at}:ApplicationId: \"{a.ApplicationId}\" is not a UUID";
        if (!string.IsNullOrEmpty(a.PublicKey) && Rest.ApplicationToken.ReadKey(a.PublicKey) is null)
            yield return $"{at}:PublicKey: is not the PEM of an RSA key of 2048 bits or more";
        if (string.IsNullOrEmpty(a.ApplicationId) != string.IsNullOrEmpty(a.PublicKey))
            yield return $"{at}:{(string.IsNullOrEmpty(a.PublicKey) ? "PublicKey" : "ApplicationId")}: missing; an application has both an id and a key";
        foreach (var (number, url) in a.NumberUrls)
        {
            if (!IsNumber(number)) yield return $"{at}:NumberUrls:{number}: \"{number}\" is not a number";
            if (!IsHttpUrl(url)) yield return $"{at}:NumberUrls:{number}: \"{url}\" is not an http or https URL";
        }
        foreach (var (prefix, price) in a.Prices)
        {
            if (prefix.Length > MaxPrefix || !prefix.All(char.IsAsciiDigit)) yield return $"{at}:Prices:{prefix}: \"{prefix}\" is not a string of up to {MaxPrefix} digits without plus";
            if (price < 0 || !Tariff.IsAmount(price, MaxPrice)) yield return string.Create(CultureInfo.InvariantCulture, $"{at}:Prices:{prefix}: {price} is not 0 to {MaxPrice} with up to 8 places");
        }
        if (a.Balance is { } balance && (balance < 0 || !Tariff.IsAmount(balance, MaxBalance)))
            yield return string.Create(CultureInfo.InvariantCulture, $"{at}:Balance: {balance} is not 0 to {MaxBalance} with up to 8 places");
    }

    internal static string InEnvironment(string at, string key) =>
        at.Length == 0 ? "" : $" (environment: {at.Replace(":", "__", StringComparison.Ordinal)}__{key})";

    private static string? ListenFault(string value)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out var uri)) return "is not a URI such as udp://127.0.0.1:5060";
        if (!ListenSchemes.Contains(uri.Scheme)) return $"has the unknown scheme {uri.Scheme}; use {string.Join(", ", ListenSchemes)}";
        if (!IPAddress.TryParse(uri.Host.Trim('[', ']'), out _)) return "does not name an IP address";
        if (uri.Port is < 0 or > 65535) return "names no port";
        return uri.AbsolutePath.Length > 1 ? "has a path" : null;
    }

    private static bool IsWebSocket(string listen) => HasScheme(listen, "ws") || HasScheme(listen, "wss");

    private static bool IsSecured(string listen) => HasScheme(listen, "tls") || HasScheme(listen, "wss");

    private static bool HasScheme(string listen, string scheme) => listen.StartsWith($"{scheme}:", StringComparison.OrdinalIgnoreCase);

    internal static string? OneOf(string value, params string[] allowed) =>
        allowed.Contains(value) ? null : $"\"{value}\" is unknown; use {string.Join(", ", allowed)}";

    private static bool IsSipUri(string value) => value.StartsWith("sip:", StringComparison.Ordinal) && Gateway.Sip.SipUri.TryParse(
        value.Replace("{msisdn}", "1", StringComparison.Ordinal).Replace("{domain}", "d.example", StringComparison.Ordinal), out _);

    private static bool IsKey(string base64)
    {
        Span<byte> octets = stackalloc byte[SecretBox.KeyOctets];
        return Convert.TryFromBase64String(base64, octets, out var written) && written == SecretBox.KeyOctets;
    }

    internal static bool IsNumber(string value) => value.TrimStart('+') is { Length: > 0 and <= 20 } digits && digits.All(char.IsAsciiDigit);

    internal static bool IsHttpUrl(string value) => Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";
}
