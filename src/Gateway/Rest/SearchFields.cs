namespace Gateway.Rest;

/// <summary>The parameters of a search for the API description: these, and who asks.</summary>
internal sealed class SearchFieldsAttribute(params string[] names) : TakesFieldsAttribute
{
    public override IReadOnlyList<FieldDescription> Fields { get; } =
    [
        new("api_key", "bank0001", "The account. Not needed with HTTP Basic authentication."),
        new("api_secret", "", "Its secret. Not needed with HTTP Basic."),
        .. names.Select(Described),
    ];

    private static FieldDescription Described(string name) => name switch
    {
        "id"         => new(name, "0A0000000123ABCD", "Id of a segment.", Required: true),
        "ids"        => new(name, null, "Ids of segments: ids=…&ids=…, up to 10."),
        "date"       => new(name, "2026-11-24", "Day of the messages, UTC: YYYY-MM-DD."),
        "to"         => new(name, "4940111", "Recipient: E.164 digits."),
        "message-id" => new(name, "0A0000000123ABCD", "Id of a segment.", Required: true),
        "delivered"  => new(name, "true", "Whether the message did what it was sent for: 1, 0, true or false.", Required: true),
        "moCallBackUrl"  => new(name, null, "URL for inbound messages; empty: none."),
        "drCallBackUrl"  => new(name, null, "URL for delivery receipts; empty: none."),
        "index"          => new(name, null, "Page, from 1."),
        "size"           => new(name, null, "Numbers in a page: 1 to 100, default 10."),
        "pattern"        => new(name, null, "Digits that the numbers have."),
        "search_pattern" => new(name, null, "Where they have them: 0 at the beginning (default), 1 anywhere, 2 at the end."),
        "country"        => new(name, null, "Two letters of ISO 3166-1."),
        "msisdn"         => new(name, "4940777", "A number of the account's applications.", Required: true),
        "moHttpUrl"      => new(name, null, "URL for inbound messages to it; empty: the account's own."),
        "timestamp"  => new(name, null, "When that was known, UTC: yyyy-MM-dd HH:mm:ss; now unless given."),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "is not a parameter of the search"),
    };
}
