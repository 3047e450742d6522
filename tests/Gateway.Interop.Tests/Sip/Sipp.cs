using System.Globalization;
using System.Net;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests.Sip;

/// <summary>One run of SIPp (Debian sip-tester) with a scenario of MESSAGEs, in a folder of its own that goes when the test does.</summary>
internal sealed class Sipp : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sipp-");
    private readonly ChildProcess _process;

    private Sipp(string scenario, IEnumerable<string> arguments)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "scenario.xml"), scenario);
        string[] always =
            ["-sf", "scenario.xml", "-nostdin", "-i", "127.0.0.1", "-timeout", "100s", "-trace_logs", "-log_file", "calls.log"];
        _process = ChildProcess.Start("sipp", [.. always, .. arguments], _folder.FullName);
    }

    /// <summary>SIPp sends this many MESSAGEs and wants a 200 for each. Loss in percent, in both directions.</summary>
    public static Sipp Sending(IPEndPoint to, string transport, int messages, int loss, int rate = 200) => new(
        $"""
        <?xml version="1.0" encoding="ISO-8859-1" ?>
        <scenario name="sending">
          <send retrans="500"{Lost(loss)}>
            <![CDATA[
              MESSAGE sip:gateway@{to} SIP/2.0
              Via: SIP/2.0/{ViaName(transport)} [local_ip]:[local_port];branch=[branch]
              Max-Forwards: 70
              From: <sip:sipp@ims.example.org>;tag=[call_number]
              To: <sip:gateway@ims.example.org>
              Call-ID: [call_id]
              CSeq: 1 MESSAGE
              Content-Type: text/plain
              Content-Length: [len]

              Your code is [call_number].]]>
          </send>
          <recv response="100" optional="true"/>
          <recv response="200"{Lost(loss)}/>
        </scenario>
        """,
        [to.ToString(), "-t", Mode(transport), "-m", Text(messages), "-r", Text(rate)]);

    /// <summary>
    /// SIPp answers MESSAGEs with 200 and stays for repetitions. It writes the Call-ID of each that is new to it. Loss in percent, in
    /// both directions.
    /// </summary>
    public static Sipp Answering(IPEndPoint on, string transport, int messages, int loss) => new(
        $"""
        <?xml version="1.0" encoding="ISO-8859-1" ?>
        <scenario name="answering">
          <recv request="MESSAGE"{Lost(loss)}>
            <action><log message="[call_id]"/></action>
          </recv>
          <send{Lost(loss)}>
            <![CDATA[
              SIP/2.0 200 OK
              [last_Via:]
              [last_From:]
              [last_To:];tag=[call_number]
              [last_Call-ID:]
              [last_CSeq:]
              Content-Length: 0

            ]]>
          </send>
          <timewait milliseconds="7000"/>
        </scenario>
        """,
        ["-p", Text(on.Port), "-t", Mode(transport), "-m", Text(messages)]);

    /// <summary>SIPp subscribes to reg, takes the NOTIFY, refreshes in the dialog, ends it, and wants each NOTIFY in its place.</summary>
    public static Sipp Subscribing(IPEndPoint to, IPEndPoint on, int subscriptions) => new(
        $"""
        <?xml version="1.0" encoding="ISO-8859-1" ?>
        <scenario name="subscribing">
          {Subscribe(to, 1, 600, "")}
          <recv response="200"><action><ereg regexp=";tag=.*" search_in="hdr" header="To:" assign_to="tag"/></action></recv>
          {Notified("active")}
          {Subscribe(to, 2, 600, "[$tag]")}
          <recv response="200"/>
          {Notified("active")}
          {Subscribe(to, 3, 0, "[$tag]")}
          <recv response="200"/>
          {Notified("terminated")}
        </scenario>
        """,
        [to.ToString(), "-p", Text(on.Port), "-t", "u1", "-m", Text(subscriptions), "-r", "50"]);

    private static string Subscribe(IPEndPoint to, int cseq, int expires, string toTag) =>
        $"""
        <send retrans="500">
            <![CDATA[
              SUBSCRIBE sip:user@{to} SIP/2.0
              Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
              Max-Forwards: 70
              From: <sip:sipp@ims.example.org>;tag=[call_number]
              To: <sip:user@ims.example.org>{toTag}
              Call-ID: [call_id]
              CSeq: {cseq} SUBSCRIBE
              Contact: <sip:sipp@[local_ip]:[local_port]>
              Event: reg
              Accept: application/reginfo+xml
              Expires: {expires}
              Content-Length: 0

            ]]>
          </send>
        """;

    private static string Notified(string state) =>
        $"""
        <recv request="NOTIFY">
            <action><ereg regexp="{state}" search_in="hdr" header="Subscription-State:" check_it="true" assign_to="state"/>
              <log message="[$state] [call_id]"/></action>
          </recv>
          <send>
            <![CDATA[
              SIP/2.0 200 OK
              [last_Via:]
              [last_From:]
              [last_To:]
              [last_Call-ID:]
              [last_CSeq:]
              Content-Length: 0

            ]]>
          </send>
        """;

    public static void SkipUnlessInstalled(string transport)
    {
        SkipUnless("sipp", "sip-tester");
        if (transport == "tls")
            SkipUnless("stunnel4", "stunnel4");

        static void SkipUnless(string program, string package) => Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program))),
            $"{program} (Debian package {package}) is not installed");
    }

    /// <summary>What it showed, for the message of a failure.</summary>
    public string Output => _process.Output;

    /// <returns>The exit status: 0 when every call went as the scenario says.</returns>
    public async Task<int> EndsAsync()
    {
        await _process.Exited.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Ends when SIPp has its socket.</summary>
    public static Task ListensAsync(IPEndPoint on, string transport) => Deadline.UntilAsync(
        async () => (await File.ReadAllTextAsync($"/proc/net/{transport}")).Contains($"0100007F:{on.Port:X4}", StringComparison.Ordinal),
        () => $"SIPp listens on {transport} {on}", TestContext.Current.CancellationToken);

    public IReadOnlyList<string> Calls() => File.ReadAllLines(Path.Combine(_folder.FullName, "calls.log"));

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static string Lost(int percent) => percent == 0 ? "" : $" lost=\"{percent}\"";

    // This SIPp knows no TLS: a tunnel does that part.
    private static string Mode(string transport) => transport == "udp" ? "u1" : "t1";

    private static string ViaName(string transport) => transport == "tls" ? "TLS" : "[transport]";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
