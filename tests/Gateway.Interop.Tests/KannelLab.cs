using Gateway.Tests.Support;

namespace Gateway.Interop.Tests;

/// <summary>Kannel on ports and in a folder of its own: bearerbox and smsbox, behind which its fake service centre takes and sends what a test says.</summary>
internal sealed class KannelLab : IAsyncDisposable
{
    public const string User = "gateway", Password = "p&ss word", WebhookSecret = "web/hook 1";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-kannel-");
    private readonly List<ChildProcess> _processes = [];
    private readonly int _centrePort = FreePort.Next(), _smsBoxPort = FreePort.Next(), _sendSmsPort = FreePort.Next();
    private ChildProcess? _centre;

    public string Url => $"http://127.0.0.1:{_sendSmsPort}";

    /// <summary>Messages that the fake service centre has got, as it writes them: sender, recipient, kind, content.</summary>
    public Task CentreGotAsync(string message, CancellationToken cancel) => _centre!.SaysAsync($"<{message}>", cancel);

    /// <param name="gateway">Where messages from the service centre go: by get-url, those that begin with "posted" by post-url.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task StartAsync(string gateway, CancellationToken cancel)
    {
        var inbound = $"{gateway}/webhooks/kannel/{Uri.EscapeDataString(WebhookSecret).Replace("%", "%%", StringComparison.Ordinal)}/inbound-sms";
        var file = Path.Combine(_folder.FullName, "kannel.conf");
        await File.WriteAllTextAsync(file, $"""
            group = core
            admin-port = {FreePort.Next()}
            admin-interface = 127.0.0.1
            admin-password = {Guid.NewGuid():N}
            smsbox-port = {_smsBoxPort}
            smsbox-interface = 127.0.0.1
            box-allow-ip = "127.0.0.1"

            group = smsc
            smsc = fake
            smsc-id = FAKE
            port = {_centrePort}
            connect-allow-ip = 127.0.0.1

            group = smsbox
            bearerbox-host = 127.0.0.1
            sendsms-port = {_sendSmsPort}
            sendsms-interface = 127.0.0.1

            group = sendsms-user
            username = {User}
            password = "{Password}"
            user-allow-ip = "127.0.0.1"
            max-messages = 10
            concatenation = true

            group = sms-service
            keyword = posted
            catch-all = true
            max-messages = 0
            send-sender = true
            post-url = "{inbound}"

            group = sms-service
            keyword = default
            catch-all = true
            max-messages = 0
            get-url = "{inbound}?from=%p&to=%P&text=%b&coding=%c&charset=%C&udh=%u&id=%I"

            """, cancel);
        await StartAsync("bearerbox", file, "HTTP: Opening server at port", cancel);
        await StartAsync("smsbox", file, "Connected to bearerbox", cancel);
    }

    /// <summary>The service centre comes, sends this (<c>sender recipient text words</c>; of several it would send any), and takes what is for it.</summary>
    public async Task CentreAsync(CancellationToken cancel, string? message = null)
    {
        if (_centre is not null) await _centre.DisposeAsync();
        // Without a message of its own it would not start: its limit keeps it from sending that one.
        _centre = ChildProcess.Start("/usr/lib/kannel/test/fakesmsc",
            ["-H", "127.0.0.1", "-r", $"{_centrePort}", "-i", "0.1", "-m", message is null ? "0" : "1", message ?? "0 0 text none"], _folder.FullName);
        await _centre.SaysAsync("fakesmsc starting", cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_centre is not null) await _centre.DisposeAsync();
        foreach (var process in Enumerable.Reverse(_processes)) await process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task StartAsync(string box, string file, string words, CancellationToken cancel)
    {
        var process = ChildProcess.Start(box, [file], _folder.FullName);
        _processes.Add(process);
        await process.SaysAsync(words, cancel);
    }
}
