using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gateway.Rest;
using Gateway.Webhooks;

namespace Gateway.Carriers;

/// <summary>Who may call a carrier's webhooks: where it calls from, the secret it knows and the signature it makes, as far as each is set.</summary>
internal sealed class CarrierGate(CarrierSettings settings)
{
    public const string SecretField = "secret", SecretHeader = "X-Webhook-Secret";

    private readonly Networks _networks = new(settings.AllowedAddresses);
    private readonly SignatureMethod _method = Signature.TryParseMethod(settings.SignatureMethod, out var method) ? method : SignatureMethod.Sha256;

    public bool IsAddressAllowed(IPAddress? from) => _networks.IsEmpty || from is not null && _networks.Contain(from);

    /// <summary>In a header, a part of the path, or the query.</summary>
    public bool HasSecret(HttpRequest request, string? inPath)
    {
        if (string.IsNullOrEmpty(settings.WebhookSecret)) return true;
        // Of a path ASP.NET Core unescapes everything but the slash.
        var given = request.Headers.TryGetValue(SecretHeader, out var header) ? header.ToString()
            : inPath?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase) ?? request.Query[SecretField].ToString();
        // Digests, so that the time it takes tells nothing of the secret, its length included.
        return CryptographicOperations.FixedTimeEquals(Digest(given), Digest(settings.WebhookSecret));

        static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Why the signature is not accepted, or null. A webhook that is repeated is signed as it was: messages are known by their ids.</summary>
    public string? SignatureFault(RequestFields fields, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(settings.SignatureSecret)) return null;
        if (fields[Signature.Field] is not { } signature) return "the signature is missing: field sig";
        if (!Signature.Verify(_method, settings.SignatureSecret, fields.Where(field => field.Key != SecretField), signature)) return "the signature is wrong: field sig";
        return long.TryParse(fields["timestamp"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && Math.Abs((decimal)seconds - now.ToUnixTimeSeconds()) <= (decimal)Authentication.TimestampTolerance.TotalSeconds
            ? null : "the time of the signature is missing or too far from now: field timestamp";
    }
}
