using System.Buffers;
using System.Text;

namespace Gateway.Sip;

/// <summary>RFC 3261 §7: a message in octets. Names in their long form, folds undone, Content-Length always there and true.</summary>
public static class SipWriter
{
    // Grows to the largest message its thread has written, and keeps that: 64 KiB and a little.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    public static void Write(SipMessage message, IBufferWriter<byte> output)
    {
        if (message is SipRequest request) WriteRequestLine(request, output);
        else WriteStatusLine((SipResponse)message, output);

        message.Headers.WriteTo(output);
        output.Write("Content-Length: "u8);
        WriteNumber(message.Body.Length, output);
        output.Write("\r\n\r\n"u8);
        output.Write(message.Body.Span);
    }

    public static byte[] ToArray(SipMessage message)
    {
        var output = Scratch();
        Write(message, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The same in an array of the shared pool: to be given back by whoever is the last to send it.</summary>
    internal static ArraySegment<byte> ToRented(SipMessage message)
    {
        var output = Scratch();
        Write(message, output);
        var rented = ArrayPool<byte>.Shared.Rent(output.WrittenCount);
        output.WrittenSpan.CopyTo(rented);
        return new ArraySegment<byte>(rented, 0, output.WrittenCount);
    }

    /// <summary>
    /// What <see cref="SipRequest.CreateResponse"/> makes, in octets, with a Server header if there is a name for it. They are to be sent before
    /// this thread writes anything else.
    /// </summary>
    internal static ReadOnlySpan<byte> Answer(SipRequest request, in PlainAnswer answer, string? server)
    {
        var output = Scratch();
        WriteStatusLine(answer.StatusCode, SipResponse.PhraseOf(answer.StatusCode, answer.Reason), output);
        request.WriteAnswerHeaders(answer, output);
        if (server is not null)
        {
            output.Write("Server: "u8);
            Encoding.UTF8.GetBytes(server, output);
            output.Write("\r\n"u8);
        }

        output.Write("Content-Length: 0\r\n\r\n"u8);
        return output.WrittenSpan;
    }

    private static ArrayBufferWriter<byte> Scratch()
    {
        var output = _scratch ??= new ArrayBufferWriter<byte>(2048);
        output.ResetWrittenCount();
        return output;
    }

    private static void WriteRequestLine(SipRequest request, IBufferWriter<byte> output)
    {
        Encoding.ASCII.GetBytes(request.Method, output);
        output.Write(" "u8);
        if (request.RawUri.IsEmpty) Encoding.UTF8.GetBytes(request.RequestUri.ToString(), output);
        else output.Write(request.RawUri.Span);
        output.Write(" SIP/2.0\r\n"u8);
    }

    private static void WriteStatusLine(SipResponse response, IBufferWriter<byte> output)
    {
        if (response.RawReason.IsEmpty) WriteStatusLine(response.StatusCode, response.ReasonPhrase, output);
        else WriteStatusLine(response.StatusCode, response.RawReason.Span, output);
    }

    private static void WriteStatusLine(int statusCode, ReadOnlySpan<char> reason, IBufferWriter<byte> output)
    {
        Span<byte> octets = reason.Length <= 80 ? stackalloc byte[reason.Length * 3] : new byte[reason.Length * 3];
        WriteStatusLine(statusCode, octets[..Encoding.UTF8.GetBytes(reason, octets)], output);
    }

    private static void WriteStatusLine(int statusCode, ReadOnlySpan<byte> reason, IBufferWriter<byte> output)
    {
        output.Write("SIP/2.0 "u8);
        WriteNumber(statusCode, output);
        output.Write(" "u8);
        output.Write(reason);
        output.Write("\r\n"u8);
    }

    private static void WriteNumber(int number, IBufferWriter<byte> output)
    {
        var span = output.GetSpan(11);
        number.TryFormat(span, out var length);
        output.Advance(length);
    }
}
