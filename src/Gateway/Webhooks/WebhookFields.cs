using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.Webhooks;

/// <summary>
/// The fields of one webhook in the order they are sent. Every value is a string, and what is empty is not sent: SDKs that verify signatures
/// skip empty values, so an empty one would break the signature.
/// </summary>
internal sealed class WebhookFields : List<KeyValuePair<string, string>>
{
    public void Add(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            Add(KeyValuePair.Create(name, value));
    }

    public void Add(string name, long value) => Add(name, value.ToString(CultureInfo.InvariantCulture));

    public byte[] ToUtf8Json()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in this)
                json.WriteString(name, value);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    public string ToJson() => Encoding.UTF8.GetString(ToUtf8Json());

    /// <summary>What <see cref="ToJson"/> made.</summary>
    public static WebhookFields Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var fields = new WebhookFields();
        foreach (var field in document.RootElement.EnumerateObject())
            fields.Add(field.Name, field.Value.GetString());
        return fields;
    }
}
