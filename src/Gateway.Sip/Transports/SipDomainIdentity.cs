using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Sip.Transports;

/// <summary>
/// RFC 5922 §7: whom a certificate names. Its sip: URIs without user count, and only if there are none its DNS names; names
/// match as a whole, a wildcard matches nothing. Addresses are matched against its addresses.
/// </summary>
internal static class SipDomainIdentity
{
    private const string SubjectAlternativeName = "2.5.29.17";

    // RFC 5280 §4.2.1.6: the choices of GeneralName.
    private static readonly Asn1Tag DnsName = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag Address = new(TagClass.ContextSpecific, 7);

    /// <param name="host">The name that was looked for; null when it was the address.</param>
    public static bool IsNamedBy(X509Certificate2 certificate, string? host, IPAddress address)
    {
        if (certificate.Extensions[SubjectAlternativeName] is not { } extension)
            return false;
        List<string> domains = [], dnsNames = [];
        var addressed = false;
        try
        {
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                var tag = names.PeekTag();
                if (tag == DnsName)
                    dnsNames.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                else if (tag == Uri)
                    AddDomain(names.ReadCharacterString(UniversalTagNumber.IA5String, tag), domains);
                else if (tag == Address)
                    addressed |= names.ReadOctetString(tag).AsSpan().SequenceEqual(address.GetAddressBytes());
                else
                    names.ReadEncodedValue();
            }
        }
        catch (AsnContentException)
        {
            return false;
        }

        return host is null ? addressed : (domains.Count > 0 ? domains : dnsNames).Contains(host, StringComparer.OrdinalIgnoreCase);
    }

    private static void AddDomain(string text, List<string> domains)
    {
        if (text.StartsWith("sip:", StringComparison.OrdinalIgnoreCase) && !text.Contains('@')
            && SipUri.TryParse(text, out var uri))
            domains.Add(uri.Host);
    }
}
