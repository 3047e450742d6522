using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Gateway.Billing;
using Gateway.Provisioning;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Rest.Management;

/// <summary>Who sends by the APIs, and whose applications have numbers.</summary>
[Route("api/accounts")]
public sealed class AccountsController(DirectoryStore store, LiveDirectory directory, DirectoryJson json, Balances balances, IHostEnvironment environment)
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
            .Select(taken => $":Numbers:{taken.i}: \"{taken.number}\" is a number of account {taken.Owner!.ApiKey}")
            .Concat(!string.IsNullOrEmpty(account.ApplicationId) && snapshot.AccountOfApplication(account.ApplicationId) is { } other && other.ApiKey != name
                ? [$":ApplicationId: \"{account.ApplicationId}\" is the application of account {other.ApiKey}"] : []);

    /// <summary>An account of the same name that comes later begins anew.</summary>
    private protected override Action<GatewayDb> Gone(string name) => db => db.Balances.Where(balance => balance.Account == name).ExecuteDelete();

    /// <summary>What a prepaid account has left.</summary>
    [HttpGet("{name}/balance")]
    public async Task<ActionResult<AccountBalance>> Balance(string name) =>
        Directory.Current.Account(name) is { } account ? Shown(account, await balances.ReadAsync(account, HttpContext.RequestAborted)) : NotFound();

    /// <summary>Adds an amount to the balance of a prepaid account; a negative one takes it.</summary>
    [HttpPost("{name}/balance")]
    [ProducesResponseType<AccountBalance>(StatusCodes.Status200OK)]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status409Conflict, Problems.MediaType)]
    public async Task<ActionResult<AccountBalance>> TopUp(string name, [FromBody] TopUp topUp)
    {
        if (Directory.Current.Account(name) is not { } account)
            return NotFound();
        if (topUp.Amount == 0 || !Tariff.IsAmount(topUp.Amount, SettingsCheck.MaxBalance))
            return RefuseField("amount", "is not an amount of up to 8 places");
        if (account.Balance is null)
            return Refuse(StatusCodes.Status409Conflict, "The account is not prepaid", "it has no balance, and no limit");
        return await balances.AddAsync(account, Tariff.ToUnits(topUp.Amount), HttpContext.RequestAborted) is { } balance ? Shown(account, balance)
            : Refuse(StatusCodes.Status409Conflict, "The balance does not allow it", "it would be below zero, or more than an account may have");
    }

    private static AccountBalance Shown(AccountSettings account, long? units) =>
        new(account.ApiKey, account.Balance is not null, units is { } balance ? Tariff.ToDecimal(balance) : null);

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

/// <summary>An amount to add to a balance.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed class TopUp
{
    /// <summary>Up to 8 places; below zero: it is taken.</summary>
    [JsonRequired]
    public decimal Amount { get; init; }
}

/// <summary>What an account has left.</summary>
/// <param name="Account">api_key.</param>
/// <param name="Prepaid">It pays from a balance; an account that is not prepaid has no limit.</param>
/// <param name="Balance">Null: it is not prepaid.</param>
public sealed record AccountBalance(string Account, bool Prepaid, decimal? Balance);

/// <summary>A number (digits) and the account whose application has it.</summary>
public sealed record OwnedNumber(string Number, string Account);
