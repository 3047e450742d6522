using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Gateway.Billing;
using Gateway.Provisioning;
using Gateway.Routing;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest;

/// <summary>What an account asks and changes of itself the way Nexmo lets it: balance, webhook URLs, numbers. A change is in force on every node within a
/// second.</summary>
[Tags("Account API")]
public sealed class AccountController(Accounts accounts, DirectoryStore directory, Balances balances, NumberPlan plan, TimeProvider time)
    : NexmoController(accounts, time)
{
    private const int MaxSize = 100, DefaultSize = 10, MaxUrlCharacters = 2000;

    /// <summary>What is left of the balance; 1000000 if the account is not prepaid.</summary>
    [HttpGet("account/get-balance"), SearchFields]
    [ProducesResponseType<BalanceReply>(StatusCodes.Status200OK, "application/json")]
    public Task<IActionResult> BalanceAsync() => AnswerAsync(async (_, account) =>
        Found(new BalanceReply(Tariff.ToDecimal(await balances.ReadAsync(account, Cancel) ?? Tariff.UnlimitedBalance))));

    /// <summary>Sets the URLs of the account's webhooks; an empty one goes, one that is not given stays.</summary>
    [HttpPost("account/settings"), SearchFields("moCallBackUrl", "drCallBackUrl")]
    [ProducesResponseType<SettingsReply>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<ErrorCodeReply>(MethodFailed, "application/json")]
    public Task<IActionResult> SettingsAsync() => AnswerAsync(async (fields, account) =>
    {
        if (fields.Has("newSecret"))
            return Coded(MethodFailed, "newSecret cannot be set here");
        foreach (var name in new[] { "moCallBackUrl", "drCallBackUrl" })
            if (fields[name] is { } url && !IsUrl(url)) return Coded(MethodFailed, $"{name} is not an http or https URL of up to {MaxUrlCharacters} characters");
        var changed = account;
        if (fields.Has("moCallBackUrl") || fields.Has("drCallBackUrl"))
        {
            changed = await ChangeAsync(account, body =>
            {
                if (fields.Has("moCallBackUrl")) body[nameof(AccountSettings.InboundUrl)] = fields["moCallBackUrl"];
                if (fields.Has("drCallBackUrl")) body[nameof(AccountSettings.DeliveryReceiptUrl)] = fields["drCallBackUrl"];
            });
        }
        return changed is null ? Coded(StatusCodes.Status401Unauthorized, "authentication failed")
            : Found(new SettingsReply(changed.InboundUrl ?? "", changed.DeliveryReceiptUrl ?? "", changed.MaxRequestsPerSecond));
    });

    /// <summary>The numbers of the account's applications, in pages.</summary>
    [HttpGet("account/numbers"), SearchFields("index", "size", "pattern", "search_pattern", "country")]
    [ProducesResponseType<NumbersReply>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<ErrorCodeReply>(MethodFailed, "application/json")]
    public Task<IActionResult> NumbersAsync() => AnswerAsync((fields, account) =>
    {
        if (!TryRead(fields["index"], 1, int.MaxValue, 1, out var index) || !TryRead(fields["size"], 1, MaxSize, DefaultSize, out var size)
            || !TryRead(fields["search_pattern"], 0, 2, 0, out var place))
            return Task.FromResult<IActionResult>(Coded(MethodFailed, "index, size or search_pattern is out of range"));
        var found = account.Numbers.Select(number => number.TrimStart('+')).Order(StringComparer.Ordinal).Select(number => NumberOf(account, number))
            .Where(number => fields["country"] is not { } country || country.Equals(number.Country, StringComparison.OrdinalIgnoreCase))
            .Where(number => fields["pattern"] is not { } pattern || Matches(number.Msisdn, pattern, place)).ToList();
        var numbers = (index - 1L) * size < found.Count ? found.Skip((index - 1) * size).Take(size).ToList() : [];
        return Task.FromResult<IActionResult>(Found(new NumbersReply(found.Count, numbers)));
    });

    /// <summary>Sets the URL that messages to one of the account's numbers are pushed to; an empty one goes, and the account's own counts.</summary>
    [HttpPost("number/update"), SearchFields("country", "msisdn", "moHttpUrl")]
    [ProducesResponseType<ErrorCodeReply>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<ErrorCodeReply>(MethodFailed, "application/json")]
    public Task<IActionResult> UpdateAsync() => AnswerAsync(async (fields, account) =>
    {
        if (NumberPlan.International(fields["msisdn"] ?? "") is not { } number || !Owns(account, number))
            return Coded(MethodFailed, "method failed");
        if (fields["country"] is { } country && !country.Equals(plan.CountryOf(number), StringComparison.OrdinalIgnoreCase))
            return Coded(MethodFailed, "country is not the number's");
        if (fields["moHttpUrl"] is { } given && !IsUrl(given))
            return Coded(MethodFailed, $"moHttpUrl is not an http or https URL of up to {MaxUrlCharacters} characters");
        if (fields.Has("moHttpUrl"))
        {
            await ChangeAsync(account, body =>
            {
                var urls = body[nameof(AccountSettings.NumberUrls)]?.DeepClone().AsObject() ?? [];
                urls.Remove(number);
                if (fields["moHttpUrl"] is { } url) urls[number] = url;
                body[nameof(AccountSettings.NumberUrls)] = urls;
            });
        }
        return Coded(StatusCodes.Status200OK, "success");
    });

    /// <summary>Null: the account is gone.</summary>
    private Task<AccountSettings?> ChangeAsync(AccountSettings account, Action<JsonObject> change) => directory.ChangeAsync(snapshot =>
    {
        if (snapshot.Accounts.GetValueOrDefault(account.ApiKey)?.Stored is not { } stored)
            return (null, null);
        var body = stored.DeepClone().AsObject();
        change(body);
        return ((AccountSettings?)DirectoryJson.To<AccountSettings>(body), DirectoryStore.Row(DirectoryKind.Account, account.ApiKey, body));
    }, null, Cancel);

    private NumberReply NumberOf(AccountSettings account, string number) =>
        new(plan.CountryOf(number), number, account.InboundUrlOf(number) ?? "", "mobile-lvn", ["SMS"]);

    private static bool Owns(AccountSettings account, string number) => account.Numbers.Exists(own => own.TrimStart('+') == number);

    private static bool Matches(string number, string pattern, int place) => place switch
    {
        0 => number.StartsWith(pattern, StringComparison.Ordinal),
        1 => number.Contains(pattern, StringComparison.Ordinal),
        _ => number.EndsWith(pattern, StringComparison.Ordinal),
    };

    private static bool IsUrl(string url) => url.Length <= MaxUrlCharacters && SettingsCheck.IsHttpUrl(url) && !url.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static bool TryRead(string? text, int least, int most, int otherwise, out int number)
    {
        number = otherwise;
        return text is null || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most;
    }
}

/// <summary>What is left.</summary>
public sealed record BalanceReply([property: JsonPropertyName("value")] decimal Value)
{
    /// <summary>Nothing is added by itself.</summary>
    [JsonPropertyName("autoReload")] public bool AutoReload => false;
}

/// <summary>The account's webhook URLs, empty where there is none, and its limits by the second.</summary>
public sealed record SettingsReply(
    [property: JsonPropertyName("mo-callback-url")] string InboundUrl,
    [property: JsonPropertyName("dr-callback-url")] string DeliveryReceiptUrl,
    [property: JsonPropertyName("max-outbound-request")] int MaxOutboundRequest)
{
    [JsonPropertyName("max-inbound-request")] public int MaxInboundRequest => MaxOutboundRequest;
    [JsonPropertyName("max-calls-per-second")] public int MaxCallsPerSecond => MaxOutboundRequest;
}

/// <summary>A page of numbers, and how many there are in all.</summary>
public sealed record NumbersReply([property: JsonPropertyName("count")] int Count, [property: JsonPropertyName("numbers")] IReadOnlyList<NumberReply> Numbers);

/// <summary>A number of the account's applications.</summary>
/// <param name="Country">ISO 3166-1 alpha-2; ZZ when no numbering plan has it.</param>
/// <param name="Msisdn">Digits.</param>
/// <param name="InboundUrl">Where messages to it are pushed to; empty: nowhere.</param>
/// <param name="Type">mobile-lvn.</param>
/// <param name="Features">SMS.</param>
public sealed record NumberReply(
    [property: JsonPropertyName("country")] string Country, [property: JsonPropertyName("msisdn")] string Msisdn,
    [property: JsonPropertyName("moHttpUrl")] string InboundUrl, [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("features")] IReadOnlyList<string> Features);
