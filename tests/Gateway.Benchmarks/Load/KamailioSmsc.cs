using System.Globalization;
using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Benchmarks.Load;

/// <summary>The rival, in the same run on the same cores with the same load: kamailio-smsc.cfg beside this file.</summary>
internal sealed class KamailioSmsc : IAsyncDisposable
{
    /// <summary>Octets of private memory for each of its processes: as much as it wants, since it gives back none of what smsops takes.</summary>
    private const int PrivateMegabytes = 2048, SharedMegabytes = 1536;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kamailio-smsc-");
    private readonly ChildProcess _process;
    private readonly HttpClient _http;

    private KamailioSmsc()
    {
        var (sip, http) = (FreePort.Next(), FreePort.Next());
        Sip = new IPEndPoint(IPAddress.Loopback, sip);
        _http = new HttpClient(new SocketsHttpHandler { UseCookies = false, UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{http}") };
        _process = ChildProcess.Start("kamailio",
            ["-DD", "-E", "-w", _folder.FullName, "-Y", _folder.FullName, "-f", Path.Combine(AppContext.BaseDirectory, "Load", "kamailio-smsc.cfg"),
                "-m", Text(SharedMegabytes), "-M", Text(PrivateMegabytes), "-A", $"SIP_PORT={Text(sip)}", "-A", $"HTTP_PORT={Text(http)}"], _folder.FullName);
    }

    public IPEndPoint Sip { get; }

    public int ProcessId => _process.Id;

    public static async Task<KamailioSmsc> StartAsync()
    {
        var kamailio = new KamailioSmsc();
        try
        {
            await Deadline.UntilAsync(kamailio.AnswersAsync, () => $"Kamailio answers. Its output:\n{kamailio._process.Output}", CancellationToken.None, Deadline.Start);
            return kamailio;
        }
        catch
        {
            await kamailio.DisposeAsync();
            throw;
        }
    }

    public async Task<bool> SendAsync(string to, string text)
    {
        using var response = await _http.GetAsync($"/sms?msisdn=15551234&to={to}&text={Uri.EscapeDataString(text)}");
        return response.IsSuccessStatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<bool> AnswersAsync()
    {
        if (_process.Exited.IsCompleted) throw new InvalidOperationException($"Kamailio ended with {_process.ExitCode}:\n{_process.Output}");
        try
        {
            using var response = await _http.GetAsync("/sms?to=");
            return response.StatusCode == HttpStatusCode.BadRequest;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
