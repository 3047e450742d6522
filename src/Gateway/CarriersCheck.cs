using System.Net;
using System.Net.Http.Headers;
using Gateway.Carriers;
using Microsoft.AspNetCore.Http;

namespace Gateway;

/// <summary>Finds what is wrong with carriers' settings, wherever they come from: one line a fault, each beginning with the key.</summary>
public static class CarriersCheck
{
    private static readonly string[] InboundFields =
        ["msisdn", "to", "text", "messageId", "type", "data", "udh", "concat", "concat-ref", "concat-total", "concat-part"];
    private static readonly string[] ReceiptFields = ["messageId", "client-ref", "status", "err-code", "msisdn"];
    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH"];

    /// <param name="carriers">All of them: their names are unique.</param>
    /// <param name="urls">Where we listen ourselves, as <see cref="GatewaySettings.Urls"/> has it.</param>
    public static IEnumerable<string> Faults(IReadOnlyList<CarrierSettings> carriers, string? urls)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < carriers.Count; i++)
        {
            var (c, at) = (carriers[i], $"Carriers:{i}");
            foreach (var fault in Carrier(c, at, urls)) yield return fault;
            if (c.Name.Length > 0 && !names.Add(c.Name)) yield return $"{at}:Name: \"{c.Name}\" is there twice";
        }
    }

    /// <summary>What is wrong with one carrier by itself.</summary>
    /// <param name="c">Secrets in clear.</param>
    /// <param name="at">What its keys begin with.</param>
    /// <param name="urls">Where we listen ourselves.</param>
    public static IEnumerable<string> Carrier(CarrierSettings c, string at, string? urls)
    {
        if (c.Name.Length == 0 || !c.Name.All(x => char.IsAsciiLetterOrDigit(x) || x is '-' or '_'))
            yield return $"{at}:Name: \"{c.Name}\" is not a name of letters, digits, - and _ (it stands in /webhooks/{{carrier}}/…)";
        if (SettingsCheck.OneOf(c.Kind, CarrierSettings.Nexmo, CarrierSettings.Kannel, CarrierSettings.HttpKind) is { } kind) yield return $"{at}:Kind: {kind}";
        foreach (var fault in OfKind(c, at, urls).Concat(Routes(c, at)).Concat(Webhooks(c, at))) yield return fault;
    }

    private static IEnumerable<string> OfKind(CarrierSettings c, string at, string? urls)
    {
        var (key, url) = c.Kind == CarrierSettings.HttpKind ? ("Http:Url", CarrierTemplate.Sample(c.Http.Url)) : ("BaseUrl", c.BaseUrl);
        if (!SettingsCheck.IsHttpUrl(url)) yield return $"{at}:{key}: \"{url}\" is not an http or https URL";
        else if (OwnUrl(url, urls) is { } own) yield return $"{at}:{key}: \"{url}\" is this gateway itself, which listens at {own}: its messages would go round for ever";
        if (c.Kind == CarrierSettings.HttpKind)
        {
            foreach (var fault in Http(c, at)) yield return fault;
            yield break;
        }
        if (string.IsNullOrEmpty(c.ApiKey)) yield return $"{at}:ApiKey: missing";
        if (string.IsNullOrEmpty(c.ApiSecret)) yield return $"{at}:ApiSecret: missing; set it{SettingsCheck.InEnvironment(at, "ApiSecret")}";
        if (c.Kind == CarrierSettings.Kannel && string.IsNullOrEmpty(c.CallbackUrl))
            yield return $"{at}:CallbackUrl: missing; a Kannel sends receipts only where each message tells it to, so give the URL at which it reaches this gateway";
    }

    private static IEnumerable<string> Http(CarrierSettings c, string at)
    {
        var h = c.Http;
        if (SettingsCheck.OneOf(h.Method, Methods) is { } method) yield return $"{at}:Http:Method: {method}";
        if (h.Body.Length > 0 && !MediaTypeHeaderValue.TryParse(h.ContentType, out _)) yield return $"{at}:Http:ContentType: \"{h.ContentType}\" is no media type";
        foreach (var (key, template) in h.Headers.Select(header => ($"Headers:{header.Key}", header.Value)).Prepend(("Body", h.Body)).Prepend(("Url", h.Url)))
        {
            if (CarrierTemplate.Unknown(template) is { } place) yield return $"{at}:Http:{key}: has {{{place}}}, which nothing stands for";
            else if (CarrierTemplate.Has(template, "receiptUrl") && string.IsNullOrEmpty(c.CallbackUrl))
                yield return $"{at}:Http:{key}: has {{receiptUrl}}, while {at}:CallbackUrl is missing";
        }
        if (!CarrierTemplate.Has(h.Url + h.Body, "to")) yield return $"{at}:Http:Body: neither it nor Url has {{to}}";
        if (!CarrierTemplate.Has(h.Url + h.Body, "text")) yield return $"{at}:Http:Body: neither it nor Url has {{text}}";
        foreach (var (key, path) in new[] { ("MessageId", h.MessageId), ("Status", h.Status), ("ErrorText", h.ErrorText) })
            if (AnswerValue.Fault(path) is { } fault) yield return $"{at}:Http:{key}: \"{path}\" {fault}";
        foreach (var (key, map, known) in new[] { ("Inbound", h.Inbound, InboundFields), ("Receipt", h.Receipt, ReceiptFields) })
            foreach (var (ours, path) in map)
                if (!known.Contains(ours)) yield return $"{at}:Http:{key}:{ours}: is none of {string.Join(", ", known)}";
                else if (path.StartsWith("regex:", StringComparison.Ordinal)) yield return $"{at}:Http:{key}:{ours}: \"{path}\": a webhook's fields are named, not searched for";
        foreach (var (word, status) in h.ReceiptStatus)
            if (CarrierReceipts.Fault(status) is { } fault) yield return $"{at}:Http:ReceiptStatus:{word}: \"{status}\" {fault}";
    }

    private static IEnumerable<string> Routes(CarrierSettings c, string at)
    {
        for (var p = 0; p < c.Prefixes.Count; p++)
            if (!c.Prefixes[p].All(char.IsAsciiDigit)) yield return $"{at}:Prefixes:{p}: \"{c.Prefixes[p]}\" is not a string of digits without plus";
        if (c.Weight is < 0 or > 1000) yield return $"{at}:Weight: {c.Weight} is not 0 to 1000";
        if (c.MaxMessagesPerSecond is < 0 or > 10_000) yield return $"{at}:MaxMessagesPerSecond: {c.MaxMessagesPerSecond} is not 0 (no limit) to 10000";
        if (c.MaxConcurrent is < 0 or > 10_000) yield return $"{at}:MaxConcurrent: {c.MaxConcurrent} is not 0 (no limit) to 10000";
        for (var r = 0; r < c.SenderRewrite.Count; r++)
        {
            var rule = c.SenderRewrite[r];
            if (!rule.Prefix.All(char.IsAsciiDigit)) yield return $"{at}:SenderRewrite:{r}:Prefix: \"{rule.Prefix}\" is not a string of digits without plus";
            if (ExpressionFault(rule.Pattern) is { } fault) yield return $"{at}:SenderRewrite:{r}:Pattern: \"{rule.Pattern}\" {fault}";
            if (rule.Replacement.Length == 0) yield return $"{at}:SenderRewrite:{r}:Replacement: missing";
        }
    }

    private static IEnumerable<string> Webhooks(CarrierSettings c, string at)
    {
        if (!string.IsNullOrEmpty(c.CallbackUrl) && !SettingsCheck.IsHttpUrl(c.CallbackUrl)) yield return $"{at}:CallbackUrl: \"{c.CallbackUrl}\" is not an http or https URL";
        if (SettingsCheck.OneOf(c.SignatureMethod, SettingsCheck.SignatureMethods) is { } method) yield return $"{at}:SignatureMethod: {method}";
        for (var n = 0; n < c.AllowedAddresses.Count; n++)
            if (!Networks.IsOne(c.AllowedAddresses[n]))
                yield return $"{at}:AllowedAddresses:{n}: \"{c.AllowedAddresses[n]}\" is not a network such as 10.0.0.0/8 or an address";
    }

    private static string? ExpressionFault(string pattern)
    {
        try
        {
            SenderRewrite.Compile(pattern);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return $"is no regular expression: {e.Message}";
        }
    }

    /// <summary>The one of our own URLs that a carrier's leads to, or null. A name that DNS leads here is found by the loop itself.</summary>
    private static string? OwnUrl(string carrier, string? urls)
    {
        var target = new Uri(carrier);
        foreach (var url in (urls ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var own = BindingAddress.Parse(url);
            if (own.IsUnixPipe || own.Port != target.Port) continue;
            var everywhere = own.Host is "*" or "+" or "0.0.0.0" or "[::]";
            if (string.Equals(own.Host, target.Host, StringComparison.OrdinalIgnoreCase) || target.IsLoopback && (everywhere || IsLoopback(own.Host))) return url;
        }
        return null;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);
}
