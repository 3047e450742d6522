using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transports;

/// <summary>
/// What a handshake is done with. The files are looked at for each and read again when one has changed; if they then cannot be
/// read (half written, the key still the old one), the last good ones serve on until they change again.
/// </summary>
internal sealed partial class TlsCredentials(SipTlsOptions options, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly string[] _files =
        [.. new[] { options.Certificate, options.Key, options.ClientCa, options.TrustedCa }.OfType<string>()];
    private (DateTime, long)[] _stamps = [];
    private Credentials? _read;

    public bool HasCertificate => options.Certificate is not null;

    public TimeSpan HandshakeTimeout => options.HandshakeTimeout;

    /// <exception cref="IOException">A file cannot be used; the message names it.</exception>
    public void Read()
    {
        foreach (var (option, fault) in options.Faults())
            throw new IOException($"TLS {option}: {fault}");
        Current();
    }

    public SslServerAuthenticationOptions ForServer()
    {
        var current = Current();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = current.Own,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = options.RequireClientCertificate || options.ClientCa is not null,
            CertificateChainPolicy = SignedBy(current.ClientCa),
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                errors == SslPolicyErrors.None || (certificate is null && !options.RequireClientCertificate),
        };
    }

    /// <param name="host">The name that led to the remote; null when an address did, which the certificate must name then.</param>
    public SslClientAuthenticationOptions ForClient(string? host, IPEndPoint remote)
    {
        var current = Current();
        return new SslClientAuthenticationOptions
        {
            TargetHost = host ?? remote.Address.ToString(),
            ClientCertificateContext = current.Own,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = SignedBy(current.TrustedCa),
            // Whom the certificate names is decided by SIP's rule, not by that of the web.
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None
                && certificate is X509Certificate2 shown && SipDomainIdentity.IsNamedBy(shown, host, remote.Address),
        };
    }

    private Credentials Current()
    {
        lock (_lock)
        {
            var stamps = Array.ConvertAll(_files, TlsFiles.Stamp);
            if (_read is not null && stamps.AsSpan().SequenceEqual(_stamps))
                return _read;
            _stamps = stamps;
            try
            {
                _read = new Credentials(
                    options.Certificate is null ? null : TlsFiles.ReadCertificate(options.Certificate, options.Key),
                    options.ClientCa is null ? null : TlsFiles.ReadAuthorities(options.ClientCa),
                    options.TrustedCa is null ? null : TlsFiles.ReadAuthorities(options.TrustedCa));
                if (_read.Own is { } own)
                    LogRead(string.Join(", ", _files), own.TargetCertificate.NotAfter);
            }
            catch (Exception e) when (TlsFiles.IsUnreadable(e) && _read is not null)
            {
                LogUnreadable(e.Message);
            }

            return _read;
        }
    }

    /// <summary>A policy of its own for each handshake: the handshake adds to it.</summary>
    private static X509ChainPolicy SignedBy(X509Certificate2Collection? authorities)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    private sealed record Credentials(
        SslStreamCertificateContext? Own, X509Certificate2Collection? ClientCa, X509Certificate2Collection? TrustedCa);

    [LoggerMessage(1141, LogLevel.Information, "TLS uses {Files}; the certificate ends {NotAfter}")]
    private partial void LogRead(string files, DateTime notAfter);

    [LoggerMessage(1142, LogLevel.Error, "Changed TLS files cannot be used, those read before serve on: {Reason}")]
    private partial void LogUnreadable(string reason);
}
