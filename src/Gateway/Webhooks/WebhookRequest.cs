using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Store;

namespace Gateway.Webhooks;

/// <summary>How an account gets its webhooks: a query, a form or a JSON object.</summary>
public enum WebhookFormat : byte { Get, Post, PostJson }

/// <summary>One push of a webhook: the stored fields with the time of this try and, for an account that signs, timestamp, nonce and signature.</summary>
internal static class WebhookRequest
{
    public const string UserAgent = "Nexmo/MessagingHUB/v1.0";

    /// <summary>Null if the URL is none.</summary>
    public static HttpRequestMessage? For(WebhookRow webhook, AccountSettings account, DateTimeOffset now)
    {
        if (!Uri.TryCreate(webhook.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return null;
        var request = webhook.Kind is WebhookKind.MessageStatus or WebhookKind.MessageInbound ? OfMessages(webhook, url) : OfSms(webhook, url, account, now);
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent); // two slashes are no product token, but receivers look for it
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*"));
        if (url.UserInfo.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.UserInfo))));
        if (webhook.Kind is WebhookKind.MessageStatus or WebhookKind.MessageInbound && account.SignatureSecret is { Length: > 0 } secret)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", MessageWebhook.Token(Encoding.UTF8.GetBytes(webhook.Fields), account, secret, now));
        return request;
    }

    private static HttpRequestMessage OfMessages(WebhookRow webhook, Uri url) =>
        new(HttpMethod.Post, url) { Content = Json(Encoding.UTF8.GetBytes(webhook.Fields)) };

    private static HttpRequestMessage OfSms(WebhookRow webhook, Uri url, AccountSettings account, DateTimeOffset now)
    {
        var fields = Fields(webhook, account, now);
        return Enum.TryParse<WebhookFormat>(account.WebhookFormat, ignoreCase: true, out var format) && format == WebhookFormat.Get
            ? new HttpRequestMessage(HttpMethod.Get, WithQuery(url, fields))
            : new HttpRequestMessage(HttpMethod.Post, url) { Content = format == WebhookFormat.Post ? new FormUrlEncodedContent(fields) : Json(fields.ToUtf8Json()) };
    }

    private static WebhookFields Fields(WebhookRow webhook, AccountSettings account, DateTimeOffset now)
    {
        var fields = WebhookFields.Parse(webhook.Fields);
        fields.Add("message-timestamp", now.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        if (account.SignatureSecret is { Length: > 0 } secret && Signature.TryParseMethod(account.SignatureMethod, out var method))
        {
            fields.Add("timestamp", now.ToUnixTimeSeconds());
            fields.Add("nonce", Guid.NewGuid().ToString());
            fields.Add(Signature.Field, Signature.Sign(method, secret, fields));
        }
        return fields;
    }

    /// <summary>Behind the query the customer's URL may have itself.</summary>
    private static Uri WithQuery(Uri url, WebhookFields fields)
    {
        var query = string.Join('&', fields.Select(field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}"));
        return new UriBuilder(url) { Query = url.Query.Length > 1 ? $"{url.Query}&{query}" : query, Fragment = "" }.Uri;
    }

    private static ByteArrayContent Json(byte[] body) =>
        new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}
