using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Sms;

namespace Gateway.Diagnostics;

/// <summary>One JSON object a line: what the line modes of the diagnostic commands read and write.</summary>
internal static class JsonLine
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(JsonObject answer) => answer.ToJsonString(Plain);

    public static bool TryParse(string line, out JsonObject request)
    {
        request = [];
        try
        {
            if (JsonNode.Parse(line) is not JsonObject parsed) return false;
            // Members are read when asked for; a repeated key would only show, as an exception, then.
            _ = parsed.Count;
            request = parsed;
            return true;
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            return false;
        }
    }

    public static string? Text(JsonObject request, string key) =>
        request[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static int? Number(JsonObject request, string key) =>
        request[key] is JsonValue value && value.TryGetValue<int>(out var number) ? number : null;

    public static JsonObject Error(PduError error) => Error(error.Reason, error.Field, error.Offset);

    public static JsonObject Error(string reason, string field, int offset) => new()
    {
        ["error"] = true, ["reason"] = reason, ["field"] = field, ["offset"] = offset,
    };
}
