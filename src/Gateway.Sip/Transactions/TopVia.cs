using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Unicode;

namespace Gateway.Sip.Transactions;

/// <summary>
/// What of a received message's top Via decides about transactions and ways back, read from its octets: this is done for every message, the
/// retransmitted ones included, and allocates nothing.
/// </summary>
internal readonly ref struct TopVia
{
    /// <summary>What <see cref="Mark"/> adds at most: <c>;received=</c> and an IPv6 address with its zone, <c>;rport=</c> and a port.</summary>
    public const int LongestMark = 100;

    private TopVia(ReadOnlySpan<byte> host, ushort? port)
    {
        Host = host;
        Port = port;
    }

    /// <summary>As written, an IPv6 address in its brackets.</summary>
    public ReadOnlySpan<byte> Host { get; }

    public ushort? Port { get; }

    public ReadOnlySpan<byte> Branch { get; private init; }

    public bool HasRport { get; private init; }

    public bool HasAlias { get; private init; }

    /// <inheritdoc cref="Via.HasUniqueBranch"/>
    public bool HasUniqueBranch =>
        Branch.Length > Via.MagicCookie.Length && Ascii.EqualsIgnoreCase(Branch[..Via.MagicCookie.Length], Via.MagicCookie);

    /// <param name="message">One that passed the parser, so that its Via is readable.</param>
    public static TopVia Of(SipMessage message) => message.Headers.TryGetRaw(HeaderName.Via, out var value) ? Of(value) : default;

    /// <param name="value">What follows the first one on the same line is not looked at.</param>
    public static TopVia Of(ReadOnlySpan<byte> value)
    {
        var reader = new HeaderReader(value);
        if (!Via.TryScan(ref reader, out _, out var host, out var port))
            return default;
        ReadOnlySpan<byte> branch = default;
        var (hasRport, hasAlias) = (false, false);
        while (reader.Parameter(out var name, out var parameter, out _))
        {
            if (Ascii.EqualsIgnoreCase(name, "branch"u8))
                branch = parameter;
            else if (Ascii.EqualsIgnoreCase(name, "rport"u8))
                hasRport = true;
            else if (Ascii.EqualsIgnoreCase(name, "alias"u8))
                hasAlias = true;
        }

        return new TopVia(host, port) { Branch = branch, HasRport = hasRport, HasAlias = hasAlias };
    }

    public bool Names(IPAddress address)
    {
        Span<byte> written = stackalloc byte[64];
        return (address.TryFormat(written, out var length) && Host.SequenceEqual(written[..length]))
            || (IPAddress.TryParse(Host.Trim("[]"u8), out var host) && host.Equals(address));   // IPv6 can be written in many ways
    }

    /// <summary>
    /// Writes the value with <c>received</c> and, if asked for, <c>rport</c> of the source: in the places they have, or behind the rest, which stays
    /// as it came octet for octet.
    /// </summary>
    /// <returns>How many octets; at most <see cref="LongestMark"/> more than the value has.</returns>
    public int Mark(ReadOnlySpan<byte> value, IPEndPoint source, Span<byte> output)
    {
        var reader = new HeaderReader(value);
        Via.TryScan(ref reader, out _, out _, out _);
        var at = Copy(value[..^reader.Rest.Length], output);
        var (received, rport) = (false, false);
        for (var before = reader.Rest; reader.Parameter(out var name, out _, out _); before = reader.Rest)
        {
            if (!received && Ascii.EqualsIgnoreCase(name, "received"u8))
            {
                received = true;
                at += WriteReceived(source.Address, output[at..]);
            }
            else if (HasRport && !rport && Ascii.EqualsIgnoreCase(name, "rport"u8))
            {
                rport = true;
                at += WriteRport(source.Port, output[at..]);
            }
            else
            {
                at += Copy(before[..^reader.Rest.Length], output[at..]);
            }
        }

        return received ? at : at + WriteReceived(source.Address, output[at..]);
    }

    /// <summary>Whether this is the sent-by that we once wrote, with its port.</summary>
    public bool IsSentBy(string ours)
    {
        var colon = ours.LastIndexOf(':');
        return Ascii.EqualsIgnoreCase(Host, ours.AsSpan(0, colon))
            && Port is { } port && ushort.TryParse(ours.AsSpan(colon + 1), out var our) && port == our;
    }

    /// <summary>Branch, sent-by and method: what makes two requests the same (RFC 3261 §17.2.3).</summary>
    public TransactionKey KeyOf(string method)
    {
        const int separatorsAndPort = 2 + 6;
        var longest = method.Length + Host.Length + separatorsAndPort + Branch.Length;
        Span<byte> identity = longest <= 512 ? stackalloc byte[longest] : new byte[longest];
        Ascii.FromUtf16(method, identity, out var at);
        identity[at++] = (byte)'\n';
        Ascii.ToLower(Host, identity[at..], out var hostLength);
        at += hostLength;
        if (Port is { } port)
        {
            identity[at++] = (byte)':';
            port.TryFormat(identity[at..], out var digits, provider: CultureInfo.InvariantCulture);
            at += digits;
        }

        identity[at++] = (byte)'\n';
        Branch.CopyTo(identity[at..]);
        return TransactionKey.Of(identity[..(at + Branch.Length)]);
    }

    private static int Copy(ReadOnlySpan<byte> octets, Span<byte> output)
    {
        octets.CopyTo(output);
        return octets.Length;
    }

    private static int WriteReceived(IPAddress address, Span<byte> output) =>
        Utf8.TryWrite(output, $";received={address}", out var length) ? length : throw new ArgumentException("too short", nameof(output));

    private static int WriteRport(int port, Span<byte> output) =>
        Utf8.TryWrite(output, CultureInfo.InvariantCulture, $";rport={port}", out var length)
            ? length : throw new ArgumentException("too short", nameof(output));
}
