using System.Net;
using System.Text;

namespace Gateway.Sip;

/// <summary>RFC 3261 §20.42: <c>SIP/2.0/UDP host:port;branch=…</c>. Transport in capitals, Host as written (IPv6 in brackets).</summary>
public readonly record struct Via(string Transport, string Host, ushort? Port, SipParameters Parameters) : IHeaderValue<Via>
{
    /// <summary>RFC 3261 §8.1.1.7: what a branch begins with that is unique over space and time.</summary>
    public const string MagicCookie = "z9hG4bK";

    public string? Branch => Parameters["branch"];

    /// <summary>True when the branch identifies the transaction; a bare cookie does not (RFC 4475 §3.2.1), nor does RFC 2543's.</summary>
    public bool HasUniqueBranch =>
        Branch is { } branch && branch.Length > MagicCookie.Length && branch.StartsWith(MagicCookie, StringComparison.OrdinalIgnoreCase);

    /// <summary>host[:port] in lower case, with the port only where one is written: part of the key of a transaction.</summary>
    public string SentBy => Port is null ? Host.ToLowerInvariant() : $"{Host.ToLowerInvariant()}:{Port}";

    /// <summary>RFC 3581: the sender asked for the source port.</summary>
    public bool HasRport => Parameters.Contains("rport");

    public ushort? Rport => ushort.TryParse(Parameters["rport"], out var port) ? port : null;

    public IPAddress? Received => IPAddress.TryParse(Parameters["received"].AsSpan().Trim("[]"), out var address) ? address : null;

    public Via WithParameter(string name, string? value = null) => this with { Parameters = Parameters.With(name, value) };

    public static bool TryParse(ReadOnlySpan<byte> value, out Via result)
    {
        result = default;
        var reader = new HeaderReader(value);
        if (!TryScan(ref reader, out var transport, out var host, out var port) || !reader.Parameters(out var parameters)) return false;

        result = new Via(TransportText(transport), HeaderReader.Text(host), port, parameters);
        return true;
    }

    internal static bool IsValid(ReadOnlySpan<byte> value)
    {
        var reader = new HeaderReader(value);
        return TryScan(ref reader, out _, out _, out _) && reader.OnlyParametersFollow();
    }

    public override string ToString()
    {
        var text = new StringBuilder(96).Append("SIP/2.0/").Append(Transport).Append(' ').Append(Host);
        if (Port is not null) text.Append(':').Append(Port.Value);
        return Parameters.WriteTo(text).ToString();
    }

    /// <summary>Leaves the reader at the parameters.</summary>
    internal static bool TryScan(scoped ref HeaderReader reader, out ReadOnlySpan<byte> transport, out ReadOnlySpan<byte> host, out ushort? port)
    {
        transport = host = default;
        port = null;
        reader.SkipLws();
        if (!reader.Token(out var protocol) || !Ascii.EqualsIgnoreCase(protocol, "SIP"u8) || !reader.Separator((byte)'/')) return false;
        if (!reader.Token(out var version) || !version.SequenceEqual("2.0"u8) || !reader.Separator((byte)'/')) return false;
        if (!reader.Token(out transport)) return false;

        var before = reader.Rest.Length;
        reader.SkipLws();
        return reader.Rest.Length < before && reader.Host(out host) && reader.OptionalPort(out port);
    }

    private static string TransportText(ReadOnlySpan<byte> transport)
    {
        ReadOnlySpan<string> known = ["UDP", "TCP", "TLS", "WS", "WSS"];
        foreach (var name in known)
        {
            if (Ascii.EqualsIgnoreCase(transport, name)) return name;
        }

        return HeaderReader.Text(transport).ToUpperInvariant();
    }
}
