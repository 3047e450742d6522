using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gateway.Interop.Tests.Sip;

/// <summary>One run of SIPp (Debian sip-tester) with a scenario of MESSAGEs, in a folder of its own that goes when the test does.</summary>
internal sealed class Sipp : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sipp-");
    private readonly Process _process;
    private readonly Task<string> _output;

    private Sipp(string scenario, IEnumerable<string> arguments)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "scenario.xml"), scenario);
        var start = new ProcessStartInfo("sipp")
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in (string[])["-sf", "scenario.xml", "-nostdin", "-i", "127.0.0.1", "-timeout", "100s", "-trace_logs", "-log_file", "calls.log", .. arguments])
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _ = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>SIPp sends this many MESSAGEs and wants a 200 for each. Loss in percent, in both directions.</summary>
    public static Sipp Sending(IPEndPoint to, string transport, int messages, int loss, int rate = 200) => new(
        $"""
        <?xml version="1.0" encoding="ISO-8859-1" ?>
        <scenario name="sending">
          <send retrans="500"{Lost(loss)}>
            <![CDATA[
              MESSAGE sip:gateway@{to} SIP/2.0
              Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
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

    /// <summary>A port that is free for UDP and TCP just now.</summary>
    public static IPEndPoint FreeAddress()
    {
        while (true)
        {
            using var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            tcp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var address = (IPEndPoint)tcp.LocalEndPoint!;
            try
            {
                udp.Bind(address);
                return address;
            }
            catch (SocketException)
            {
                // taken for UDP: another one
            }
        }
    }

    public static void SkipUnlessInstalled() => Assert.SkipUnless(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "sipp"))),
        "sipp (Debian package sip-tester) is not installed");

    /// <returns>The exit status: 0 when every call went as the scenario says.</returns>
    public async Task<int> EndsAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Ends when SIPp has its socket.</summary>
    public async Task ListensAsync(IPEndPoint on, string transport)
    {
        var table = $"/proc/net/{transport}";
        var entry = $"0100007F:{on.Port:X4}";
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!(await File.ReadAllTextAsync(table, deadline.Token)).Contains(entry, StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, deadline.Token);
    }

    public IReadOnlyList<string> Calls() => File.ReadAllLines(Path.Combine(_folder.FullName, "calls.log"));

    public Task<string> OutputAsync() => _output;

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string Lost(int percent) => percent == 0 ? "" : $" lost=\"{percent}\"";

    private static string Mode(string transport) => transport == "tcp" ? "t1" : "u1";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
