using System.Text;
using Gateway.Sip.Transports;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transactions;

/// <summary>
/// RFC 3261 §8.2: takes requests from the transports to the application. In this order: a repetition is absorbed by its
/// transaction; what is beyond a limit is answered 503; what cannot be served at all is refused without keeping state
/// (the same request gets the same refusal again); the rest becomes a transaction and is run on the thread pool, where no more
/// than <see cref="SipEndpointOptions.MaxRequestsInProgress"/> are at any time.
/// </summary>
internal sealed partial class UserAgentServer(
    TransportLayer transports, ServerTransactions transactions, SipEndpointOptions options, PeerRates? rates, SipMetrics metrics,
    ILogger logger)
{
    private readonly Overload _overload = new(options);
    private int _inProgress;

    public Func<IncomingRequest, Task>? OnRequest { get; set; }

    public int InProgress => Volatile.Read(ref _inProgress);

    public void Receive(in SipFlow flow, SipRequest request)
    {
        if (request.Method == SipMethod.Ack)
            return;   // belongs to an INVITE that was refused without state; an ACK is never answered
        metrics.RequestReceived(request.Method);
        var via = TopVia.Of(request);
        if (transports.Back(flow, via) is not { } back)
            return;   // its connection has gone, and the client knows
        var key = ServerTransactions.KeyOf(request, via);
        if (transactions.Find(key) is { } known)
        {
            Absorb(flow, request, via, known, back);
            return;
        }

        if (rates?.IsExceededBy(flow.Remote.Address) == true || transactions.IsFull || InProgress >= options.MaxRequestsInProgress)
        {
            metrics.OverloadAnswered();
            back.TrySend(_overload.Answer(request, ToTag(key)));
            return;
        }

        // The answer to OPTIONS is for the application to give, if it wants to.
        if (RequestCheck.TryPass(request, options.Check, out var refusal) || refusal is null or { IsSuccess: true })
        {
            Accept(flow, request, via, key, back);
            return;
        }

        if (request.To.Tag is null)
            refusal.Headers.Set(HeaderName.To, request.To.WithTag(ToTag(key)).ToString());
        MarkVia(flow, via, refusal);
        back.TrySend(Write(refusal));
    }

    /// <summary>Answers a request that did not pass the parser.</summary>
    public void Reject(in SipFlow flow, SipResponse answer)
    {
        if (transports.Back(flow, TopVia.Of(answer)) is { } back)
            back.TrySend(Write(answer));
    }

    public Task RespondAsync(ServerTransaction transaction, SipResponse response)
    {
        CheckFinal(response.StatusCode);
        var octets = Write(response);
        return transaction.TryRespond(octets, out var back) ? transports.SendResponseAsync(back, octets) : Task.CompletedTask;
    }

    /// <summary>The response that says no more than its status.</summary>
    public Task RespondAsync(ServerTransaction transaction, SipRequest request, int statusCode, string? reason)
    {
        CheckFinal(statusCode);
        var answer = new PlainAnswer(statusCode, reason);
        return transaction.TryRespond(answer, out var back)
            ? transports.SendResponseAsync(back, SipWriter.Answer(request, answer, options.UserAgent))
            : Task.CompletedTask;
    }

    internal void Run(IncomingRequest incoming) => _ = RunAsync(incoming);

    private async Task RunAsync(IncomingRequest incoming)
    {
        try
        {
            if (OnRequest is { } onRequest)
                await onRequest(incoming);
            if (!incoming.IsAnswered)
                await AnswerUntakenAsync(incoming);
        }
        catch (Exception e)
        {
            LogFault(e, incoming.Request.Method, incoming.Request.CallId);
            await incoming.RespondAsync(500);
        }
        finally
        {
            Interlocked.Decrement(ref _inProgress);
        }
    }

    /// <summary>
    /// OPTIONS is answered for an application that does not care (RFC 3261 §11.2); anything else it should have answered.
    /// </summary>
    private async Task AnswerUntakenAsync(IncomingRequest incoming)
    {
        if (!RequestCheck.TryPass(incoming.Request, options.Check, out var answer) && answer is not null)
        {
            await incoming.RespondAsync(answer);
            return;
        }

        LogUnanswered(incoming.Request.Method, incoming.Request.CallId);
        await incoming.RespondAsync(500);
    }

    private void Absorb(in SipFlow flow, SipRequest request, in TopVia via, ServerTransaction known, in Hop back)
    {
        metrics.RetransmissionAbsorbed();
        if (known.OnRetransmission() is not { } answer)
            return;
        MarkVia(flow, via, request);
        back.TrySend(SipWriter.Answer(request, answer, options.UserAgent));
    }

    private void Accept(in SipFlow flow, SipRequest request, in TopVia via, in TransactionKey key, in Hop back)
    {
        MarkVia(flow, via, request);
        if (back.Connection is { } connection && via.HasAlias
            && (via.Names(flow.Remote.Address) || connection.MayStandFor(Encoding.ASCII.GetString(via.Host))))
            transports.Streams.AddAlias(connection, via.Port ?? flow.Kind.DefaultPort);
        if (!transactions.TryBegin(key, request, back, out var transaction))
        {
            Absorb(flow, request, via, transaction, back);
            return;
        }

        Interlocked.Increment(ref _inProgress);
        ThreadPool.UnsafeQueueUserWorkItem(new IncomingRequest(this, transaction, request, flow), preferLocal: false);
    }

    /// <summary>RFC 3261 §18.2.1 and RFC 3581 §4: the Via tells where the request really came from.</summary>
    private static void MarkVia(in SipFlow flow, in TopVia via, SipMessage message)
    {
        if (!via.HasRport && via.Names(flow.Remote.Address))
            return;
        if (!message.Headers.TryGetRaw(HeaderName.Via, out var value))
            return;
        var longest = value.Length + TopVia.LongestMark;
        Span<byte> marked = longest <= 512 ? stackalloc byte[longest] : new byte[longest];
        message.Headers.SetFirst(HeaderName.Via, marked[..via.Mark(value, flow.Remote, marked)]);
    }

    /// <summary>
    /// For refusals without state: the same for each repetition, and unlike that of any other process (RFC 3261 §8.2.7). Of the half of the key that
    /// says nothing about chains in the table.
    /// </summary>
    private static string ToTag(in TransactionKey key) => ((uint)key.High).ToString("x8");

    private static void CheckFinal(int statusCode)
    {
        if (statusCode is < 200 or > 699 or 408)
            throw new ArgumentException($"{statusCode} must not answer a non-INVITE request (RFC 4320 §4)", nameof(statusCode));
    }

    private byte[] Write(SipResponse response)
    {
        if (options.UserAgent is { } server && !response.Headers.Contains(HeaderName.Server))
            response.Headers.Add(HeaderName.Server, server);
        return SipWriter.ToArray(response);
    }

    [LoggerMessage(1301, LogLevel.Error, "Handling {Method} {CallId} failed; it is answered 500 unless it was answered before")]
    private partial void LogFault(Exception fault, string method, string callId);

    [LoggerMessage(1302, LogLevel.Error, "{Method} {CallId} was left unanswered by the application and was answered 500")]
    private partial void LogUnanswered(string method, string callId);
}
