using System.Globalization;
using System.Net;
using System.Text.Json;
using Xunit;

namespace Gateway.Tests.Support;

/// <summary>
/// The gateway as an operator runs it: its own process, settings by the environment, ports and a folder of its own. <see cref="KillAsync"/> and
/// <see cref="StartAsync(CancellationToken)"/> again is a crash and a restart on the same store.
/// </summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    public const string ApiKey = "bank0001", ApiSecret = "correct-horse", ApplicationNumber = "4940999";
    public const string Domain = "ims.lab", ServiceCentre = "sip:smsc@ims.lab";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-e2e-");
    private readonly Dictionary<string, string?> _environment;
    private readonly HttpClient _http;
    private ChildProcess? _process;

    /// <param name="sipPort">Where SIP listens; null: anywhere.</param>
    /// <param name="settings">Over the defaults; null takes one away, and <c>{urls}</c> in one is where HTTP listens.</param>
    public GatewayProcess(int? sipPort = null, params (string Key, string? Value)[] settings)
    {
        SipPort = sipPort ?? FreePort.Next();
        HttpPort = FreePort.Next();
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}"), Timeout = Deadline.Answer };
        _environment = new Dictionary<string, string?>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["Logging__Console__FormatterName"] = "simple",
            ["Logging__Console__FormatterOptions__SingleLine"] = "true",
            ["Logging__Console__FormatterOptions__TimestampFormat"] = "HH:mm:ss.fff ",
            ["Urls"] = $"http://127.0.0.1:{HttpPort}",
            ["Store__ConnectionString"] = $"Data Source={Path.Combine(_folder.FullName, "gateway.db")}",
            ["Store__SecretKey"] = Convert.ToBase64String(new byte[32]),
            ["Cluster__SiloPort"] = Number(FreePort.Next()),
            ["Cluster__GatewayPort"] = Number(FreePort.Next()),
            ["Sip__Domain"] = Domain,
            ["Sip__ServiceCentreIdentity"] = ServiceCentre,
            ["Sip__Listen"] = $"udp://127.0.0.1:{SipPort},tcp://127.0.0.1:{SipPort}",
            ["Sip__TrustedPeers"] = "127.0.0.1/32",
            ["Numbering__LocalPrefixes"] = "4940",
            ["Accounts__0__ApiKey"] = ApiKey,
            ["Accounts__0__ApiSecret"] = ApiSecret,
            ["Accounts__0__MaxRequestsPerSecond"] = "10000",
            ["Accounts__0__Numbers__0"] = ApplicationNumber,
            ["Webhooks__AllowPrivateTargets"] = "true",
        };
        foreach (var (key, value) in settings) _environment[key] = value?.Replace("{urls}", _environment["Urls"], StringComparison.Ordinal);
    }

    public int SipPort { get; }
    public int HttpPort { get; }
    public IPEndPoint Sip => new(IPAddress.Loopback, SipPort);
    public HttpClient Http => _http;
    public string Output => _process?.Output ?? "";

    public static async Task<GatewayProcess> StartAsync(CancellationToken cancel, int? sipPort = null,
        params (string Key, string? Value)[] settings)
    {
        var gateway = new GatewayProcess(sipPort, settings);
        try
        {
            await gateway.StartAsync(cancel);
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns when it says that it is ready.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        _process = Launch();
        await Deadline.UntilAsync(async () =>
        {
            if (_process.Exited.IsCompleted)
                throw new InvalidOperationException($"The gateway ended with {_process.ExitCode}:\n{_process.Output}");
            return await IsReadyAsync(cancel);
        }, () => $"the gateway is ready. Its output:\n{_process.Output}", cancel, Deadline.Start);
    }

    /// <summary>Starts what is expected to end by itself; exit code and output.</summary>
    public async Task<(int ExitCode, string Output)> RunToEndAsync(CancellationToken cancel)
    {
        await using var process = Launch();
        await process.ExitAsync(cancel);
        return (process.ExitCode, process.Output);
    }

    /// <summary>Until these words stand in its output, so many times.</summary>
    public Task SaysAsync(string words, CancellationToken cancel, int times = 1) => _process!.SaysAsync(words, cancel, times);

    /// <summary>As kill -9.</summary>
    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await _process.DisposeAsync();
    }

    /// <summary>
    /// As when the power fails, on SQLite: memory is gone, and with it what the connections shared; at the end of the log stands what was being
    /// written and never synced.
    /// </summary>
    public async Task LosePowerAsync(Random random)
    {
        await KillAsync();
        var database = Path.Combine(_folder.FullName, "gateway.db");
        File.Delete($"{database}-shm");
        var torn = new byte[random.Next(1, 10_000)];
        random.NextBytes(torn);
        await File.AppendAllBytesAsync($"{database}-wal", torn);
    }

    /// <summary>As an operator stops it; the exit code.</summary>
    public async Task<int> StopAsync(CancellationToken cancel)
    {
        await _process!.TerminateAsync(cancel);
        await _process.ExitAsync(cancel);
        return _process.ExitCode;
    }

    /// <summary>Posts a form to /sms/json; the answer's messages.</summary>
    public async Task<IReadOnlyList<SentSms>> SendAsync(CancellationToken cancel, params (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        using var response = await _http.PostAsync("/sms/json", form, cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var reply = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancel));
        return [.. reply.RootElement.GetProperty("messages").EnumerateArray().Select(SentSms.Of)];
    }

    /// <summary>Sends with the account's own key and expects status 0; the id of the first segment.</summary>
    public async Task<string> SendSmsAsync(string to, string text, CancellationToken cancel, string from = "Bank",
        params (string Name, string Value)[] more)
    {
        var sent = await SendAsync(cancel,
            [("api_key", ApiKey), ("api_secret", ApiSecret), ("from", from), ("to", to), ("text", text), .. more]);
        Assert.All(sent, message => Assert.Equal("0", message.Status));
        return sent[0].MessageId!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    private ChildProcess Launch() =>
        ChildProcess.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "Gateway.dll")], _folder.FullName, _environment);

    private async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        try
        {
            using var response = await _http.GetAsync("/healthz/ready", cancel);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One message object of a reply to /sms/json.</summary>
internal sealed record SentSms(string Status, string? MessageId, string? ErrorText)
{
    public static SentSms Of(JsonElement message) => new(message.GetProperty("status").GetString()!,
        message.TryGetProperty("message-id", out var id) ? id.GetString() : null,
        message.TryGetProperty("error-text", out var text) ? text.GetString() : null);
}
