using System.Net;
using System.Net.Sockets;

namespace Gateway.Sip.Transports;

/// <summary>
/// The way one message takes to the next element: from a UDP socket to a remote address, or along a connection. For a response
/// on a connection, <see cref="Remote"/> is the address that stands in when the connection is gone (RFC 3261 §18.2.2).
/// </summary>
internal readonly record struct Hop(UdpTransport? Udp, StreamConnection? Connection, IPEndPoint Remote)
{
    public bool IsReliable => Connection is not null;

    public SipTransportKind Kind => Connection?.Flow.Kind ?? SipTransportKind.Udp;

    public SipFlow Flow => Connection?.Flow ?? new SipFlow(SipTransportKind.Udp, Remote, Udp!.Local);

    public bool TrySend(byte[] message) => Connection?.TrySend(message) ?? Udp!.Send(message, Remote) == SocketError.Success;

    /// <param name="message">For a connection a whole array, which it keeps.</param>
    public bool TrySend(ArraySegment<byte> message) =>
        Connection?.TrySend(message.Array!) ?? Udp!.Send(message, Remote) == SocketError.Success;

    /// <param name="message">The caller's again on return: a connection, which queues it, gets a copy.</param>
    public bool TrySend(ReadOnlySpan<byte> message) =>
        Connection?.TrySend(message.ToArray()) ?? Udp!.Send(message, Remote) == SocketError.Success;
}
