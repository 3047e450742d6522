using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Provisioning;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest.Management;

/// <summary>
/// Entries of the directory by their names: what the settings file could say of them, and by the same rules. Secrets are taken and never given back: one
/// that is not given stays, an empty one goes. <c>ETag</c> is the entry's version; <c>If-Match</c> makes a change apply to that version alone,
/// <c>If-None-Match: *</c> to none at all.
/// </summary>
[ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, Problems.MediaType)]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status401Unauthorized, Problems.MediaType)]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, Problems.MediaType)]
public abstract class DirectoryController<T>(DirectoryStore store, LiveDirectory directory, DirectoryJson json) : ManagementController where T : class, new()
{
    private protected DirectoryStore Store => store;
    private protected LiveDirectory Directory => directory;

    private protected abstract DirectoryKind Kind { get; }

    /// <summary>The setting that is the entry's name.</summary>
    private protected abstract string NameSetting { get; }

    private protected abstract ImmutableSortedDictionary<string, DirectoryEntry<T>> Entries(DirectorySnapshot snapshot);

    /// <summary>What is wrong with an entry by itself, in the words of <see cref="SettingsCheck"/>.</summary>
    private protected abstract IEnumerable<string> Faults(T settings);

    /// <summary>What of an entry is another one's already.</summary>
    private protected virtual IEnumerable<string> Conflicts(DirectorySnapshot snapshot, string name, T settings) => [];

    /// <summary>What goes with an entry.</summary>
    private protected virtual Action<GatewayDb>? Gone(string name) => null;

    /// <summary>Lists them in the order of their names.</summary>
    [HttpGet]
    [ProducesResponseType(StatusCodes.Status200OK)]
    public Page<T> List([FromQuery] PageQuery page)
    {
        var entries = Entries(directory.Current);
        var behind = page.AfterKey is { } after ? entries.Where(entry => entries.KeyComparer.Compare(entry.Key, after) > 0) : entries;
        var found = Page.Of([.. behind.Take(page.Limit + 1)], page.Limit, entry => entry.Key);
        return new Page<T>([.. found.Items.Select(entry => entry.Value.Settings)], found.Next);
    }

    /// <summary>One of them.</summary>
    [HttpGet("{name}")]
    [ProducesResponseType(StatusCodes.Status200OK)]
    public ActionResult<T> Get(string name) => Entries(directory.Current).GetValueOrDefault(name) is { } entry ? Shown(entry, StatusCodes.Status200OK) : NotFound();

    /// <summary>Makes it, or gives it these settings in place of those it has; a member that is left out gets its default.</summary>
    [HttpPut("{name}")]
    [ProducesResponseType(StatusCodes.Status200OK)]
    [ProducesResponseType(StatusCodes.Status201Created)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status409Conflict, Problems.MediaType)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status412PreconditionFailed, Problems.MediaType)]
    public async Task<ActionResult<T>> Put(string name, [FromBody] T settings)
    {
        var given = DirectoryJson.Of(settings);
        if (DirectoryJson.NullIn(given) is { } empty)
            return RefuseField(Problems.FieldOf(empty), "is null");
        if (given[NameSetting]!.GetValue<string>() is { Length: > 0 } inBody && inBody != name)
            return RefuseField(Problems.FieldOf(NameSetting), $"is not the one of the path, {name}");
        var isNew = false;
        var refusal = await store.ChangeAsync(snapshot =>
        {
            // Where case does not count, an entry keeps the name it has.
            var known = Entries(snapshot).TryGetKey(name, out var kept) ? kept : name;
            var entry = Entries(snapshot).GetValueOrDefault(known);
            isNew = entry is null;
            return Decide(snapshot, known, entry, given);
        }, null, HttpContext.RequestAborted);
        if (refusal is not null)
            return refusal;
        if (isNew)
            Response.Headers.Location = $"{Request.PathBase}{Request.Path}";
        return Entries(directory.Current).GetValueOrDefault(name) is { } now
            ? Shown(now, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK)
            : NotFound(); // and gone again
    }

    /// <summary>Takes it away; what is under way of it is concluded.</summary>
    [HttpDelete("{name}")]
    [ProducesResponseType(StatusCodes.Status204NoContent)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status412PreconditionFailed, Problems.MediaType)]
    public async Task<IActionResult> Delete(string name) => await store.ChangeAsync<IActionResult>(snapshot =>
    {
        if (Entries(snapshot).GetValueOrDefault(name) is not { } entry)
            return (NotFound(), null);
        if (Preconditions.Refusal(Request, entry.Version) is { } refusal)
            return (refusal, null);
        return (NoContent(), DirectoryStore.Row(Kind, Entries(snapshot).TryGetKey(name, out var known) ? known : name, null));
    }, Gone(name), HttpContext.RequestAborted);

    private (ObjectResult?, DirectoryRow?) Decide(DirectorySnapshot snapshot, string name, DirectoryEntry<T>? entry, JsonObject given)
    {
        if (Preconditions.Refusal(Request, entry?.Version) is { } refusal)
            return (refusal, null);
        var clear = given.DeepClone().AsObject();
        clear[NameSetting] = name;
        DirectoryJson.KeepSecrets<T>(clear, entry is null ? null : DirectoryJson.Of(entry.Settings));
        var settings = DirectoryJson.To<T>(clear);
        if (Faults(settings).ToList() is { Count: > 0 } faults)
            return (Problems.OfSettings(faults, StatusCodes.Status400BadRequest, "The settings are not valid"), null);
        if (Conflicts(snapshot, name, settings).ToList() is { Count: > 0 } conflicts)
            return (Problems.OfSettings(conflicts, StatusCodes.Status409Conflict, "The settings are taken"), null);
        var named = given.DeepClone().AsObject();
        named[NameSetting] = name;
        var body = json.Protect(Kind, name, DirectoryJson.To<T>(named));
        DirectoryJson.KeepSecrets<T>(body, entry?.Stored);
        return (null, DirectoryStore.Row(Kind, name, body));
    }

    private ActionResult<T> Shown(DirectoryEntry<T> entry, int status)
    {
        Response.Headers.ETag = Preconditions.Tag(entry.Version);
        return StatusCode(status, entry.Settings);
    }
}

/// <summary>RFC 9110 §13.1: a change that is meant for one version alone.</summary>
internal static class Preconditions
{
    public static string Tag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <param name="request">Its If-Match and If-None-Match count.</param>
    /// <param name="version">Of what is there; null: there is nothing.</param>
    public static ObjectResult? Refusal(HttpRequest request, long? version)
    {
        var (match, noneMatch) = (request.Headers.IfMatch, request.Headers.IfNoneMatch);
        return match.Count > 0 && !Has(match.ToString(), version) || noneMatch.Count > 0 && Has(noneMatch.ToString(), version)
            ? Problems.Of(new ProblemDetails
            {
                Status = StatusCodes.Status412PreconditionFailed, Title = "It has changed",
                Detail = version is { } there ? $"its version is {Tag(there)}" : "it is not there",
            })
            : null;
    }

    private static bool Has(string tags, long? version) => version is { } there
        && tags.Split(',', StringSplitOptions.TrimEntries).Any(tag => tag == "*" || tag == Tag(there));
}
