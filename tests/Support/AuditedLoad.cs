using System.Globalization;
using System.Text.Json;

namespace Gateway.Tests.Support;

/// <summary>
/// Customers that go on sending while gateways are killed: each message is repeated, under one idempotency key, until it is answered, and the next
/// one is sent then. What was promised is told to the audit.
/// </summary>
/// <param name="audit">Who is told.</param>
/// <param name="node">The gateway that is asked for the n-th time.</param>
internal sealed class AuditedLoad(DeliveryAudit audit, Func<int, GatewayProcess> node)
{
    /// <summary>So many of one handset's messages wait at most: the load is to be spread over the kills, not to pile up before the first.</summary>
    private const int MaxOpen = 10;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(3);

    private int _asked;

    /// <summary>Messages to this handset until the load stops.</summary>
    public async Task SendAsync(RawUe handset, CancellationToken stop, CancellationToken cancel)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await SendAsync(handset, $"{handset.Number} {i.ToString(CultureInfo.InvariantCulture)}", cancel);
            await Deadline.UntilAsync(() => Task.FromResult(stop.IsCancellationRequested || audit.Open(handset.Number) < MaxOpen),
                () => $"{handset.Number} has its messages", cancel, TimeSpan.FromMinutes(5));
        }
    }

    /// <summary>One message, until it is answered with status 0.</summary>
    public async Task SendAsync(RawUe handset, string text, CancellationToken cancel)
    {
        string? id = null;
        await Deadline.UntilAsync(async () => (id = await TryAsync(handset.Number, text, cancel)) is not null, () => $"\"{text}\" is accepted",
            cancel, Deadline.Start);
        audit.Promised(handset.Number, id!, text);
    }

    /// <summary>Messages of this handset to the application until the load stops.</summary>
    public async Task SubmitAsync(RawUe handset, CancellationToken stop, CancellationToken cancel)
    {
        for (byte i = 0; !stop.IsCancellationRequested && i < byte.MaxValue; i++)
        {
            var text = $"{handset.Number} says {i.ToString(CultureInfo.InvariantCulture)}";
            var rp = Pdu.RpData(i, Pdu.Submits(GatewayProcess.ApplicationNumber, text, i)[0]);
            await Deadline.UntilAsync(() => TrySubmitAsync(handset, rp, cancel), () => $"\"{text}\" is taken", cancel, Deadline.Start);
            audit.Submitted(handset.Number, text);
        }
    }

    private async Task<string?> TryAsync(string to, string text, CancellationToken cancel)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["api_key"] = GatewayProcess.ApiKey, ["api_secret"] = GatewayProcess.ApiSecret, ["from"] = "Bank", ["to"] = to, ["text"] = text,
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sms/json") { Content = form };
        request.Headers.Add("Idempotency-Key", text.Replace(' ', '-'));
        try
        {
            using var response = await node(Interlocked.Increment(ref _asked)).Http.SendAsync(request, cancel);
            using var reply = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancel));
            var sent = SentSms.Of(reply.RootElement.GetProperty("messages")[0]);
            return sent.Status == "0" ? sent.MessageId : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return null; // killed before it answered: it may have taken the message, or not
        }
    }

    /// <summary>
    /// Registers a handset, however often. RFC 3261's own repetitions every 4 s may all come while a gateway that is killed as often starts; whoever
    /// begins anew meets it.
    /// </summary>
    public static Task RegisterAsync(RawUe handset, CancellationToken cancel) => Deadline.UntilAsync(
        () => InTimeAsync(async within => (await handset.RegisterAsync(within)).Status == 200, cancel),
        () => $"{handset.Number} is registered", cancel, Deadline.Start);

    /// <summary>As a handset that hears nothing repeats it: the same RP and TP references, in a new transaction.</summary>
    private static Task<bool> TrySubmitAsync(RawUe handset, byte[] rp, CancellationToken cancel) => InTimeAsync(async within =>
    {
        var (callId, response) = await handset.SendRpAsync(rp, within);
        return response.Status is >= 200 and <= 299 && (await handset.ReportAsync(callId, within)).IsAck;
    }, cancel);

    private static async Task<bool> InTimeAsync(Func<CancellationToken, Task<bool>> attempt, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(AnswerWithin, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            return await attempt(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }
}
