using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Gateway.Store;

namespace Gateway.Provisioning;

/// <summary>
/// Settings of the directory as JSON, in two forms that differ in their secrets: as they are stored, hashed or encrypted, and as the management API
/// shows them, not at all. Which properties are secret says <see cref="SecretAttribute"/>.
/// </summary>
public sealed class DirectoryJson(SecretBox box)
{
    private static readonly JsonSerializerOptions Stored = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static JsonObject Of<T>(T settings) => JsonSerializer.SerializeToNode(settings, Stored)!.AsObject();

    /// <summary>What differs from the defaults, so that settings a later version knows make no difference.</summary>
    public static JsonObject Given<T>(T settings) where T : new()
    {
        var (body, defaults) = (Of(settings), Of(new T()));
        foreach (var (name, value) in defaults)
            if (JsonNode.DeepEquals(body[name], value)) body.Remove(name);
        return body;
    }

    public static T To<T>(JsonObject body) => body.Deserialize<T>(Stored)!;

    /// <summary>Where a list or a table has a null, as settings name it (<c>Numbers:0</c>), which no setting can be; or null.</summary>
    public static string? NullIn(JsonNode? node, string at = "") => node switch
    {
        JsonObject members => members.Select(member => NullIn(member.Value, Under(at, member.Key))).FirstOrDefault(found => found is not null),
        JsonArray items => items.Select((item, i) => NullIn(item, Under(at, $"{i}"))).FirstOrDefault(found => found is not null),
        null => at,
        _ => null,
    };

    /// <summary>As it is stored; the secrets are in clear in <paramref name="settings"/>.</summary>
    /// <exception cref="SettingsFaultException">There is no key to encrypt with.</exception>
    public JsonObject Protect<T>(DirectoryKind kind, string name, T settings)
    {
        var body = Of(settings);
        foreach (var (secret, attribute) in SecretsOf(typeof(T)))
            if (body[secret] is { } clear) body[secret] = Leaves(clear, text => attribute.Hashed ? SecretHash.Of(text) : box.Encrypt(text, Place(kind, name, secret)));
        return body;
    }

    /// <summary>As it is used: what is encrypted in clear, what is hashed as it is.</summary>
    /// <exception cref="SettingsFaultException">The key is missing or another one.</exception>
    public T Read<T>(DirectoryKind kind, string name, JsonObject body)
    {
        var clear = body.DeepClone().AsObject();
        foreach (var (secret, attribute) in SecretsOf(typeof(T)))
            if (!attribute.Hashed && clear[secret] is { } kept) clear[secret] = Leaves(kept, text => box.Decrypt(text, Place(kind, name, secret)));
        return To<T>(clear);
    }

    /// <summary>A secret that is not given stays as it was stored, an empty one goes.</summary>
    public static void KeepSecrets<T>(JsonObject body, JsonObject? stored)
    {
        foreach (var (secret, _) in SecretsOf(typeof(T)))
        {
            if (body[secret] is JsonValue given && given.GetValueKind() == JsonValueKind.String && given.GetValue<string>().Length == 0) body.Remove(secret);
            else if (body[secret] is null && stored?[secret] is { } kept) body[secret] = kept.DeepClone();
        }
    }

    /// <summary>For the serializer of the management API: members nobody knows are refused, secrets are taken and not shown; whether there is one is.</summary>
    public static void Hide(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object || type.Type.Namespace != typeof(AccountSettings).Namespace) return; // all settings, nested ones too
        type.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        foreach (var (secret, _) in SecretsOf(type.Type))
        {
            var property = type.Properties.First(candidate => candidate.Name.Equals(secret, StringComparison.OrdinalIgnoreCase));
            var read = property.Get!;
            property.ShouldSerialize = (_, _) => false;
            var has = type.CreateJsonPropertyInfo(typeof(bool), HasName(secret));
            has.Get = settings => read(settings) is string text ? text.Length > 0 : read(settings) is not null;
            has.Set = (_, _) => { }; // what was read may be written back as it is
            type.Properties.Add(has);
        }
    }

    public static string HasName(string secret) => $"has{secret}";

    public static IEnumerable<(string Name, SecretAttribute Attribute)> SecretsOf(Type type) =>
        from property in type.GetProperties()
        let attribute = property.GetCustomAttribute<SecretAttribute>()
        where attribute is not null
        select (property.Name, attribute);

    private static string Under(string at, string key) => at.Length == 0 ? key : $"{at}:{key}";

    private static string Place(DirectoryKind kind, string name, string secret) => $"{kind} {name} {secret}";

    /// <summary>Every text in it, and nothing of an empty one.</summary>
    private static JsonNode? Leaves(JsonNode? node, Func<string, string> change) => node switch
    {
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Leaves(member.Value, change)))),
        JsonArray items => new JsonArray([.. items.Select(item => Leaves(item, change))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>() is { Length: > 0 } text ? change(text) : "",
        _ => node?.DeepClone(),
    };
}
