using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Gateway.Sip;
using Gateway.Sms;
using Microsoft.Extensions.Logging;

namespace Gateway.Handset;

/// <summary>
/// The handset in a terminal. Each line on the output begins with what happened: registered, left, received, sent, refused, report, notified.
/// </summary>
internal sealed class Terminal(CommandLine line, TimeProvider time, ILoggerFactory loggers, TextReader input, TextWriter output)
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly Channel<StatusReport> _reports =
        Channel.CreateBounded<StatusReport>(new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly Channel<DispositionNotification> _notifications =
        Channel.CreateBounded<DispositionNotification>(new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropOldest });

    private SendOptions How => new() { StatusReport = line.StatusReport, DeliveryNotification = line.Imdn };

    /// <summary>0 when all went well, 1 when something to be sent was not accepted or the handset cannot even listen.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        await using var handset = new Handset(line.Options, time, loggers) { Behaviour = line.Behaviour };
        handset.OnText += Show;
        handset.OnStatusReport += Show;
        handset.OnNotification += Show;
        handset.OnRegistration += state => Show(handset, state);
        try
        {
            await handset.StartAsync(cancellation);
            var code = await SendAllAsync(handset, cancellation);
            if (line.Sends.Count == 0 || line.Stay) await ListenAsync(handset, cancellation);
            return code;
        }
        catch (IOException e)
        {
            Say(e.Message);
            return 1;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return line.Sends.Count > 0 && !line.Stay ? 1 : 0;
        }
        finally
        {
            if (handset.Registration.IsRegistered) await LeaveAsync(handset);
        }
    }

    private async Task<int> SendAllAsync(Handset handset, CancellationToken cancellation)
    {
        if (line.Sends.Count == 0) return 0;
        if (await handset.WhenRegistrationTriedAsync(cancellation) is { IsRegistered: false }) return 1;
        var code = 0;
        foreach (var (to, text) in line.Sends)
        {
            var result = await SendAsync(handset, to, text, cancellation);
            if (!result.IsAccepted || !await IsDeliveredAsync(result, cancellation)) code = 1;
        }

        return code;
    }

    private async Task<SendResult> SendAsync(Handset handset, string to, string text, CancellationToken cancellation)
    {
        var result = await handset.SendAsync(to, text, How, cancellation);
        Say($"{(result.IsAccepted ? "sent" : "refused")} {to}: {result.Words}");
        return result;
    }

    /// <summary>Whether the last status report of every part, or the notification, says so; true at once when none was asked for.</summary>
    private async Task<bool> IsDeliveredAsync(SendResult result, CancellationToken cancellation)
    {
        var open = line.StatusReport ? result.Parts.Select(part => part.MessageReference).ToHashSet() : [];
        using var deadline = new CancellationTokenSource(line.Wait, time);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        var delivered = true;
        try
        {
            while (open.Count > 0)
            {
                var report = await _reports.Reader.ReadAsync(late.Token);
                if (!report.Status.IsFinal || !open.Remove(report.MessageReference)) continue;
                delivered &= report.Status.IsDelivered;
            }

            for (var waits = result.NotifiedAs is not null; waits;)
            {
                var notification = await _notifications.Reader.ReadAsync(late.Token);
                waits = notification.MessageId != result.NotifiedAs || notification.Notification == ImdnNotification.Processing;
                delivered &= waits || notification.Status is ImdnStatus.Delivered or ImdnStatus.Displayed;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Say($"no {(line.Imdn ? "notification" : "status report")} within {line.Wait.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
            return false;
        }

        return delivered;
    }

    /// <summary>Takes lines until "quit" or Ctrl-C; the end of the input ends nothing, so that it may run without a terminal.</summary>
    private async Task ListenAsync(Handset handset, CancellationToken cancellation)
    {
        while (true)
        {
            // A read from the console cannot be cancelled.
            if (await Task.Run(() => input.ReadLine(), CancellationToken.None).WaitAsync(cancellation) is not { } read)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
                return;
            }

            switch (read.Trim())
            {
                case "":
                    break;
                case "quit":
                    return;
                case "smma" when line.Options.Kind == HandsetKind.Volte:
                    var told = await handset.MemoryAvailableAsync(cancellation);
                    Say($"{(told.IsAccepted ? "sent" : "refused")} RP-SMMA: {told.Words}");
                    break;
                case var message when message.Split(' ', 2, StringSplitOptions.TrimEntries) is [var to, var text]:
                    await SendAsync(handset, to, text, cancellation);
                    break;
                default:
                    Say("a line is \"TO TEXT\", \"smma\" (VoLTE) or \"quit\"");
                    break;
            }
        }
    }

    private async Task LeaveAsync(Handset handset)
    {
        using var deadline = new CancellationTokenSource(Farewell, time);
        try
        {
            await handset.DeregisterAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Say("left without an answer of the registrar");
        }
    }

    private void Show(ReceivedText text)
    {
        var remarks = new StringBuilder();
        if (text.IsFlash) remarks.Append(" (flash)");
        if (text.IsIncomplete) remarks.Append(" (parts missing)");
        Say($"received {text.From}{remarks}: {(text.Data.IsEmpty ? text.Text : $"data {Convert.ToHexString(text.Data.Span)}")}");
    }

    private void Show(StatusReport report)
    {
        Say($"report {report.To}: {Words.Of(report.Status)}{(report.Fits ? "" : ", of nothing sent from here")}");
        if (report.Fits) _reports.Writer.TryWrite(report);
    }

    private void Show(DispositionNotification notification)
    {
        Say($"notified {notification.From}: {notification.Status.ToString().ToLowerInvariant()}{(notification.Fits ? "" : ", of nothing sent from here")}");
        if (notification.Fits) _notifications.Writer.TryWrite(notification);
    }

    private void Show(Handset handset, RegistrationState state)
    {
        if (state.IsRegistered) Say($"registered {handset.Identity} {state.Words}, contact {handset.Contact}");
        else if (state.RetryIn is { } pause) Say($"not registered: {state.Words}; next try in {pause.TotalSeconds:0.#} s");
        else Say(state.Words);
    }

    /// <summary>One line, whatever is in it: what others send must not steer the terminal.</summary>
    private void Say(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c == '\n') line.Append("\\n");
            else if (c == '\r') line.Append("\\r");
            else if (char.IsControl(c)) line.Append($"\\u{(int)c:x4}");
            else line.Append(c);
        }

        lock (_lock)
        {
            output.WriteLine(line.ToString());
            output.Flush();
        }
    }
}
