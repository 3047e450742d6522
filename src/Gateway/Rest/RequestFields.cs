using System.Buffers;
using System.Collections;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Gateway.Rest;

/// <summary>How much of a request's structure its fields show.</summary>
public enum RequestReading : byte
{
    /// <summary>Names and values; a JSON value that is an object or an array is none.</summary>
    Flat,
    /// <summary>What is inside such values too, each named by its way there.</summary>
    Nested,
    /// <summary>A form alone, each octet a character: what encoding they are in is somebody else's knowledge.</summary>
    Octets,
}

/// <summary>
/// The parameters of a request as texts, from wherever the client put them: form or JSON body first, then the query. JSON numbers and booleans
/// are taken as written. Of a name that comes twice the first counts. Clients label bodies carelessly, so what starts with <c>{</c> is JSON and
/// everything else a form, whatever the content type says.
/// </summary>
public sealed class RequestFields : IEnumerable<KeyValuePair<string, string>>
{
    public const int MaxBodyOctets = 64 * 1024;

    private static readonly JsonReaderOptions Json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 64 };

    /// <summary>Names that need not be made again for each request.</summary>
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> UsualNames =
        new HashSet<string>(new SmsFieldsAttribute().Fields.Select(field => field.Name), StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    private const int LongestUsual = 20;

    private readonly RequestReading _reading;
    private FieldValues _values;
    private HashSet<string>? _composites;

    /// <summary>Why the request cannot be read, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>The value, or null when the client sent none or an empty one.</summary>
    public string? this[string name] => _values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>The client sent it, perhaps empty.</summary>
    public bool Has(string name) => _values.TryGetValue(name, out _);

    /// <summary>The first of these names whose JSON value is an object or an array, where only a text, number or boolean makes sense.</summary>
    public string? FirstComposite(IEnumerable<string> names) => _composites is null ? null : names.FirstOrDefault(_composites.Contains);

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private RequestFields(RequestReading reading) => _reading = reading;

    public static async ValueTask<RequestFields> ReadAsync(HttpRequest request, RequestReading reading = RequestReading.Flat)
    {
        var fields = new RequestFields(reading);
        if (request.ContentLength > MaxBodyOctets)
            fields.Fault = TooLarge;
        else if (request.ContentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true)
            fields.Fault = "body must be application/x-www-form-urlencoded or JSON";
        else if (request.ContentLength != 0)
            fields.Fault = await ReadBodyAsync(request, fields, static (fields, octets) => fields.AddBody(octets)) ?? fields.Fault;
        if (request.QueryString.Value is { Length: > 1 } query)
            fields.AddForm(Encoding.UTF8.GetBytes(query, 1, query.Length - 1));
        return fields;
    }

    /// <summary>The body as it is; null when it is too large or does not come to its end.</summary>
    internal static async ValueTask<byte[]?> ReadOctetsAsync(HttpRequest request)
    {
        var body = new StrongBox<byte[]?>();
        return request.ContentLength > MaxBodyOctets
            || await ReadBodyAsync(request, body, static (body, octets) => body.Value = octets.ToArray()) is not null ? null : body.Value;
    }

    internal static RequestFields Of(ReadOnlySpan<byte> body, RequestReading reading = RequestReading.Flat)
    {
        var fields = new RequestFields(reading);
        fields.AddBody(body);
        return fields;
    }

    /// <summary>Of these names and values alone.</summary>
    internal static RequestFields Of(IEnumerable<KeyValuePair<string, string?>> values)
    {
        var fields = new RequestFields(RequestReading.Flat);
        foreach (var (name, value) in values)
            if (value is not null) fields._values.TryAdd(name, value);
        return fields;
    }

    /// <summary>The same, and over it what others call by another name.</summary>
    /// <param name="names">Ours, and theirs.</param>
    internal RequestFields Renamed(IReadOnlyDictionary<string, string> names) =>
        Of(names.Select(name => KeyValuePair.Create(name.Key, this[name.Value])).Concat(this.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value))));

    private static string TooLarge => $"body is larger than {MaxBodyOctets} octets";

    /// <returns>Why it could not be read, or null.</returns>
    private static async ValueTask<string?> ReadBodyAsync<T>(HttpRequest request, T to, Action<T, ReadOnlySpan<byte>> take)
    {
        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync();
                var tooLarge = read.Buffer.Length > MaxBodyOctets;
                if (read.IsCompleted && !tooLarge)
                    take(to, read.Buffer.IsSingleSegment ? read.Buffer.FirstSpan : read.Buffer.ToArray());
                var done = read.IsCompleted || tooLarge;
                request.BodyReader.AdvanceTo(done ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
                if (done)
                    return tooLarge ? TooLarge : null;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return "body could not be read to its end"; // chunks that are none, too slow, or the client went away
        }
    }

    private void AddBody(ReadOnlySpan<byte> body)
    {
        if (body.StartsWith("\uFEFF"u8))
            body = body[3..];
        if (_reading == RequestReading.Octets)
        {
            AddForm(body);
            return;
        }
        body = body.TrimStart(" \t\r\n"u8);
        if (body.StartsWith("{"u8) || body.StartsWith("["u8) && _reading == RequestReading.Nested)
            AddJson(body);
        else if (body.StartsWith("["u8))
            Fault = "body must be a JSON object";
        else
            AddForm(body.TrimEnd("\r\n"u8));
    }

    private void AddJson(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, Json);
        try
        {
            reader.Read();
            if (_reading == RequestReading.Nested)
                AddNested(ref reader, "");
            else while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                switch (reader.TokenType)
                {
                    case JsonTokenType.String:
                        _values.TryAdd(name, reader.GetString()!);
                        break;
                    case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                        _values.TryAdd(name, Encoding.ASCII.GetString(reader.ValueSpan));
                        break;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        (_composites ??= []).Add(name);
                        reader.Skip();
                        break;
                }
            }
            reader.Read(); // anything after the closing brace is refused here
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: octets that are not UTF-8, or half a surrogate pair, inside a string.
            Fault = $"body is not valid JSON at octet {reader.BytesConsumed}";
        }
    }

    /// <summary>The value the reader stands at: what is in an object or array is named by its way there, <c>messages.0.id</c>.</summary>
    private void AddNested(ref Utf8JsonReader reader, string path)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var name = reader.GetString()!;
                    reader.Read();
                    AddNested(ref reader, path.Length == 0 ? name : $"{path}.{name}");
                }
                break;
            case JsonTokenType.StartArray:
                for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
                    AddNested(ref reader, path.Length == 0 ? $"{i}" : $"{path}.{i}");
                break;
            case JsonTokenType.String:
                _values.TryAdd(path, reader.GetString()!);
                break;
            case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                _values.TryAdd(path, Encoding.ASCII.GetString(reader.ValueSpan));
                break;
        }
    }

    private void AddForm(ReadOnlySpan<byte> form)
    {
        if (!form.IsEmpty)
            _values.Expect(form.Count((byte)'&') + 1);
        foreach (var part in form.Split((byte)'&'))
        {
            var field = form[part];
            if (field.IsEmpty)
                continue;
            var equals = field.IndexOf((byte)'=');
            var value = "";
            var given = equals < 0 ? field : field[..equals];
            if (Usual(given) is not { } name && !TryUnescape(given, out name))
                Fault ??= "a parameter name is not valid UTF-8";
            else if (equals >= 0 && !TryUnescape(field[(equals + 1)..], out value, recurs: name is "api_key" or "from"))
                Fault ??= $"{name} is not valid UTF-8";
            else
                _values.TryAdd(name, value);
        }
    }

    private static string? Usual(ReadOnlySpan<byte> given)
    {
        Span<char> name = stackalloc char[LongestUsual];
        return Ascii.ToUtf16(given, name, out var length) == OperationStatus.Done && UsualNames.TryGetValue(name[..length], out var usual) ? usual : null;
    }

    /// <summary>Percent-decoding with plus as space (WHATWG URL, urlencoded parsing); a percent sign that starts no octet stands for itself.</summary>
    private bool TryUnescape(ReadOnlySpan<byte> escaped, out string text, bool recurs = false)
    {
        if (!escaped.ContainsAny((byte)'%', (byte)'+'))
            return TryDecode(escaped, out text, recurs);
        var rented = ArrayPool<byte>.Shared.Rent(escaped.Length);
        var octets = rented.AsSpan();
        var length = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == '%' && i + 2 < escaped.Length && char.IsAsciiHexDigit((char)escaped[i + 1]) && char.IsAsciiHexDigit((char)escaped[i + 2]))
            {
                octets[length++] = (byte)(Hex(escaped[i + 1]) << 4 | Hex(escaped[i + 2]));
                i += 2;
            }
            else
            {
                octets[length++] = escaped[i] == '+' ? (byte)' ' : escaped[i];
            }
        }
        var valid = TryDecode(octets[..length], out text, recurs);
        ArrayPool<byte>.Shared.Return(rented);
        return valid;

        static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
    }

    private bool TryDecode(ReadOnlySpan<byte> octets, out string text, bool recurs)
    {
        var encoding = _reading == RequestReading.Octets ? Encoding.Latin1 : Encoding.UTF8;
        var valid = encoding == Encoding.Latin1 || Utf8.IsValid(octets);
        text = !valid ? "" : recurs ? RecurringTexts.Of(octets, encoding) : encoding.GetString(octets);
        return valid;
    }
}
