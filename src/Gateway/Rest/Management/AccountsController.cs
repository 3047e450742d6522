using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Gateway.Provisioning;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest.Management;

/// <summary>Who sends by the APIs, and whose applications have numbers.</summary>
[Route("api/accounts")]
public sealed class AccountsController(DirectoryStore store, LiveDirectory directory, DirectoryJson json, IHostEnvironment environment)
    : DirectoryController<AccountSettings>(store, directory, json)
{
    private protected override DirectoryKind Kind => DirectoryKind.Account;
    private protected override string NameSetting => nameof(AccountSettings.ApiKey);

    private protected override ImmutableSortedDictionary<string, DirectoryEntry<AccountSettings>> Entries(DirectorySnapshot snapshot) => snapshot.Accounts;

    private protected override IEnumerable<string> Faults(AccountSettings account)
    {
        foreach (var fault in SettingsCheck.Account(account, "", environment.IsProduction())) yield return fault;
        var numbers = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < account.Numbers.Count; i++)
            if (!numbers.Add(account.Numbers[i].TrimStart('+'))) yield return $":Numbers:{i}: \"{account.Numbers[i]}\" is there twice";
    }

    private protected override IEnumerable<string> Conflicts(DirectorySnapshot snapshot, string name, AccountSettings account) =>
        account.Numbers.Select((number, i) => (number, i, Owner: snapshot.AccountOf(number.TrimStart('+'))))
            .Where(taken => taken.Owner is not null && taken.Owner.ApiKey != name)
            .Select(taken => $":Numbers:{taken.i}: \"{taken.number}\" is a number of account {taken.Owner!.ApiKey}");

    /// <summary>The numbers of its applications.</summary>
    [HttpGet("{name}/numbers")]
    [ProducesResponseType(StatusCodes.Status200OK)]
    public ActionResult<IReadOnlyList<string>> Numbers(string name) =>
        Directory.Current.Account(name) is { } account ? account.Numbers : NotFound();

    /// <summary>Gives the account's applications a number; one that is another account's is refused.</summary>
    [HttpPut("{name}/numbers/{number}")]
    [ProducesResponseType(StatusCodes.Status204NoContent)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status409Conflict, Problems.MediaType)]
    public Task<IActionResult> AddNumber(string name, string number) => ChangeNumbersAsync(name, (snapshot, account) =>
        !SettingsCheck.IsNumber(number) ? (RefuseField("number", $"\"{number}\" is not a number"), null)
        : snapshot.AccountOf(number.TrimStart('+')) is not { } owner ? (null, [.. account.Numbers, number])
        : owner.ApiKey == name ? (NoContent(), null)
        : (Refuse(StatusCodes.Status409Conflict, "The number is taken", $"{number} is a number of account {owner.ApiKey}"), null));

    /// <summary>Takes a number from the account's applications.</summary>
    [HttpDelete("{name}/numbers/{number}")]
    [ProducesResponseType(StatusCodes.Status204NoContent)]
    public Task<IActionResult> RemoveNumber(string name, string number) => ChangeNumbersAsync(name, (_, account) =>
        account.Numbers.FindAll(kept => kept.TrimStart('+') != number.TrimStart('+')) is var left && left.Count < account.Numbers.Count
            ? (null, left) : (NotFound(), null));

    /// <summary>Every number of every account's applications.</summary>
    [HttpGet("/api/numbers")]
    [ProducesResponseType(StatusCodes.Status200OK)]
    public Page<OwnedNumber> AllNumbers([FromQuery] PageQuery page) => Page.Of(
        [.. Directory.Current.Accounts.Values.SelectMany(entry => entry.Settings.Numbers, (entry, number) => new OwnedNumber(number.TrimStart('+'), entry.Settings.ApiKey))
            .Where(owned => string.CompareOrdinal(owned.Number, page.AfterKey) > 0)
            .OrderBy(owned => owned.Number, StringComparer.Ordinal).Take(page.Limit + 1)], page.Limit, owned => owned.Number);

    private async Task<IActionResult> ChangeNumbersAsync(
        string name, Func<DirectorySnapshot, AccountSettings, (IActionResult? Answer, List<string>? Numbers)> change) =>
        await Store.ChangeAsync<IActionResult>(snapshot =>
        {
            if (snapshot.Accounts.GetValueOrDefault(name) is not { Stored: { } stored } entry)
                return (NotFound(), null);
            if (Preconditions.Refusal(Request, entry.Version) is { } refusal)
                return (refusal, null);
            var (answer, numbers) = change(snapshot, entry.Settings);
            if (numbers is null)
                return (answer!, null);
            var body = stored.DeepClone().AsObject();
            body[nameof(AccountSettings.Numbers)] = new JsonArray([.. numbers.Select(number => JsonValue.Create(number))]);
            return (NoContent(), DirectoryStore.Row(Kind, name, body));
        }, null, HttpContext.RequestAborted);
}

/// <summary>A number (digits) and the account whose application has it.</summary>
public sealed record OwnedNumber(string Number, string Account);
