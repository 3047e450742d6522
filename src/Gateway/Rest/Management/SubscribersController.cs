using System.Text.Json.Serialization;
using Gateway.Provisioning;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Rest.Management;

/// <summary>
/// Subscribers: who may register at the gateway's own registrar, and whoever is registered, here or in the network, with what his contacts can do.
/// </summary>
[Route("api/subscribers")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, Problems.MediaType)]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status401Unauthorized, Problems.MediaType)]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, Problems.MediaType)]
public sealed class SubscribersController(DirectoryStore directoryStore, LiveDirectory directory, GatewayStore store, SipSettings sip, TimeProvider time)
    : ManagementController
{
    private const int MaxUsername = 64;

    /// <summary>Lists them in the order of their numbers.</summary>
    [HttpGet]
    [ProducesResponseType(StatusCodes.Status200OK)]
    public async Task<Page<Subscriber>> List([FromQuery] PageQuery page)
    {
        var (after, now) = (page.AfterKey ?? "", time.GetUtcNow().ToUnixTimeMilliseconds());
        var registered = await store.ReadAsync(db => new ValueTask<List<string>>(db.Contacts
            .Where(contact => contact.ExpiresAt > now && contact.Subscriber.CompareTo(after) > 0)
            .Select(contact => contact.Subscriber).Distinct().OrderBy(number => number).Take(page.Limit + 1).ToListAsync(HttpContext.RequestAborted)));
        var users = directory.Current.Users.Keys.Where(number => string.CompareOrdinal(number, after) > 0).Take(page.Limit + 1);
        var found = Page.Of([.. registered.Union(users).Order(StringComparer.Ordinal).Take(page.Limit + 1)], page.Limit, number => number);
        return new Page<Subscriber>(await ReadAsync(found.Items), found.Next);
    }

    /// <summary>One of them, by the digits of his number.</summary>
    [HttpGet("{number}")]
    [ProducesResponseType(StatusCodes.Status200OK)]
    public async Task<ActionResult<Subscriber>> Get(string number)
    {
        if (!SettingsCheck.IsNumber(number))
            return NotFound();
        var subscriber = (await ReadAsync([number.TrimStart('+')]))[0];
        if (!subscriber.IsUser && subscriber.Contacts.Count == 0)
            return NotFound();
        if (subscriber.IsUser)
            Response.Headers.ETag = Preconditions.Tag(directory.Current.Users[subscriber.Number].Version);
        return subscriber;
    }

    /// <summary>Lets him register here with this password, or changes it. Without a password he keeps the one he has.</summary>
    [HttpPut("{number}")]
    [ProducesResponseType(StatusCodes.Status200OK)]
    [ProducesResponseType<Subscriber>(StatusCodes.Status201Created)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status409Conflict, Problems.MediaType)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status412PreconditionFailed, Problems.MediaType)]
    public async Task<ActionResult<Subscriber>> Put(string number, [FromBody] SubscriberCredentials credentials)
    {
        if (!SettingsCheck.IsNumber(number))
            return RefuseField("number", $"\"{number}\" is not an E.164 number");
        if (credentials.Username is { } name && (name.Length is 0 or > MaxUsername || name.Any(c => c is <= ' ' or > '~' or ':' or '"' or '\\')))
            return RefuseField("username", $"is not 1 to {MaxUsername} visible ASCII characters without : \" and \\");
        var isNew = false;
        var refusal = await directoryStore.ChangeAsync(snapshot =>
        {
            var entry = snapshot.Users.GetValueOrDefault(number.TrimStart('+'));
            isNew = entry is null;
            return Decide(snapshot, number.TrimStart('+'), entry, credentials);
        }, null, HttpContext.RequestAborted);
        if (refusal is not null)
            return refusal;
        if (isNew)
            Response.Headers.Location = $"{Request.PathBase}{Request.Path}";
        return await Get(number) is { Value: { } subscriber } ? StatusCode(isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, subscriber) : NotFound();
    }

    /// <summary>Takes his right to register here, and what he has registered here.</summary>
    [HttpDelete("{number}")]
    [ProducesResponseType(StatusCodes.Status204NoContent)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status412PreconditionFailed, Problems.MediaType)]
    public async Task<IActionResult> Delete(string number)
    {
        var msisdn = number.TrimStart('+');
        return await directoryStore.ChangeAsync<IActionResult>(snapshot =>
                snapshot.Users.GetValueOrDefault(msisdn) is not { } entry ? (NotFound(), null)
                : Preconditions.Refusal(Request, entry.Version) is { } refusal ? (refusal, null)
                : (NoContent(), DirectoryStore.Row(DirectoryKind.User, msisdn, null)),
            db => db.Contacts.Where(contact => contact.Subscriber == msisdn && contact.Source == ContactSource.Registrar).ExecuteDelete(),
            HttpContext.RequestAborted);
    }

    private (ObjectResult?, DirectoryRow?) Decide(
        DirectorySnapshot snapshot, string msisdn, DirectoryEntry<RegistrarUserSettings>? entry, SubscriberCredentials credentials)
    {
        if (Preconditions.Refusal(Request, entry?.Version) is { } refusal)
            return (refusal, null);
        var given = new RegistrarUserSettings { Number = msisdn, Username = credentials.Username, Password = credentials.Password ?? "" };
        if (snapshot.UserNamed(given.DigestUsername) is { } other && other.Msisdn != msisdn)
            return (Refuse(StatusCodes.Status409Conflict, "The username is taken", $"{given.DigestUsername} is subscriber {other.Msisdn}"), null);
        var kept = entry?.Settings.WithoutPassword(sip.Domain);
        if (given.Password.Length == 0 && kept?.DigestUsername != given.DigestUsername)
            return (RefuseField("password", "missing: it is stored as a hash together with the username, so a new username needs it too"), null);
        var user = given.Password.Length > 0 ? given.WithoutPassword(sip.Domain) : kept!;
        return (null, DirectoryStore.Row(DirectoryKind.User, msisdn, DirectoryJson.Of(user)));
    }

    private async Task<List<Subscriber>> ReadAsync(IReadOnlyList<string> numbers)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var rows = await store.ReadAsync(db => new ValueTask<List<ContactRow>>(db.Contacts.AsNoTracking()
            .Where(contact => numbers.Contains(contact.Subscriber) && contact.ExpiresAt > now)
            .OrderByDescending(contact => contact.Q).ThenByDescending(contact => contact.RegisteredAt).ToListAsync(HttpContext.RequestAborted)));
        var contacts = rows.ToLookup(row => row.Subscriber, SubscriberContact.Of);
        return [.. numbers.Select(number => new Subscriber(number, directory.Current.User(number) is not null,
            directory.Current.User(number)?.DigestUsername, [.. contacts[number]]))];
    }
}

/// <summary>What a subscriber proves with who he is, at the gateway's own registrar.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed class SubscriberCredentials
{
    /// <summary>Digest username; the number's digits when not given.</summary>
    public string? Username { get; init; }
    /// <summary>Never given back, nor kept: what is stored are hashes good for digest in this domain.</summary>
    public string? Password { get; init; }
}

/// <summary>A subscriber with the contacts that are registered for him now, the preferred one first.</summary>
/// <param name="Number">E.164 digits.</param>
/// <param name="IsUser">He may register at the gateway itself.</param>
/// <param name="Username">His digest username there.</param>
/// <param name="Contacts">None: he is not registered.</param>
public sealed record Subscriber(string Number, bool IsUser, string? Username, IReadOnlyList<SubscriberContact> Contacts);

/// <summary>One registered contact and what it can do.</summary>
/// <param name="Uri">Where it is reached.</param>
/// <param name="PublicUserIdentity">The identity it is registered for.</param>
/// <param name="Capability"><c>3gpp-sms</c>: it takes application/vnd.3gpp.sms (+g.3gpp.smsip); <c>text</c>: it is sent text/plain.</param>
/// <param name="FeatureTags">As the contact gave them.</param>
/// <param name="Q">Its preference, 0 to 1.</param>
/// <param name="Source"><c>Registrar</c>: it registered here; <c>Reginfo</c>: the network told of it.</param>
/// <param name="RegisteredAt">When that was first or last told.</param>
/// <param name="ExpiresAt">When it ends unless it is refreshed.</param>
public sealed record SubscriberContact(string Uri, string PublicUserIdentity, string Capability, string FeatureTags, decimal Q, string Source,
    DateTimeOffset RegisteredAt, DateTimeOffset ExpiresAt)
{
    internal static SubscriberContact Of(ContactRow row) => new(row.Uri, row.PublicUserIdentity, row.SmsOverIp ? "3gpp-sms" : "text", row.FeatureTags,
        row.Q / 1000m, row.Source.ToString(), DateTimeOffset.FromUnixTimeMilliseconds(row.RegisteredAt), DateTimeOffset.FromUnixTimeMilliseconds(row.ExpiresAt));
}
