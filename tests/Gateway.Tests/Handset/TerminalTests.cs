using System.Text;
using System.Threading.Channels;
using Gateway.Handset;
using Gateway.Sip;
using Gateway.Sms;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Handsets;

public sealed class TerminalTests : IAsyncLifetime
{
    private readonly ScriptedPeer _peer = new();
    private readonly Lines _output = new();
    private readonly TypedLines _input = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        _input.Dispose();
        await _output.DisposeAsync();
    }

    [Fact]
    public async Task Send_ends_with_0_when_it_is_accepted_and_leaves_the_registrar()
    {
        var running = RunAsync("volte", "--send", "+4940999", "Hello");
        var register = await RegisterAsync();
        var message = await _peer.ExpectAsync("MESSAGE");
        _peer.Respond(message, "202 Accepted");
        _peer.Rp(register, $"03 {message.Body[1]:X2}", $"In-Reply-To: {message.CallId}");
        var removal = await _peer.ExpectAsync("REGISTER");
        _peer.Respond(removal, "200 OK");

        Assert.Equal(0, await running);
        Assert.Equal("0", removal["Expires"]);
        Assert.StartsWith("registered sip:+4940111222@ims.example.org at sip:127.0.0.1", await _output.NextAsync());
        Assert.Equal("sent +4940999: RP-ACK", await _output.NextAsync());
        Assert.Equal("left: 200 OK", await _output.NextAsync());
    }

    [Fact]
    public async Task Send_ends_with_1_when_it_is_refused()
    {
        var running = RunAsync("volte", "--send", "+4940999", "Hello");
        var register = await RegisterAsync();
        var message = await _peer.ExpectAsync("MESSAGE");
        _peer.Respond(message, "202 Accepted");
        _peer.Rp(register, $"05 {message.Body[1]:X2} 01 1C", $"In-Reply-To: {message.CallId}");
        _peer.Respond(await _peer.ExpectAsync("REGISTER"), "200 OK");

        Assert.Equal(1, await running);
        await _output.NextAsync();
        Assert.Equal("refused +4940999: RP-ERROR 28 (unidentified subscriber)", await _output.NextAsync());
    }

    [Fact]
    public async Task Send_ends_with_1_when_it_may_not_register()
    {
        var running = RunAsync("ott", "--send", "+4940999", "Hello");
        _peer.Respond(await _peer.ExpectAsync("REGISTER"), "403 Forbidden");

        Assert.Equal(1, await running);
        Assert.StartsWith("not registered: 403 Forbidden; next try in ", await _output.NextAsync());
    }

    [Fact]
    public async Task Send_with_status_report_waits_for_it()
    {
        var running = RunAsync("volte", "--status-report", "--send", "+4940468950061", "Hello");
        var register = await RegisterAsync();
        var message = await _peer.ExpectAsync("MESSAGE");
        Assert.True(RpData.TryDecode(message.Body, out var data, out _));
        Assert.True(SmsSubmit.TryDecode(data.UserData, out var submit, out _));
        _peer.Respond(message, "202 Accepted");
        _peer.Rp(register, $"03 {data.MessageReference:X2} 41 09 01 00 52804001000080", $"In-Reply-To: {message.CallId}");
        await _output.NextAsync();
        Assert.Equal("sent +4940468950061: RP-ACK", await _output.NextAsync());
        foreach (var status in new[] { "20", "46" })
        {
            var tpdu = $"06 {submit.MessageReference:X2} 0D 91 940464980560F1 52804001000080 52804001503080 {status}";
            _peer.Rp(register, $"01 2B 07 91947122723033 00 1A {tpdu}");
            await _peer.ExpectAsync("MESSAGE");
        }

        _peer.Respond(await _peer.ExpectAsync("REGISTER"), "200 OK");

        Assert.Equal(1, await running);
        Assert.Equal("report +4940468950061: still trying (TP-ST 20)", await _output.NextAsync());
        Assert.Equal("report +4940468950061: expired (TP-ST 46)", await _output.NextAsync());
    }

    [Theory]
    [InlineData(ImdnStatus.Delivered, 0)]
    [InlineData(ImdnStatus.Failed, 1)]
    public async Task Send_with_imdn_waits_for_the_notification(ImdnStatus status, int code)
    {
        var running = RunAsync("ott", "--imdn", "--send", "+4940468950061", "Hello");
        var register = await RegisterAsync();
        var message = await _peer.ExpectAsync("MESSAGE");
        Assert.True(CpimMessage.TryParse(message.Body, out var asked, out _));
        _peer.Respond(message, "202 Accepted");
        await _output.NextAsync();
        Assert.Equal("sent +4940468950061: 202 Accepted", await _output.NextAsync());
        foreach (var (kind, told) in new[] { (ImdnNotification.Processing, ImdnStatus.Stored), (ImdnNotification.Delivery, status) })
        {
            var imdn = new ImdnDocument(asked.MessageId!, DateTimeOffset.UnixEpoch, kind, told);
            var notification = new CpimMessage { PartType = new MediaType(ImdnDocument.ContentType, SipParameters.Empty), Content = imdn.ToArray() };
            _peer.Message(register, CpimMessage.ContentType, notification.ToArray(), "P-Asserted-Identity: <sip:+4940468950061@ims.example.org>");
            await _peer.ExpectAsync("SIP/2.0 200");
        }

        _peer.Respond(await _peer.ExpectAsync("REGISTER"), "200 OK");

        Assert.Equal(code, await running);
        Assert.Equal("notified +4940468950061: stored", await _output.NextAsync());
        Assert.Equal($"notified +4940468950061: {(code == 0 ? "delivered" : "failed")}", await _output.NextAsync());
    }

    [Fact]
    public async Task What_comes_in_is_one_harmless_line()
    {
        var running = RunAsync("ott");
        var register = await RegisterAsync();
        await _output.NextAsync();
        var text = Encoding.UTF8.GetBytes("zwei\nZeilen \u001B[2J ü");
        _peer.Message(register, "text/plain", text, "P-Asserted-Identity: <sip:+4940999@ims.example.org>");

        Assert.Equal("received +4940999: zwei\\nZeilen \\u001b[2J ü", await _output.NextAsync());
        _input.Type("quit");
        _peer.Respond(await _peer.ExpectAsync("REGISTER"), "200 OK");
        Assert.Equal(0, await running);
    }

    [Fact]
    public async Task Lines_on_the_input_send_tell_of_memory_and_quit()
    {
        var running = RunAsync("volte", "--full");
        var register = await RegisterAsync();
        await _output.NextAsync();
        _input.Type("nonsense");
        Assert.Equal("a line is \"TO TEXT\", \"smma\" (VoLTE) or \"quit\"", await _output.NextAsync());

        _input.Type("smma");
        var smma = await _peer.ExpectAsync("MESSAGE");
        _peer.Rp(register, $"03 {smma.Body[1]:X2}", $"In-Reply-To: {smma.CallId}");
        Assert.Equal("sent RP-SMMA: RP-ACK", await _output.NextAsync());

        _input.Type("+4940999 two words");
        var message = await _peer.ExpectAsync("MESSAGE");
        Assert.True(RpData.TryDecode(message.Body, out var data, out _));
        Assert.True(SmsSubmit.TryDecode(data.UserData, out var submit, out _));
        Assert.Equal("two words", submit.UserData.Text);
        _peer.Rp(register, $"03 {data.MessageReference:X2}", $"In-Reply-To: {message.CallId}");
        Assert.Equal("sent +4940999: RP-ACK", await _output.NextAsync());

        _input.Type("quit");
        _peer.Respond(await _peer.ExpectAsync("REGISTER"), "200 OK");
        Assert.Equal(0, await running);
    }

    [Fact]
    public async Task Ctrl_c_ends_it_also_when_the_input_has_ended()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        _input.End();
        var running = RunAsync(stopping.Token, "ott");
        await RegisterAsync();
        await _output.NextAsync();
        await stopping.CancelAsync();
        _peer.Respond(await _peer.ExpectAsync("REGISTER"), "200 OK");

        Assert.Equal(0, await running);
    }

    private Task<int> RunAsync(string kind, params string[] more) => RunAsync(Cancellation, kind, more);

    private Task<int> RunAsync(CancellationToken cancellation, string kind, params string[] more)
    {
        var line = CommandLine.Parse(["--kind", kind, "--number", "+4940111222", "--registrar", _peer.Uri, .. more], out var error);
        Assert.True(line is not null, error);
        return new Terminal(line, TimeProvider.System, NullLoggerFactory.Instance, _input, _output).RunAsync(cancellation);
    }

    private async Task<PeerMessage> RegisterAsync()
    {
        var register = await _peer.ExpectAsync("REGISTER");
        _peer.Grant(register);
        return register;
    }

    /// <summary>What a terminal shows, line by line.</summary>
    private sealed class Lines : TextWriter
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => _lines.Writer.TryWrite(value ?? "");

        public async Task<string> NextAsync()
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            deadline.CancelAfter(TimeSpan.FromSeconds(10));
            return await _lines.Reader.ReadAsync(deadline.Token);
        }
    }

    /// <summary>A keyboard: a read waits until somebody types.</summary>
    private sealed class TypedLines : TextReader
    {
        private readonly System.Collections.Concurrent.BlockingCollection<string?> _typed = [];

        public void Type(string line) => _typed.Add(line);

        public void End() => _typed.Add(null);

        public override string? ReadLine() => _typed.TryTake(out var line, TimeSpan.FromSeconds(20)) ? line : null;
    }
}
