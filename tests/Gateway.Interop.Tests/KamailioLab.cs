using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Interop.Tests;

/// <summary>
/// Kamailio as the network, on ports and in a folder of its own: an IMS S-CSCF with its HSS, or a plain registrar with a presence server. What
/// the application server gets are third-party REGISTERs, NOTIFYs and the MESSAGEs of handsets.
/// </summary>
internal sealed class KamailioLab : IAsyncDisposable
{
    /// <summary>It speaks TLS with the gateway, both with a certificate.</summary>
    public const string WithTls = "WITH_TLS";

    private const string SharedMegabytes = "64", PrivateMegabytes = "8";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-lab-");
    private readonly List<ChildProcess> _processes = [];
    private readonly int _hssControlPort = FreePort.Next();

    private readonly int _applicationServer;
    private readonly (TlsFolder Files, int Port, int ApplicationServer)? _tls;

    private KamailioLab(int applicationServer, params string[] defines)
    {
        _applicationServer = applicationServer;
        if (!defines.Contains(WithTls)) return;
        var files = new TlsFolder();
        files.Write("gateway", "127.0.0.1");
        files.Write("scscf", "127.0.0.1");
        _tls = (files, FreePort.Next(), FreePort.Next());
    }

    public IPEndPoint Sip { get; } = new(IPAddress.Loopback, FreePort.Next());

    /// <summary>What the gateway's settings say to live in this network.</summary>
    public (string, string?)[] Settings =>
    [
        ("Sip__OutboundProxy", _tls is var (_, port, _) ? $"sip:127.0.0.1:{port};transport=tls;lr" : $"sip:{Sip};lr"),
        ("Sip__Registrar__Enabled", "false"), .. TlsSettings,
    ];

    /// <summary>Still with UDP: the subscriptions' Contact is there.</summary>
    private IEnumerable<(string, string?)> TlsSettings => _tls is not var (files, _, applicationServer) ? [] :
    [
        ("Sip__Listen", $"udp://127.0.0.1:{_applicationServer},tls://127.0.0.1:{applicationServer}"),
        ("Sip__Tls__Certificate", files.At("gateway.pem")), ("Sip__Tls__Key", files.At("gateway.key")),
        ("Sip__Tls__ClientCa", files.Authority), ("Sip__Tls__RequireClientCertificate", "true"), ("Sip__Tls__TrustedCa", files.Authority),
    ];

    private string ApplicationServer =>
        _tls is var (_, _, port) ? $"sip:127.0.0.1:{port};transport=tls" : $"sip:127.0.0.1:{_applicationServer}";

    /// <summary>An IMS S-CSCF.</summary>
    /// <param name="applicationServer">SIP port of the gateway.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <param name="defines">Switches of the configuration.</param>
    public static async Task<KamailioLab> StartScscfAsync(int applicationServer, CancellationToken cancel, params string[] defines)
    {
        var lab = new KamailioLab(applicationServer, defines);
        try
        {
            var diameter = FreePort.Next();
            lab.Fill("scscf.xml", ("DIAMETER_PORT", diameter), ("ACCEPTOR_PORT", FreePort.Next()));
            var hss = lab.Launch("python3", [Path.Combine(AppContext.BaseDirectory, "Lab", "hss.py"), "--port", Text(diameter),
                "--ctl", Text(lab._hssControlPort), "--app-server", lab.ApplicationServer]);
            await lab.StartKamailioAsync("scscf.cfg", defines, cancel);
            // Until the Diameter peers know one another, a REGISTER would be refused.
            await hss.SaysAsync("CER from", cancel);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>A plain registrar whose presence server serves the reg event package.</summary>
    public static async Task<KamailioLab> StartPresenceAsync(int applicationServer, CancellationToken cancel)
    {
        var lab = new KamailioLab(applicationServer);
        try
        {
            foreach (var tables in new[] { "standard", "presence" })
                await ChildProcess.RunAsync("python3", ["-c", CreateTables, "presence.sqlite", $"{Tables}/{tables}-create.sql"],
                    lab._folder.FullName, cancel);
            await lab.StartKamailioAsync("presence.cfg", [], cancel);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    private const string Tables = "/usr/share/kamailio/db_sqlite";
    private const string CreateTables = "import sqlite3,sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())";

    public string Output => string.Join('\n', _processes.Select(process => process.Output));

    /// <summary>A handset whose P-CSCF vouches for it.</summary>
    public RawUe NewUe(string number, string? identity = null) => new(number, Sip, originating:
        [$"Route: <sip:orig@scscf.ims.lab:{Sip.Port};lr>", $"P-Asserted-Identity: <{identity ?? $"sip:+{number}@{GatewayProcess.Domain}"}>"]);

    /// <summary>The HSS ends the registration (Cx RTR): the network deregisters the user.</summary>
    public async Task DeregisterAsync(string identity, CancellationToken cancel)
    {
        using var control = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await control.SendAsync(Encoding.ASCII.GetBytes($"RTR {identity}"), new IPEndPoint(IPAddress.Loopback, _hssControlPort), cancel);
        await control.ReceiveAsync(cancel).AsTask().WaitAsync(Deadline.Answer, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            // Kamailio's main process ends its workers on SIGTERM; killed at once it would leave them behind.
            await process.TerminateAsync(CancellationToken.None);
            await Task.WhenAny(process.Exited, Task.Delay(Deadline.Answer, TimeProvider.System));
            await process.DisposeAsync();
        }
        _folder.Delete(recursive: true);
        _tls?.Files.Dispose();
    }

    private async Task StartKamailioAsync(string configuration, string[] defines, CancellationToken cancel)
    {
        Fill(configuration);
        var folder = _folder.FullName;
        var kamailio = Launch("kamailio", ["-DD", "-E", "-w", folder, "-Y", folder, "-f", Path.Combine(folder, configuration),
            "-m", SharedMegabytes, "-M", PrivateMegabytes, .. defines.SelectMany(define => new[] { "-A", define })]);
        await using var probe = new RawUe("0", Sip);
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var options = probe.RequestAsync("OPTIONS", $"sip:{Sip}", answered.Token);
        if (await Task.WhenAny(options, kamailio.Exited) != options)
        {
            await answered.CancelAsync();
            throw new InvalidOperationException($"Kamailio ended with {kamailio.ExitCode}:\n{kamailio.Output}");
        }
        if ((await options).Status != 200) throw new InvalidOperationException($"Kamailio: {(await options).StartLine}\n{kamailio.Output}");
    }

    private ChildProcess Launch(string program, IEnumerable<string> arguments)
    {
        var process = ChildProcess.Start(program, arguments, _folder.FullName);
        _processes.Add(process);
        return process;
    }

    private void Fill(string file, params (string Name, int Value)[] values)
    {
        var text = new StringBuilder(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Lab", file)));
        text.Replace("@SIP_PORT@", Text(Sip.Port)).Replace("@AS_URI@", ApplicationServer).Replace("@FOLDER@", _folder.FullName);
        if (_tls is var (files, port, _)) text.Replace("@TLS_PORT@", Text(port)).Replace("@TLS_FOLDER@", Path.GetDirectoryName(files.Authority));
        foreach (var (name, value) in values) text.Replace($"@{name}@", Text(value));
        File.WriteAllText(Path.Combine(_folder.FullName, file), text.ToString());
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
