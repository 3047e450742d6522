using Gateway.Interop.Tests.Sms;
using Gateway.Tests.Support;

namespace Gateway.Interop.Tests;

/// <summary>What Wireshark's dissectors make of our octets.</summary>
internal sealed record Tshark(string MessageType, string Originator, string Text, string Malformed)
{
    /// <summary>Each SIP message dissected as a packet of its own.</summary>
    public static async Task<IReadOnlyList<Tshark>> DecodeAsync(IEnumerable<RawSip> messages, CancellationToken cancel)
    {
        var file = Path.Combine(Path.GetTempPath(), $"gateway-{Guid.NewGuid():N}.pcap");
        try
        {
            SipCapture.WriteMessages(file, [.. messages.Select(message => message.Octets)]);
            // Each segment by itself: put together, its text would be shown with the last one only.
            string[] arguments = ["-r", file, "-o", "gsm_sms.reassemble:FALSE", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f",
                "-e", "gsm_a.rp.msg_type", "-e", "gsm_sms.tp-oa", "-e", "gsm_sms.sms_text", "-e", "_ws.malformed"];
            var output = await ChildProcess.RunAsync("tshark", arguments, Path.GetTempPath(), cancel);
            return [.. output.Split('\n').Select(line => line.Split('\t')).Where(fields => fields.Length == 4)
                .Select(fields => new Tshark(fields[0], fields[1], fields[2], fields[3].Trim()))];
        }
        finally
        {
            File.Delete(file);
        }
    }

    public static async Task<Tshark> DecodeAsync(RawSip message, CancellationToken cancel) => (await DecodeAsync([message], cancel))[0];
}
