using System.Runtime.CompilerServices;

namespace Gateway.Sip;

/// <summary>
/// A request or a response. A received one keeps slices of the octets it was parsed from; the typed headers below are read on first use
/// (the parser has checked them) and follow later changes of <see cref="Headers"/>.
/// </summary>
public abstract class SipMessage
{
    private Typed? _typed;

    private protected SipMessage(SipHeaders headers) => Headers = headers;

    public SipHeaders Headers { get; }

    /// <summary>Octets, whatever the Content-Type says. The writer derives Content-Length from it.</summary>
    public ReadOnlyMemory<byte> Body
    {
        get;
        set
        {
            Headers.CheckWritable();
            field = value;
        }
    }

    /// <exception cref="InvalidOperationException">The header is absent or malformed: only in a message not (or not yet) whole.</exception>
    public Via TopVia => (Current().TopVia ??= new StrongBox<Via>(Read<Via>(HeaderName.Via))).Value;

    /// <inheritdoc cref="TopVia"/>
    public NameAddr From => Current().From ??= Read<NameAddr>(HeaderName.From);

    /// <inheritdoc cref="TopVia"/>
    public NameAddr To => Current().To ??= Read<NameAddr>(HeaderName.To);

    /// <inheritdoc cref="TopVia"/>
    public string CallId => Current().CallId ??= Headers.Get(HeaderName.CallId) ?? throw Absent(HeaderName.CallId);

    /// <inheritdoc cref="TopVia"/>
    public CSeq CSeq => (Current().CSeq ??= new StrongBox<CSeq>(Read<CSeq>(HeaderName.CSeq))).Value;

    public void SetBody(string contentType, ReadOnlyMemory<byte> body)
    {
        Headers.Set(HeaderName.ContentType, contentType);
        Body = body;
    }

    private T Read<T>(HeaderName name)
        where T : IHeaderValue<T> => Headers.TryGet<T>(name, out var value) ? value : throw Absent(name);

    private static InvalidOperationException Absent(HeaderName name) =>
        new($"The message has no readable {HeaderNames.Text(name)} header.");

    private Typed Current() => _typed is { } typed && typed.Version == Headers.Version ? typed : _typed = new Typed(Headers.Version);

    private sealed class Typed(int version)
    {
        public readonly int Version = version;
        public StrongBox<Via>? TopVia;
        public NameAddr? From;
        public NameAddr? To;
        public string? CallId;
        public StrongBox<CSeq>? CSeq;
    }
}
