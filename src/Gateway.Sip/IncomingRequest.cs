using Gateway.Sip.Transactions;
using Gateway.Sip.Transports;

namespace Gateway.Sip;

/// <summary>
/// A request as the application gets it: once, however often it is repeated on the wire. It is to be answered before the
/// application's task for it ends, and within the 64 * T1 the client waits.
/// </summary>
public sealed class IncomingRequest : IThreadPoolWorkItem
{
    private readonly UserAgentServer _server;
    private readonly ServerTransaction _transaction;

    internal IncomingRequest(UserAgentServer server, ServerTransaction transaction, SipRequest request, in SipFlow flow)
    {
        _server = server;
        _transaction = transaction;
        Request = request;
        Flow = flow;
    }

    public SipRequest Request { get; }

    public SipFlow Flow { get; }

    public bool IsAnswered => _transaction.IsAnswered;

    /// <summary>
    /// Sends the final response; repetitions of the request get the same one. Without effect on a request that is answered already or that
    /// its client has given up. The transaction has its answer when this method returns; the task is that of the transport.
    /// </summary>
    /// <exception cref="ArgumentException">A provisional response, or a 408: RFC 4320 forbids both for these requests.</exception>
    public Task RespondAsync(SipResponse response) => _server.RespondAsync(_transaction, response);

    /// <inheritdoc cref="RespondAsync(SipResponse)"/>
    public Task RespondAsync(int statusCode, string? reason = null) => _server.RespondAsync(_transaction, Request, statusCode, reason);

    /// <summary>
    /// Sends no response at all, nor any to repetitions, as if the network had lost them: for peers that play dead. Without effect on a
    /// request that is answered already.
    /// </summary>
    public void Ignore() => _transaction.Ignore();

    void IThreadPoolWorkItem.Execute() => _server.Run(this);
}
