using System.Text;

namespace Gateway.Sip.Tests;

/// <summary>Messages written as text in tests: line ends become CRLF.</summary>
internal static class SipText
{
    /// <summary>The MESSAGE of a handset that the talk prints ("Kamailio as a SMSCenter for VoLTE"), with a body of the length it states.</summary>
    public const string SeedHead =
        """
        MESSAGE sip:894@ims.voiceblue.com SIP/2.0
        Via: SIP/2.0/UDP 93.180.154.153:5080;branch=z9hG4bKuhrVgaLL;rport
        From: <sip:494046895124@ims.voiceblue.com>;tag=5FB43BEC-5564CCC10005DDCF-29D46700
        To: <sip:894@ims.voiceblue.com>
        CSeq: 10 MESSAGE
        Call-ID: 201A9683-5564CCC10005DDEA-29D46700
        Route: <sip:orig@scscf-1.ams.voiceblue.com:5060;lr;lr>
        Max-Forwards: 70
        User-Agent: SLICK IMS 4.0.0
        P-Asserted-Identity: <sip:494046895124@ims.voiceblue.com>
        Content-Type: application/vnd.3gpp.sms
        Contact: <sip:93.180.154.153:5080;transport=udp>
        Content-Length: 36


        """;

    public static byte[] Seed
    {
        get
        {
            byte[] body = [0x00, 0x09, 0x00, 0x03, 0x81, 0x98, 0xf4, 0x1c, 0x11, 0x09, .. Enumerable.Range(0x80, 26).Select(i => (byte)i)];
            return [.. Octets(SeedHead), .. body];
        }
    }

    public static byte[] Octets(string text) => Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n"));

    /// <summary>A MESSAGE with these header lines besides the usual ones.</summary>
    public static byte[] Message(params string[] headers) => Octets(
        $"""
        MESSAGE sip:smsc@example.org SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
        From: <sip:a@example.org>;tag=1
        To: <sip:smsc@example.org>
        Call-ID: 1@192.0.2.1
        CSeq: 1 MESSAGE
        Max-Forwards: 70{string.Concat(headers.Select(h => "\n" + h))}


        """);

    public static SipRequest ParseRequest(byte[] octets)
    {
        var result = SipParser.Parse(octets);
        Xunit.Assert.True(result.Succeeded, result.Error.ToString());
        return (SipRequest)result.Message!;
    }
}
