using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Gateway.Benchmarks.Load;
using Gateway.Tests.Support;

namespace Gateway.Benchmarks.Delivery;

/// <summary>The gateway in a process of its own, with an account in each lane.</summary>
internal sealed class GatewayUnderLoad : IAsyncDisposable
{
    public const string Bulk = "bulk0001", Otp = "bank0001", Normal = "shop0001", Domain = "ims.example.org";
    private const string Secret = "correct-horse";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-benchmark-");
    private readonly HttpClient _http;
    private readonly Dictionary<string, NexmoClient> _clients = [];
    private readonly ChildProcess _process;

    /// <param name="postgres">Connection string; null: SQLite.</param>
    /// <param name="more">Settings beyond those that every one has.</param>
    private GatewayUnderLoad(string? postgres, IReadOnlyDictionary<string, string?> more)
    {
        var (http, sip) = (FreePort.Next(), FreePort.Next());
        Sip = new IPEndPoint(IPAddress.Loopback, sip);
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{http}") };
        var settings = new Dictionary<string, string?>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["Logging__LogLevel__Default"] = "Warning",
            ["Urls"] = $"http://127.0.0.1:{http}",
            ["Store__Provider"] = postgres is null ? "Sqlite" : "Postgres",
            ["Store__ConnectionString"] = postgres ?? $"Data Source={Path.Combine(_folder.FullName, "gateway.db")}",
            ["Store__SecretKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["Cluster__SiloPort"] = FreePort.Next().ToString(CultureInfo.InvariantCulture),
            ["Cluster__GatewayPort"] = FreePort.Next().ToString(CultureInfo.InvariantCulture),
            ["Sip__Domain"] = Domain,
            ["Sip__ServiceCentreIdentity"] = $"sip:smsc@{Domain}",
            ["Sip__Listen"] = $"udp://{Sip},tcp://{Sip}",
            ["Sip__TrustedPeers"] = "127.0.0.1/32",
            ["Numbering__LocalPrefixes"] = "4940",
        };
        foreach (var (at, key, lane) in new[] { (0, Bulk, "Bulk"), (1, Otp, "Otp"), (2, Normal, "Normal") })
        {
            _clients[key] = new NexmoClient(_http.BaseAddress, key, Secret);
            settings[$"Accounts__{at}__ApiKey"] = key;
            settings[$"Accounts__{at}__ApiSecret"] = Secret;
            settings[$"Accounts__{at}__Lane"] = lane;
            settings[$"Accounts__{at}__MaxRequestsPerSecond"] = "100000";
        }
        foreach (var (key, value) in more) settings[key] = value;
        _process = ChildProcess.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "Gateway.dll")], _folder.FullName, settings);
    }

    public IPEndPoint Sip { get; }

    public HttpClient Http => _http;

    public int ProcessId => _process.Id;

    /// <summary>Octets of the SQLite database, its log included; 0 when the gateway has none.</summary>
    public long DatabaseOctets => _folder.EnumerateFiles("gateway.db*").Sum(file => file.Length);

    public static async Task<GatewayUnderLoad> StartAsync(string? postgres, IReadOnlyDictionary<string, string?>? more = null)
    {
        var gateway = new GatewayUnderLoad(postgres, more ?? new Dictionary<string, string?>());
        try
        {
            await Deadline.UntilAsync(gateway.IsReadyAsync, () => $"the gateway is ready. Its output:\n{gateway._process.Output}", CancellationToken.None, Deadline.Start);
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>The application with this account.</summary>
    public NexmoClient ClientOf(string account) => _clients[account];

    /// <summary>Returns when it is accepted; who is refused because the writer is busy asks again.</summary>
    public Task SendAsync(string account, string to, string text) =>
        Deadline.UntilAsync(() => _clients[account].SendAsync(to, text), () => $"a message of {account} is accepted", CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        foreach (var client in _clients.Values) client.Dispose();
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process.Exited.IsCompleted) throw new InvalidOperationException($"The gateway ended with {_process.ExitCode}:\n{_process.Output}");
        try
        {
            using var response = await _http.GetAsync("/healthz/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
