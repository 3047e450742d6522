using System.Text.Unicode;
using Gateway.Sip.Transports;

namespace Gateway.Sip.Transactions;

/// <summary>
/// RFC 3261 §8.1 and §18.1.1, RFC 3263 §4.3: sends a request to the first of its targets that takes it. Each attempt is a transaction of
/// its own with a new branch; the next target is tried after a time-out, a transport error or a 503. A request of more than 1,300 octets
/// goes by TCP even where UDP was meant, and by UDP after all when TCP cannot be had.
/// </summary>
internal sealed class UserAgentClient(
    TransportLayer transports, ServerLocator locator, ClientTransactions transactions, FailedTargets failed, string? userAgent)
{
    /// <summary>RFC 3261 §18.1.1, for a path whose MTU is not known.</summary>
    private const int LargestOverUdp = 1_300;

    /// <param name="lastResort">Where to send when the target's name leads nowhere.</param>
    public ValueTask<SipOutcome> SendAsync(SipRequest request, SipTarget? target, SipFlow? lastResort, CancellationToken cancellation)
    {
        if (!request.Headers.Contains(HeaderName.MaxForwards))
            request.Headers.Add(HeaderName.MaxForwards, "70");
        if (userAgent is not null && !request.Headers.Contains(HeaderName.UserAgent))
            request.Headers.Add(HeaderName.UserAgent, userAgent);

        if (target is { Flow: { } only, WhileOpen: true })
            return SendOverAsync(request, only, cancellation);
        if (target?.Flow is { } flow)
            return SendAlongAsync(request, flow, cancellation);

        // What is located already, and that is nearly everything, needs no frame to wait in.
        var locating = LocateAsync(request, target, cancellation);
        return locating.IsCompletedSuccessfully && locating.Result.Servers is { Count: > 0 } located
            ? SendToFirstAsync(request, located, cancellation)
            : SendWhenLocatedAsync(request, locating, lastResort, cancellation);
    }

    private async ValueTask<SipOutcome> SendWhenLocatedAsync(
        SipRequest request, ValueTask<(IReadOnlyList<ServerAddress>, string?)> locating, SipFlow? lastResort, CancellationToken cancellation)
    {
        var (servers, reason) = await locating;
        return servers.Count > 0 ? await SendToFirstAsync(request, servers, cancellation)
            : lastResort is { } way ? await SendAlongAsync(request, way, cancellation)
            : new SipOutcome(SipOutcomeKind.TransportError, Reason: reason);
    }

    private async ValueTask<SipOutcome> SendToFirstAsync(
        SipRequest request, IReadOnlyList<ServerAddress> servers, CancellationToken cancellation)
    {
        SipOutcome outcome = default;
        servers = failed.Last(servers);
        for (var i = 0; i < servers.Count; i++)
        {
            var server = servers[i];
            outcome = await AttemptAsync(request, server, cancellation);
            if (!IsForTheNext(outcome))
            {
                failed.Succeeded(server);
                break;
            }

            failed.Failed(server);
        }

        return outcome;
    }

    private static bool IsForTheNext(in SipOutcome outcome) =>
        outcome.Kind is SipOutcomeKind.TimedOut or SipOutcomeKind.TransportError || outcome.Response is { StatusCode: 503 };

    private async ValueTask<(IReadOnlyList<ServerAddress> Servers, string? Reason)> LocateAsync(
        SipRequest request, SipTarget? target, CancellationToken cancellation)
    {
        if (target is not null)
            return Found(target.Host, await locator.LocateAsync(target.Host, target.Port, target.Transport, secure: false, cancellation));

        var uri = request.Headers.TryGet<NameAddr>(HeaderName.Route, out var route) ? route.Uri : request.RequestUri;
        if (!uri.IsSip)
            return ([], $"a {uri.Scheme} URI cannot be located without a Route");
        SipTransportKind? transport = null;
        if (uri.Transport is { } named)
        {
            if (!SipTransportKind.TryParseName(named, out var kind))
                return ([], $"transport {named} is not served");
            transport = kind;
        }

        var host = uri.Parameters["maddr"] ?? uri.Host;   // RFC 3263 §4: maddr takes the host's place
        if (host.Contains(':'))
            host = host.Trim('[', ']');
        return Found(host, await locator.LocateAsync(host, uri.Port, transport, uri.Scheme == "sips", cancellation));

        static (IReadOnlyList<ServerAddress>, string?) Found(string host, IReadOnlyList<ServerAddress> servers) =>
            (servers, servers.Count == 0 ? $"no server for {host}" : null);
    }

    private ValueTask<SipOutcome> SendAlongAsync(SipRequest request, in SipFlow flow, CancellationToken cancellation)
    {
        // A way that is there already needs no frame to wait in.
        var finding = transports.AlongAsync(flow, cancellation);
        return finding.IsCompletedSuccessfully && finding.Result is { } hop
            ? RunAsync(request, hop, cancellation)
            : SendWhenFoundAsync(request, flow, finding, cancellation);
    }

    private async ValueTask<SipOutcome> SendWhenFoundAsync(
        SipRequest request, SipFlow flow, ValueTask<Hop?> finding, CancellationToken cancellation) =>
        await finding is { } hop ? await RunAsync(request, hop, cancellation) : Unreachable(flow.Kind, flow);

    private async ValueTask<SipOutcome> SendOverAsync(SipRequest request, SipFlow flow, CancellationToken cancellation)
    {
        SipOutcome outcome = default;
        if (transports.OpenAlong(flow) is { } hop)
        {
            outcome = await RunAsync(request, hop, cancellation);
            if (outcome.Kind != SipOutcomeKind.TransportError || hop.Connection!.IsOpen)
                return outcome;
        }

        return new SipOutcome(SipOutcomeKind.FlowGone, Flow: flow, Reason: outcome.Reason ?? $"{flow} has gone");
    }

    private ValueTask<SipOutcome> AttemptAsync(SipRequest request, in ServerAddress server, CancellationToken cancellation)
    {
        if (server.Kind != SipTransportKind.Udp)
            return AttemptReliablyAsync(request, server, cancellation);
        if (transports.UdpTo(server.EndPoint) is not { } hop)
            return new(Unreachable(server.Kind, server.EndPoint));

        var prepared = Prepare(request, hop);
        return prepared.Octets.Count <= LargestOverUdp
            ? RunAsync(request, hop, prepared, cancellation)
            : AttemptLargeAsync(request, server, hop, prepared, cancellation);
    }

    private async ValueTask<SipOutcome> AttemptReliablyAsync(SipRequest request, ServerAddress server, CancellationToken cancellation) =>
        await AttemptOnStreamAsync(request, server, cancellation) ?? Unreachable(server.Kind, server.EndPoint);

    private async ValueTask<SipOutcome> AttemptLargeAsync(
        SipRequest request, ServerAddress server, Hop hop, Prepared prepared, CancellationToken cancellation)
    {
        var overTcp = server with { Kind = SipTransportKind.Tcp };
        if (failed.IsHeld(overTcp))
            return await RunAsync(request, hop, prepared, cancellation);
        if (await AttemptOnStreamAsync(request, overTcp, cancellation) is { } outcome)
            return outcome;
        failed.Failed(overTcp);   // so that not every large request waits for a connection that cannot be made
        return await RunAsync(request, hop, cancellation);
    }

    /// <summary>Null when there is no connection.</summary>
    private async ValueTask<SipOutcome?> AttemptOnStreamAsync(SipRequest request, ServerAddress server, CancellationToken cancellation)
    {
        if (await transports.StreamToAsync(server, cancellation) is not { } hop)
            return null;
        var wasInUse = hop.Connection!.HasCarried;
        var outcome = await RunAsync(request, hop, cancellation);
        if (outcome.Kind != SipOutcomeKind.TransportError || !wasInUse || hop.Connection.IsOpen)
            return outcome;

        // The peer closed an idle connection just as we used it: the target itself has not failed yet.
        return await transports.StreamToAsync(server, cancellation) is { } fresh
            ? await RunAsync(request, fresh, cancellation)
            : outcome;
    }

    private ValueTask<SipOutcome> RunAsync(SipRequest request, in Hop hop, CancellationToken cancellation) =>
        RunAsync(request, hop, Prepare(request, hop), cancellation);

    private ValueTask<SipOutcome> RunAsync(SipRequest request, in Hop hop, in Prepared prepared, CancellationToken cancellation)
    {
        if (transactions.Begin(prepared.Branch, request.Method, prepared.SentBy, hop, prepared.Octets) is not { } transaction)
            return new(new SipOutcome(SipOutcomeKind.Overloaded, Reason: "too many client transactions"));
        return cancellation.CanBeCanceled ? EndAsync(transaction, cancellation) : new(transaction.Outcome);
    }

    private static async ValueTask<SipOutcome> EndAsync(ClientTransaction transaction, CancellationToken cancellation)
    {
        try
        {
            return await transaction.Outcome.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            transaction.Abandon();
            throw;
        }
    }

    /// <param name="Octets">An array of their own for a connection, which queues it; else rented, and the transaction's to give back.</param>
    private readonly record struct Prepared(TransactionKey Branch, string SentBy, ArraySegment<byte> Octets);

    /// <summary>Puts our Via in the place of that of an earlier attempt: as user agent we are the only one in the request.</summary>
    private Prepared Prepare(SipRequest request, in Hop hop)
    {
        var branch = TransactionKey.NewBranch();
        var sentBy = transports.SentBy(hop);
        if (request.ContactUser is { } user)
            request.Headers.Set(HeaderName.Contact, $"<{transports.ContactOf(hop.Flow, user, IsSecure(request))}>");
        request.Headers.Remove(HeaderName.Via);
        Span<byte> via = stackalloc byte[256];   // sent-by is an address
        if (!Utf8.TryWrite(via, $"SIP/2.0/{hop.Kind.ViaName} {sentBy};branch={Via.MagicCookie}{branch.High:x8}{branch.Low:x16};rport", out var length))
            throw new InvalidOperationException($"{sentBy} is too long for a Via");
        request.Headers.AddFirst(HeaderName.Via, via[..length]);
        return new Prepared(branch, sentBy, hop.IsReliable ? SipWriter.ToArray(request) : SipWriter.ToRented(request));
    }

    /// <summary>RFC 3261 §8.1.1.8: then our Contact is a SIPS URI too.</summary>
    private static bool IsSecure(SipRequest request) =>
        request.RequestUri.Scheme == "sips" || (request.Headers.TryGet<NameAddr>(HeaderName.Route, out var route) && route.Uri.Scheme == "sips");

    private static SipOutcome Unreachable(SipTransportKind kind, object remote) =>
        new(SipOutcomeKind.TransportError, Reason: $"{kind.UriName} {remote} cannot be reached");
}
