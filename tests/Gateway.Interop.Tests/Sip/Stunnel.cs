using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Interop.Tests.Sip;

/// <summary>
/// TLS by somebody else (stunnel, which is OpenSSL) for a peer that has none: what comes to <see cref="Address"/> goes on to another address,
/// with TLS on one side. Both sides show a certificate of the folder's authority and want to see one.
/// </summary>
internal sealed class Stunnel : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private Stunnel(TlsFolder files, string role, IPEndPoint to, string checks)
    {
        files.Write("stunnel", "127.0.0.1");
        var configuration = files.At("stunnel.conf");
        File.WriteAllText(configuration,
            $"""
            foreground = yes
            pid =
            debug = info
            sslVersionMin = TLSv1.2
            [sip]
            {role}
            accept = {Address}
            connect = {to}
            cert = {files.At("stunnel.pem")}
            key = {files.At("stunnel.key")}
            CAfile = {files.Authority}
            verifyChain = yes
            {checks}

            """);
        _process = ChildProcess.Start("stunnel4", [configuration], Path.GetDirectoryName(configuration)!);
    }

    public IPEndPoint Address { get; } = new(IPAddress.Loopback, FreePort.Next());

    /// <summary>What it showed, for the message of a failure.</summary>
    public string Output => _process.Output;

    /// <summary>Takes TCP and goes on with TLS, as a client that wants the server to be certified for its address.</summary>
    public static Task<Stunnel> ToTlsAsync(TlsFolder files, IPEndPoint server) =>
        StartedAsync(new Stunnel(files, "client = yes", server, $"checkIP = {server.Address}"));

    /// <summary>Takes TLS from clients with a certificate, and goes on with TCP.</summary>
    public static Task<Stunnel> FromTlsAsync(TlsFolder files, IPEndPoint server) =>
        StartedAsync(new Stunnel(files, "client = no", server, "requireCert = yes"));

    public async ValueTask DisposeAsync() => await _process.DisposeAsync();

    private static async Task<Stunnel> StartedAsync(Stunnel stunnel)
    {
        await Sipp.ListensAsync(stunnel.Address, "tcp");
        return stunnel;
    }
}
