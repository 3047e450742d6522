using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Sip.Tests.Engine;

/// <summary>A name server (RFC 1035) that knows what the test tells it and counts what it is asked.</summary>
internal sealed class DnsPeer : IDisposable
{
    private const ushort A = 1, Aaaa = 28, Srv = 33, Naptr = 35;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _ended = new();
    private readonly List<(string Name, ushort Type, uint Ttl, byte[] Data)> _records = [];

    public DnsPeer()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Address = (IPEndPoint)_socket.LocalEndPoint!;
        _ = AnswerAsync();
    }

    public IPEndPoint Address { get; }

    public ConcurrentQueue<string> Asked { get; } = new();

    public DnsPeer AddA(string name, string address, uint ttl = 300) => Add(name, A, ttl, IPAddress.Parse(address).GetAddressBytes());

    public DnsPeer AddAaaa(string name, string address, uint ttl = 300) => Add(name, Aaaa, ttl, IPAddress.Parse(address).GetAddressBytes());

    public DnsPeer AddSrv(string name, ushort priority, ushort weight, int port, string target, uint ttl = 300) =>
        Add(name, Srv, ttl, [.. U16(priority), .. U16(weight), .. U16((ushort)port), .. Labels(target)]);

    public DnsPeer AddNaptr(string name, ushort order, ushort preference, string service, string replacement, uint ttl = 300) =>
        Add(name, Naptr, ttl, [.. U16(order), .. U16(preference), .. Text("s"), .. Text(service), .. Text(""), .. Labels(replacement)]);

    public void Dispose()
    {
        _ended.Cancel();
        _socket.Dispose();
        _ended.Dispose();
    }

    private DnsPeer Add(string name, ushort type, uint ttl, byte[] data)
    {
        lock (_records)
            _records.Add((name, type, ttl, data));
        return this;
    }

    private async Task AnswerAsync()
    {
        var buffer = new byte[512];
        try
        {
            while (true)
            {
                var got = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _ended.Token);
                await _socket.SendToAsync(Answer(buffer.AsSpan(0, got.ReceivedBytes)), got.RemoteEndPoint, _ended.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private byte[] Answer(ReadOnlySpan<byte> query)
    {
        var name = new StringBuilder();
        var at = 12;
        for (; query[at] != 0; at += query[at] + 1)
            name.Append(name.Length > 0 ? "." : "").Append(Encoding.ASCII.GetString(query.Slice(at + 1, query[at])));
        var type = BinaryPrimitives.ReadUInt16BigEndian(query[(at + 1)..]);
        var question = query[12..(at + 5)];
        Asked.Enqueue($"{type switch { A => "A", Aaaa => "AAAA", Srv => "SRV", Naptr => "NAPTR", _ => type.ToString() }} {name}");

        lock (_records)
        {
            var known = _records.Where(r => r.Name.Equals(name.ToString(), StringComparison.OrdinalIgnoreCase)).ToList();
            var found = known.Where(r => r.Type == type).ToList();
            var code = known.Count > 0 ? 0 : 3;   // NXDOMAIN only where nothing of any type is known
            return
            [
                query[0], query[1], 0x85, (byte)(0x80 | code), 0, 1, .. U16((ushort)found.Count), 0, 0, 0, 0, .. question,
                .. found.SelectMany(r => Record(r.Type, r.Ttl, r.Data)),
            ];
        }
    }

    /// <summary>Its name is that of the question, by a pointer.</summary>
    private static byte[] Record(ushort type, uint ttl, byte[] data) =>
        [0xC0, 12, .. U16(type), 0, 1, .. U16((ushort)(ttl >> 16)), .. U16((ushort)ttl), .. U16((ushort)data.Length), .. data];

    private static byte[] U16(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Labels(string name) => [.. name.Split('.', StringSplitOptions.RemoveEmptyEntries).SelectMany(Text), 0];
}
