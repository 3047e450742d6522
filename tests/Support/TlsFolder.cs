using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Sip;

namespace Gateway.Tests.Support;

/// <summary>A certification authority with its files, and what it has signed, in a folder that goes with the test.</summary>
internal sealed class TlsFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tls-");
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    public TlsFolder()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(_now.AddDays(-1), _now.AddDays(30));
        File.WriteAllText(Authority, _authority.ExportCertificatePem());
    }

    public string Authority => At("ca.pem");

    public string At(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Signs a certificate for these names: an address, a sip: URI or a domain.</summary>
    public X509Certificate2 Sign(params string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=peer", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
                alternatives.AddIpAddress(address);
            else if (name.StartsWith("sip:", StringComparison.Ordinal))
                alternatives.AddUri(new Uri(name));
            else
                alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        var signed = request.Create(_authority, _now.AddHours(-1), _now.AddDays(1), RandomNumberGenerator.GetBytes(16));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>Writes name.pem and name.key.</summary>
    public X509Certificate2 Write(string name, params string[] names)
    {
        var certificate = Sign(names);
        File.WriteAllText(At($"{name}.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(At($"{name}.pem"), certificate.ExportCertificatePem());
        return certificate;
    }

    /// <summary>Options with name.pem and name.key, that trust this authority.</summary>
    public SipTlsOptions Options(string name) =>
        new() { Certificate = At($"{name}.pem"), Key = At($"{name}.key"), TrustedCa = Authority, ClientCa = Authority };

    /// <summary>A client's handshake with a server that must have a certificate of this authority for its address.</summary>
    public SslStream Secure(Stream inner, IPAddress server)
    {
        var stream = new SslStream(inner);
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust };
        policy.CustomTrustStore.Add(_authority);
        stream.AuthenticateAsClient(new SslClientAuthenticationOptions { TargetHost = server.ToString(), CertificateChainPolicy = policy });
        return stream;
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }
}
