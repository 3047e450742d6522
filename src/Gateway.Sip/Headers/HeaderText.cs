using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Gateway.Sip;

/// <summary>
/// An interpolated header value that is written straight to the octets of its <see cref="SipHeaders"/>: a request has a dozen of them, and none
/// needs to be a string first. Numbers and dates are written without culture.
/// </summary>
[InterpolatedStringHandler]
public ref struct HeaderText
{
    private readonly SipHeaders _headers;
    private readonly int _start;
    private int _length;

    public HeaderText(int literalLength, int formattedCount, SipHeaders headers)
    {
        _headers = headers;
        _start = headers.AddedLength;
    }

    public void AppendLiteral(string text) => AppendFormatted(text.AsSpan());

    public void AppendFormatted(string? text) => AppendFormatted(text.AsSpan());

    public void AppendFormatted(ReadOnlySpan<char> text)
    {
        if (!Encoding.UTF8.TryGetBytes(text, Room(text.Length), out var written)) // nearly always ASCII
            written = Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length)));
        _length += written;
    }

    public void AppendFormatted<T>(T value, string? format = null)
    {
        if (value is not IUtf8SpanFormattable)
        {
            AppendFormatted(value is IFormattable formattable ? formattable.ToString(format, CultureInfo.InvariantCulture) : value?.ToString());
            return;
        }

        int written;
        for (var room = 32; !((IUtf8SpanFormattable)value).TryFormat(Room(room), out written, format, CultureInfo.InvariantCulture);) room *= 2;
        _length += written;
    }

    internal readonly int Length => _length;

    /// <exception cref="InvalidOperationException">Working out a part of the value has added another header.</exception>
    private readonly Span<byte> Room(int length) => _headers.AddedLength == _start
        ? _headers.RoomBehind(_length, length)
        : throw new InvalidOperationException("A header was added while the value of another was written.");
}
