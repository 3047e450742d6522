using System.Buffers;
using System.Collections;
using System.Runtime.CompilerServices;
using System.Text;

namespace Gateway.Sip;

/// <summary>
/// The header fields of one message in their order. Received ones stay octets of the message's buffer, found by offsets, until somebody
/// asks; added ones are kept as octets in a buffer of this object, where they never change. Not safe for writers on several threads.
/// </summary>
public sealed class SipHeaders : IEnumerable<KeyValuePair<string, string>>
{
    private readonly ReadOnlyMemory<byte> _received;
    private readonly bool _isReadOnly;

    /// <summary>What is mostly enough: a message of ours is made of added fields, a response of received ones and a tag.</summary>
    private int FirstAdded => _received.IsEmpty ? 768 : 128;

    /// <summary>The same, where some of the fields are those of others: with the long names of a 3GPP network.</summary>
    private const int OwnOctets = 448, OwnFields = 9;

    private byte[] _added = [];
    private int _addedLength;
    private HeaderField[] _fields;

    public SipHeaders()
        : this(default, 16)
    {
    }

    internal SipHeaders(ReadOnlyMemory<byte> received, int capacity)
    {
        _received = received;
        _fields = new HeaderField[capacity];
    }

    /// <summary>Of a message that is everybody's.</summary>
    internal static SipHeaders ReadOnlyNone { get; } = new(isReadOnly: true);

    /// <summary>Begins with the fields that another has now, whose octets it reads there: none of its own for what many have in common.</summary>
    /// <exception cref="ArgumentException">Those were received, and their octets would stay with this one's.</exception>
    internal SipHeaders(SipHeaders common)
    {
        if (!common._received.IsEmpty) throw new ArgumentException("These headers were received.", nameof(common));

        _received = common._added.AsMemory(0, common._addedLength);
        _added = new byte[OwnOctets];
        _fields = new HeaderField[common.Count + OwnFields];
        foreach (ref readonly var field in common._fields.AsSpan(0, common.Count)) _fields[Count++] = field.AsReceived();
    }

    private SipHeaders(bool isReadOnly)
        : this(default, 0) => _isReadOnly = isReadOnly;

    public int Count { get; private set; }

    /// <summary>Moves with every change, so that values parsed earlier can be told to be out of date.</summary>
    internal int Version { get; private set; }

    /// <exception cref="ArgumentException">The value holds a line end: whatever it is, it is not one header value.</exception>
    public void Add(HeaderName name, string value) => Insert(Count, Field(name, "", value));

    /// <inheritdoc cref="Add(HeaderName, string)"/>
    public void Add(HeaderName name, [InterpolatedStringHandlerArgument("")] ref HeaderText value)
    {
        if (name == HeaderName.Other) throw new ArgumentException("A header without a known name is added by its text.", nameof(name));
        var octets = RoomBehind(0, value.Length);
        if (octets.ContainsAny(SipGrammar.LineEnds)) throw LineEnd(name);

        var start = _addedLength + (octets.Length - octets.TrimStart(" \t"u8).Length);
        var length = octets.Trim(" \t"u8).Length;
        _addedLength = start + length;
        Insert(Count, new HeaderField(name, start, start, length, added: true, folded: false));
    }

    public void Add(string name, string value) => Insert(Count, Field(HeaderNames.Find(name), name, value));

    public void Add<T>(HeaderName name, T value)
        where T : IHeaderValue<T> => Add(name, value.ToString()!);

    /// <summary>Above all others: a Via, or a Record-Route, of our own.</summary>
    public void AddFirst(HeaderName name, string value) => Insert(0, Field(name, "", value));

    internal void AddFirst(HeaderName name, ReadOnlySpan<byte> value) => Insert(0, Store(name, "", value, folded: false));

    /// <summary>Replaces the first of this name in its place and drops its namesakes; adds it when there is none.</summary>
    public void Set(HeaderName name, string value)
    {
        var field = Field(name, "", value);
        var index = IndexOf(name);
        if (index < 0)
        {
            Insert(Count, field);
            return;
        }

        _fields[index] = field;
        Version++;
        RemoveFrom(index + 1, name, "");
    }

    public bool Remove(HeaderName name) => RemoveFrom(0, name, "");

    public bool Remove(string name) => RemoveFrom(0, HeaderNames.Find(name), name);

    public bool Contains(HeaderName name) => IndexOf(name) >= 0;

    /// <summary>The whole value of the first header of this name, folds read as one space; null when there is none.</summary>
    public string? Get(HeaderName name) => IndexOf(name) is >= 0 and var index ? Text(index) : null;

    public string? Get(string name) => IndexOf(HeaderNames.Find(name), name) is >= 0 and var index ? Text(index) : null;

    /// <summary>All values of this name in order, one element for each comma-separated value where the grammar makes a list.</summary>
    public IReadOnlyList<string> GetAll(HeaderName name)
    {
        var all = new List<string>();
        foreach (var value in Values(name)) all.Add(Folds.Undo(value));
        return all;
    }

    /// <summary>The values of a header this stack has no name for, one for each line.</summary>
    public IReadOnlyList<string> GetAll(string name)
    {
        var known = HeaderNames.Find(name);
        if (known != HeaderName.Other) return GetAll(known);

        var all = new List<string>();
        for (var i = 0; i < Count; i++)
        {
            if (IsNamed(i, HeaderName.Other, name)) all.Add(Text(i));
        }

        return all;
    }

    /// <summary>
    /// The first value of this name in its type; false when it is absent or malformed (<see cref="Contains"/> tells which).
    /// </summary>
    public bool TryGet<T>(HeaderName name, out T value)
        where T : IHeaderValue<T>
    {
        foreach (var octets in Values(name)) return T.TryParse(octets, out value);

        value = default!;
        return false;
    }

    /// <summary>All values of this name in their type; false when any is malformed, true with an empty list when there is none.</summary>
    public bool TryGetAll<T>(HeaderName name, out IReadOnlyList<T> values)
        where T : IHeaderValue<T>
    {
        var list = new List<T>();
        values = list;
        foreach (var octets in Values(name))
        {
            if (!T.TryParse(octets, out var value)) return false;

            list.Add(value);
        }

        return true;
    }

    /// <summary>The octets of the first value of this name, folds and all.</summary>
    public bool TryGetRaw(HeaderName name, out ReadOnlySpan<byte> value)
    {
        foreach (var octets in Values(name))
        {
            value = octets;
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>Goes through the octets of each value of this name without allocating.</summary>
    public HeaderValues Values(HeaderName name) => new(this, name);

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return new KeyValuePair<string, string>(NameText(i), Text(i));
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Empty headers over the same received octets, so that copies need no octets of their own.</summary>
    internal SipHeaders CreateSibling() => new(_received, 8);

    internal void AddReceived(HeaderField field)
    {
        if (Count == _fields.Length) Array.Resize(ref _fields, Grown);
        _fields[Count++] = field;
    }

    /// <summary>Appends all of one name from another message, octet for octet.</summary>
    internal void CopyFrom(SipHeaders other, HeaderName name)
    {
        for (var i = 0; i < other.Count; i++)
        {
            if (other._fields[i].Name != name) continue;

            if (_received.Equals(other._received) && !other._fields[i].Added)
            {
                Insert(Count, other._fields[i]);
                continue;
            }

            Insert(Count, Store(name, "", other.Raw(i), folded: other._fields[i].Folded));
        }
    }

    /// <summary>Puts more octets behind the first value of this name (a To tag).</summary>
    internal void AppendTo(HeaderName name, ReadOnlySpan<byte> octets)
    {
        var index = IndexOf(name);
        if (index < 0) return;

        var value = Raw(index);
        var length = value.Length + octets.Length;
        Span<byte> joined = length <= 256 ? stackalloc byte[length] : new byte[length];
        value.CopyTo(joined);
        octets.CopyTo(joined[value.Length..]);
        _fields[index] = Store(name, "", joined, _fields[index].Folded);
        Version++;
    }

    /// <summary>Replaces the first value of this name and leaves all others, also those that follow it on the same line.</summary>
    internal void SetFirst(HeaderName name, ReadOnlySpan<byte> octets)
    {
        var index = IndexOf(name);
        if (index < 0)
        {
            Insert(0, Store(name, "", octets, folded: false));
            return;
        }

        var folded = _fields[index].Folded;
        var old = Raw(index);
        var comma = HeaderValues.CommaOf(old);
        _fields[index] = comma < 0
            ? Store(name, "", octets, folded)
            : Store(name, "", [.. octets, .. old[comma..]], folded);
        Version++;
    }

    internal int AddedLength => _addedLength;

    /// <exception cref="InvalidOperationException">The message is everybody's.</exception>
    internal void CheckWritable()
    {
        if (_isReadOnly) throw new InvalidOperationException("This message is shared and cannot be changed.");
    }

    /// <summary>So many octets of the buffer of added fields, <paramref name="offset"/> octets behind what is used; what stands before them stays.</summary>
    internal Span<byte> RoomBehind(int offset, int length)
    {
        CheckWritable();
        var needed = _addedLength + offset + length;
        if (needed > _added.Length) Array.Resize(ref _added, Math.Max(Math.Max(needed, FirstAdded), _added.Length * 2));
        return _added.AsSpan(_addedLength + offset, length);
    }

    internal HeaderName NameAt(int index) => _fields[index].Name;

    internal ReadOnlySpan<byte> Raw(int index)
    {
        ref readonly var field = ref _fields[index];
        return Buffer(field.Added).Slice(field.ValueStart, field.ValueLength);
    }

    internal void WriteTo(IBufferWriter<byte> output)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_fields[i].Name != HeaderName.ContentLength) WriteTo(output, i, default);
        }
    }

    /// <summary>All of one name, with more octets behind the first value (a To tag).</summary>
    internal void WriteTo(IBufferWriter<byte> output, HeaderName name, ReadOnlySpan<byte> suffix)
    {
        for (var i = IndexOf(name); i >= 0; i = IndexOf(name, i + 1))
        {
            WriteTo(output, i, suffix);
            suffix = default;
        }
    }

    private void WriteTo(IBufferWriter<byte> output, int index, ReadOnlySpan<byte> suffix)
    {
        ref readonly var field = ref _fields[index];
        output.Write(field.Name == HeaderName.Other ? NameOf(field) : HeaderNames.Wire(field.Name));
        output.Write(": "u8);
        if (field.Folded) Folds.Undo(Raw(index), output);
        else output.Write(Raw(index));
        output.Write(suffix);
        output.Write("\r\n"u8);
    }

    internal int IndexOf(HeaderName name, int from = 0)
    {
        for (var i = from; i < Count; i++)
        {
            if (_fields[i].Name == name) return i;
        }

        return -1;
    }

    private int IndexOf(HeaderName name, string text)
    {
        for (var i = 0; i < Count; i++)
        {
            if (IsNamed(i, name, text)) return i;
        }

        return -1;
    }

    private bool IsNamed(int index, HeaderName name, string text)
    {
        ref readonly var field = ref _fields[index];
        return field.Name == name
            && (name != HeaderName.Other || Ascii.EqualsIgnoreCase(NameOf(field), text));
    }

    private string NameText(int index)
    {
        ref readonly var field = ref _fields[index];
        return field.Name == HeaderName.Other ? HeaderReader.Text(NameOf(field)) : HeaderNames.Text(field.Name);
    }

    private string Text(int index) => _fields[index].Folded ? Folds.Undo(Raw(index)) : HeaderReader.Text(Raw(index));

    // Of a header without a known name: as it was written.
    private ReadOnlySpan<byte> NameOf(in HeaderField field)
    {
        var name = Buffer(field.Added)[field.NamePart];
        return name.IndexOf((byte)':') is >= 0 and var colon ? name[..colon].TrimEnd(" \t"u8) : name;
    }

    private ReadOnlySpan<byte> Buffer(bool added) => added ? _added.AsSpan(0, _addedLength) : _received.Span;

    private HeaderField Field(HeaderName name, string text, string value)
    {
        if (value.AsSpan().ContainsAny('\r', '\n')) throw LineEnd(name);
        if (name == HeaderName.Other && !SipGrammar.IsToken(text))
            throw new ArgumentException($"'{text}' is not a header name.", nameof(name));

        // White space at either end is no part of a value, and would not come back.
        var trimmed = value.AsSpan().Trim(" \t");
        Span<byte> octets = trimmed.Length <= 256 ? stackalloc byte[trimmed.Length * 3] : new byte[trimmed.Length * 3];
        return Store(name, text, octets[..Encoding.UTF8.GetBytes(trimmed, octets)], folded: false);
    }

    private static ArgumentException LineEnd(HeaderName name) => new($"A value of {name} holds a line end.", "value");

    private HeaderField Store(HeaderName name, string text, ReadOnlySpan<byte> value, bool folded)
    {
        var nameLength = name == HeaderName.Other ? text.Length : 0;
        var start = _addedLength;
        var octets = RoomBehind(0, nameLength + value.Length);
        if (nameLength > 0) Encoding.ASCII.GetBytes(text, octets);
        value.CopyTo(octets[nameLength..]);
        _addedLength += octets.Length;
        return new HeaderField(name, start, start + nameLength, value.Length, added: true, folded);
    }

    private void Insert(int index, HeaderField field)
    {
        if (Count == _fields.Length) Array.Resize(ref _fields, Grown);
        Array.Copy(_fields, index, _fields, index + 1, Count - index);
        _fields[index] = field;
        Count++;
        Version++;
    }

    private int Grown => Math.Max(4, Count * 2);

    private bool RemoveFrom(int start, HeaderName name, string text)
    {
        var kept = start;
        for (var i = start; i < Count; i++)
        {
            if (!IsNamed(i, name, text)) _fields[kept++] = _fields[i];
        }

        if (kept == Count) return false;

        Count = kept;
        Version++;
        return true;
    }
}
