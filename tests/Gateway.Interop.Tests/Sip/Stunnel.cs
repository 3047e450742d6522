using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Interop.Tests.Sip;

/// <summary>
/// TLS by somebody else (stunnel, which is OpenSSL) for a peer that has none: what comes to <see cref="Address"/> goes on to another address,
/// with TLS on one side. Certificates are of the folder's authority.
/// </summary>
internal sealed class Stunnel : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private Stunnel(TlsFolder files, IPEndPoint to, params string[] settings)
    {
        var configuration = files.At("stunnel.conf");
        File.WriteAllText(configuration,
            $"""
            foreground = yes
            pid =
            debug = info
            sslVersionMin = TLSv1.2
            [sip]
            accept = {Address}
            connect = {to}
            {string.Join('\n', settings)}

            """);
        _process = ChildProcess.Start("stunnel4", [configuration], Path.GetDirectoryName(configuration)!);
    }

    public IPEndPoint Address { get; } = new(IPAddress.Loopback, FreePort.Next());

    /// <summary>What it showed, for the message of a failure.</summary>
    public string Output => _process.Output;

    /// <summary>
    /// Takes TCP and goes on with TLS, as a client that wants the server to be certified for its address, and has a certificate itself if
    /// that is mutual.
    /// </summary>
    public static Task<Stunnel> ToTlsAsync(TlsFolder files, IPEndPoint server, bool mutual) => StartedAsync(new Stunnel(files, server,
        ["client = yes", $"CAfile = {files.Authority}", "verifyChain = yes", $"checkIP = {server.Address}", .. mutual ? Certificate(files) : []]));

    /// <summary>Takes TLS, if that is mutual from clients with a certificate, and goes on with TCP.</summary>
    public static Task<Stunnel> FromTlsAsync(TlsFolder files, IPEndPoint server, bool mutual) => StartedAsync(new Stunnel(files, server,
        ["client = no", .. Certificate(files), .. mutual ? [$"CAfile = {files.Authority}", "verifyChain = yes", "requireCert = yes"] : Array.Empty<string>()]));

    public async ValueTask DisposeAsync() => await _process.DisposeAsync();

    private static string[] Certificate(TlsFolder files)
    {
        files.Write("stunnel", "127.0.0.1");
        return [$"cert = {files.At("stunnel.pem")}", $"key = {files.At("stunnel.key")}"];
    }

    private static async Task<Stunnel> StartedAsync(Stunnel stunnel)
    {
        await Sipp.ListensAsync(stunnel.Address, "tcp");
        return stunnel;
    }
}
