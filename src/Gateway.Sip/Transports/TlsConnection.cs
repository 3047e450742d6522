using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Sip.Transports;

/// <summary>A connection with TLS in it: to its user the same as one without.</summary>
internal sealed class TlsConnection : ConnectionContext, IDuplexPipe
{
    private readonly ConnectionContext _inner;
    private readonly SslStream _stream;

    private TlsConnection(ConnectionContext inner)
    {
        _inner = inner;
        _stream = new SslStream(new PipedStream(inner.Transport));
        Input = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));   // the silent hold no buffer
        Output = PipeWriter.Create(_stream, new StreamPipeWriterOptions(leaveOpen: true));
        Transport = this;
    }

    /// <summary>Does the server's side of the handshake.</summary>
    public static async Task<TlsConnection> AcceptAsync(ConnectionContext inner, TlsCredentials credentials, CancellationToken cancellation)
    {
        var connection = new TlsConnection(inner);
        try
        {
            await connection._stream.AuthenticateAsServerAsync(credentials.ForServer(), cancellation);
            return connection;
        }
        catch
        {
            await connection._stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does the client's side of the handshake.</summary>
    public static async Task<TlsConnection> ConnectAsync(
        ConnectionContext inner, TlsCredentials credentials, string? host, IPEndPoint remote, CancellationToken cancellation)
    {
        var connection = new TlsConnection(inner);
        try
        {
            await connection._stream.AuthenticateAsClientAsync(credentials.ForClient(host, remote), cancellation);
            return connection;
        }
        catch
        {
            await connection._stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>The peer has shown a certificate, and it was good.</summary>
    public bool IsPeerKnown => _stream.RemoteCertificate is not null;

    /// <inheritdoc cref="SipDomainIdentity.IsNamedBy"/>
    public bool IsPeerNamed(string? host, IPAddress address) =>
        _stream.RemoteCertificate is X509Certificate2 shown && SipDomainIdentity.IsNamedBy(shown, host, address);

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get => _inner.ConnectionId; set => _inner.ConnectionId = value; }

    public override IFeatureCollection Features => _inner.Features;

    public override IDictionary<object, object?> Items { get => _inner.Items; set => _inner.Items = value; }

    public override EndPoint? LocalEndPoint { get => _inner.LocalEndPoint; set => _inner.LocalEndPoint = value; }

    public override EndPoint? RemoteEndPoint { get => _inner.RemoteEndPoint; set => _inner.RemoteEndPoint = value; }

    public override void Abort(ConnectionAbortedException abortReason) => _inner.Abort(abortReason);

    public override async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await _inner.DisposeAsync();
    }
}
