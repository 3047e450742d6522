using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Rules;

/// <summary>
/// As much of JSON Schema 2020-12 as openapi/webhooks.yaml uses, over objects of strings; a keyword that is not known here is a fault, so that
/// nothing in the schemas goes unchecked.
/// </summary>
internal sealed class JsonSchemaCheck(JsonNode document)
{
    /// <summary>What is wrong, one line each; none: it is valid.</summary>
    public List<string> Faults(string schema, IReadOnlyDictionary<string, string> fields) => OfObject(Component(schema), fields);

    private JsonObject Component(string name) => document["components"]!["schemas"]![name]!.AsObject();

    private JsonObject Resolve(JsonNode schema) => (string?)schema["$ref"] is { } reference ? Component(reference.Split('/')[^1]) : schema.AsObject();

    private List<string> OfObject(JsonObject schema, IReadOnlyDictionary<string, string> fields)
    {
        var faults = new List<string>();
        var properties = schema["properties"]?.AsObject() ?? [];
        foreach (var (keyword, value) in schema)
        {
            switch (keyword)
            {
                case "description" or "properties":
                    break;
                case "type" when (string?)value == "object":
                    break;
                case "oneOf":
                    var each = value!.AsArray().Select(one => OfObject(Resolve(one!), fields)).ToList();
                    if (each.Count(one => one.Count == 0) != 1) faults.Add($"not exactly one of {each.Count}: {string.Join("; ", each.SelectMany(one => one))}");
                    break;
                case "required":
                    faults.AddRange(value!.AsArray().Select(name => (string)name!).Where(name => !fields.ContainsKey(name)).Select(name => $"{name} is missing"));
                    break;
                case "additionalProperties" when value is JsonValue allowed && !(bool)allowed:
                    faults.AddRange(fields.Keys.Where(name => !properties.ContainsKey(name)).Select(name => $"{name} is not described"));
                    break;
                case "dependentRequired":
                    faults.AddRange(value!.AsObject().Where(pair => fields.ContainsKey(pair.Key))
                        .SelectMany(pair => pair.Value!.AsArray().Select(name => (string)name!).Where(name => !fields.ContainsKey(name))
                            .Select(name => $"{pair.Key} without {name}")));
                    break;
                default:
                    throw new NotSupportedException($"{keyword}: {value}");
            }
        }
        foreach (var (name, property) in properties)
            if (fields.TryGetValue(name, out var text)) faults.AddRange(OfText(Resolve(property!), text).Select(fault => $"{name}: \"{text}\" {fault}"));
        return faults;
    }

    private static IEnumerable<string> OfText(JsonObject schema, string text) => schema.Where(pair => !IsMet(pair.Key, pair.Value!, text)).Select(pair => $"is against {pair.Key} {pair.Value}");

    private static bool IsMet(string keyword, JsonNode value, string text) => keyword switch
    {
        "description" or "examples" => true,
        "type"      => (string)value! == "string",
        "pattern"   => Regex.IsMatch(text, (string)value!),
        "enum"      => value.AsArray().Any(one => (string)one! == text),
        "const"     => (string)value! == text,
        "minLength" => text.Length >= int.Parse(value.ToString()),
        "maxLength" => text.Length <= int.Parse(value.ToString()),
        _ => throw new NotSupportedException($"{keyword}: {value}"),
    };
}
