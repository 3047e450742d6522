using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gateway.Sip.Transports;

/// <summary>Certificates as operators keep them in files.</summary>
internal static class TlsFiles
{
    /// <exception cref="Exception">One that <see cref="IsUnreadable"/> knows.</exception>
    public static SslStreamCertificateContext ReadCertificate(string file, string? keyFile)
    {
        var (leaf, between) = IsPem(file) ? ReadPem(file, keyFile ?? file) : ReadPfx(file);
        if (OperatingSystem.IsWindows())
            leaf = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pfx), null);   // its TLS takes no key that lives in memory only
        return SslStreamCertificateContext.Create(leaf, between, offline: true);
    }

    /// <exception cref="Exception">One that <see cref="IsUnreadable"/> knows.</exception>
    public static X509Certificate2Collection ReadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException($"{file} has no certificate");
    }

    public static bool IsUnreadable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    /// <summary>
    /// Changes when the content may have changed. Links are followed: a renewal often changes where they lead and nothing else.
    /// </summary>
    public static (DateTime Written, long Length) Stamp(string file)
    {
        try
        {
            var found = (FileInfo)(File.ResolveLinkTarget(file, returnFinalTarget: true) ?? new FileInfo(file));
            return (found.LastWriteTimeUtc, found.Length);
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            return default;
        }
    }

    private static bool IsPem(string file) => File.ReadAllBytes(file).AsSpan().IndexOf("-----BEGIN "u8) >= 0;

    private static (X509Certificate2, X509Certificate2Collection) ReadPem(string file, string keyFile)
    {
        X509Certificate2 leaf;
        try
        {
            leaf = X509Certificate2.CreateFromPem(File.ReadAllText(file, Encoding.ASCII), File.ReadAllText(keyFile, Encoding.ASCII));
        }
        catch (CryptographicException e)
        {
            throw new CryptographicException($"{file} with the key in {keyFile}: {e.Message}", e);
        }

        var between = new X509Certificate2Collection();
        between.ImportFromPemFile(file);
        return (leaf, between);
    }

    private static (X509Certificate2, X509Certificate2Collection) ReadPfx(string file)
    {
        X509Certificate2Collection all;
        try
        {
            all = X509CertificateLoader.LoadPkcs12CollectionFromFile(file, null);
        }
        catch (CryptographicException e)
        {
            throw new CryptographicException($"{file} is neither PEM nor a PFX without password: {e.Message}", e);
        }

        return (all.FirstOrDefault(c => c.HasPrivateKey) ?? throw new CryptographicException($"{file} has no private key"), all);
    }
}
