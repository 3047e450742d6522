using System.Net;
using Gateway.Sip;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Inbound;

/// <summary>
/// SIP over WebSocket (RFC 7118) on the HTTP server that serves REST, at addresses of its own: there nothing but SIP is served, on any path,
/// and SIP nowhere else.
/// </summary>
internal static class WebSockets
{
    private const string Subprotocol = "sip";

    // A peer that vanished is noticed within a minute. RFC 7118 §6 leaves keeping the connection alive to the WebSocket's own ping and pong.
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PongTimeout = TimeSpan.FromSeconds(20);

    public static IEnumerable<SipListenAddress> Addresses(SipSettings settings) =>
        settings.Listen.Select(SipListenAddress.Parse).Where(address => address.IsWebSocket);

    public static void AddWebSockets(this WebApplicationBuilder builder, SipSettings settings)
    {
        SipListenAddress[] addresses = [.. Addresses(settings)];
        if (addresses.Length == 0) return;
        // An address given in code turns Urls off, one in the configuration does not: so Urls become such ones. (What Kestrel then says, that Urls
        // are overridden, would mislead.)
        var urls = (builder.Configuration["Urls"] ?? "http://localhost:5000").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        builder.Configuration.AddInMemoryCollection(urls.Index().Select(url => KeyValuePair.Create($"Kestrel:Endpoints:Urls{url.Index}:Url", (string?)url.Item)));
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var address in addresses) kestrel.Listen(address.EndPoint, listen => Configure(listen, address.Kind));
        });
    }

    /// <summary>Before everything else of the application, none of which is for these connections.</summary>
    public static WebApplication MapWebSockets(this WebApplication app, SipSettings settings)
    {
        if (!Addresses(settings).Any()) return app;
        var options = new WebSocketOptions { KeepAliveInterval = PingInterval, KeepAliveTimeout = PongTimeout };
        foreach (var origin in settings.AllowedOrigins) options.AllowedOrigins.Add(origin);
        app.MapWhen(context => KindOf(context) is not null, sip =>
        {
            sip.UseWebSockets(options);
            sip.Run(ServeAsync);
        });
        return app;
    }

    private static void Configure(ListenOptions listen, SipTransportKind kind)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection =>
        {
            connection.Items[typeof(SipTransportKind)] = kind;
            return next(connection);
        });
        if (kind != SipTransportKind.Wss) return;
        var endpoint = listen.ApplicationServices.GetRequiredService<SipEndpoint>();
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(endpoint.ForTlsServer()) });
    }

    private static SipTransportKind? KindOf(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(typeof(SipTransportKind), out var kind) == true ? (SipTransportKind)kind! : null;

    private static async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await RefuseAsync(context, StatusCodes.Status426UpgradeRequired, "This is SIP over WebSocket (RFC 7118).");
            return;
        }
        if (!context.WebSockets.WebSocketRequestedProtocols.Contains(Subprotocol))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, $"Sec-WebSocket-Protocol does not offer {Subprotocol} (RFC 7118 section 4.1).");
            return;
        }
        var (connection, services) = (context.Connection, context.RequestServices);
        var served = await services.GetRequiredService<SipEndpoint>().ServeAsync(
            KindOf(context)!.Value,
            AddressOf(connection.LocalIpAddress!, connection.LocalPort),
            AddressOf(connection.RemoteIpAddress!, connection.RemotePort),
            () => context.WebSockets.AcceptWebSocketAsync(Subprotocol),
            services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        if (!served) await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "Too many connections.");
    }

    /// <summary>A socket for [::] takes IPv4 too, and such a peer is to have one address only.</summary>
    private static IPEndPoint AddressOf(IPAddress address, int port) => new(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(reason, context.RequestAborted);
    }
}
