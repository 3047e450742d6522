namespace Gateway.Sip;

/// <summary>A header value that has a type of its own: read from octets that may hold folds, written by ToString.</summary>
public interface IHeaderValue<TSelf>
    where TSelf : IHeaderValue<TSelf>
{
    static abstract bool TryParse(ReadOnlySpan<byte> value, out TSelf result);
}
