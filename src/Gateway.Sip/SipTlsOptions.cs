using Gateway.Sip.Transports;

namespace Gateway.Sip;

/// <summary>
/// What TLS is made with, as files: they are looked at before each handshake and read again when they have changed, so that a renewed
/// certificate needs no restart. Revocation is not asked about: short-lived certificates renewed in place are what replaces it.
/// </summary>
public sealed record SipTlsOptions
{
    /// <summary>Our certificate and those between it and its root, PEM, or PFX without a password. For listening, and shown to servers that ask for it.</summary>
    public string? Certificate { get; init; }

    /// <summary>The private key, PEM; null when it stands in <see cref="Certificate"/>.</summary>
    public string? Key { get; init; }

    /// <summary>Who signs the certificates of clients, PEM; clients are then asked for one. Null: the roots of the system.</summary>
    public string? ClientCa { get; init; }

    /// <summary>Clients without a certificate are refused.</summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary>Who signs the certificates of the servers we connect to, PEM. Null: the roots of the system.</summary>
    public string? TrustedCa { get; init; }

    /// <summary>A peer whose handshake is not done by then loses its connection.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What is wrong with the files: the name of the option, and the fault.</summary>
    public IEnumerable<(string Option, string Fault)> Faults()
    {
        if (Key is not null && Certificate is null)
            yield return (nameof(Certificate), "missing, while Key is set");
        else if (Certificate is { } certificate && FaultOf(() => TlsFiles.ReadCertificate(certificate, Key)) is { } own)
            yield return (nameof(Certificate), own);
        foreach (var (option, file) in new[] { (nameof(ClientCa), ClientCa), (nameof(TrustedCa), TrustedCa) })
            if (file is not null && FaultOf(() => TlsFiles.ReadAuthorities(file)) is { } fault) yield return (option, fault);
    }

    private static string? FaultOf(Action reading)
    {
        try
        {
            reading();
            return null;
        }
        catch (Exception e) when (TlsFiles.IsUnreadable(e))
        {
            return e.Message;
        }
    }
}
