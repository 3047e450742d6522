using System.Text.RegularExpressions;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>The programs as a person starts them.</summary>
public sealed partial class ProgramTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_Development_the_printed_commands_reach_the_two_handsets()
    {
        // All but the ports is left to the defaults.
        string[] unset = ["Sip__Domain", "Sip__ServiceCentreIdentity", "Sip__TrustedPeers", "Numbering__LocalPrefixes", "Accounts__0__ApiKey",
            "Accounts__0__ApiSecret", "Accounts__0__MaxRequestsPerSecond", "Accounts__0__Numbers__0", "Webhooks__AllowPrivateTargets"];
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null,
            [("ASPNETCORE_ENVIRONMENT", "Development"), .. unset.Select(key => (key, (string?)null))]);
        await gateway.SaysAsync("to the OTT client:", Cancel);

        var commands = Curl().Matches(gateway.Output);
        foreach (Match command in commands)
        {
            using var form = new FormUrlEncodedContent(Field().Matches(command.Groups["fields"].Value)
                .Select(field => KeyValuePair.Create(field.Groups["name"].Value, field.Groups["value"].Value.Trim('\''))));
            using var response = await gateway.Http.PostAsync(command.Groups["url"].Value, form, Cancel);
            Assert.Contains("\"status\": \"0\"", await response.Content.ReadAsStringAsync(Cancel));
        }

        Assert.Equal(2, commands.Count);
        await gateway.SaysAsync("[Volte +4940100001] Bank: Your code is 123456", Cancel);
        await gateway.SaysAsync("[Ott +4940100002] Bank: Your code is 123456", Cancel);
    }

    [Fact]
    public async Task In_Development_a_second_start_prints_commands_that_work_too()
    {
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null,
            ("ASPNETCORE_ENVIRONMENT", "Development"), ("Accounts__0__ApiSecret", null), ("Sip__Domain", null), ("Sip__ServiceCentreIdentity", null));
        Assert.Equal(0, await gateway.StopAsync(Cancel));
        await gateway.StartAsync(Cancel);
        await gateway.SaysAsync("to the OTT client:", Cancel);

        var command = Curl().Matches(gateway.Output)[0];
        using var form = new FormUrlEncodedContent(Field().Matches(command.Groups["fields"].Value)
            .Select(field => KeyValuePair.Create(field.Groups["name"].Value, field.Groups["value"].Value.Trim('\''))));
        using var response = await gateway.Http.PostAsync(command.Groups["url"].Value, form, Cancel);
        Assert.Contains("\"status\": \"0\"", await response.Content.ReadAsStringAsync(Cancel));
        await gateway.SaysAsync("[Volte +4940100001] Bank: Your code is 123456", Cancel);

        var admin = AdminCurl().Match(gateway.Output);
        using var request = new HttpRequestMessage(HttpMethod.Get, admin.Groups["url"].Value);
        request.Headers.Authorization = new("Bearer", admin.Groups["key"].Value);
        using var accounts = await gateway.Http.SendAsync(request, Cancel);
        Assert.Contains("\"apiKey\":\"bank0001\"", await accounts.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Handsets_in_terminals_write_to_one_another_with_passwords()
    {
        const string volte = "+4940100011", ott = "+4940100012", password = "a handset's password";
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null,
            ("Sip__Registrar__Users__0__Number", volte), ("Sip__Registrar__Users__0__Password", password),
            ("Sip__Registrar__Users__1__Number", ott), ("Sip__Registrar__Users__1__Password", password));
        await using var receiver = ChildProcess.Start("dotnet", Arguments("ott", ott, password), AppContext.BaseDirectory, input: "");
        await receiver.SaysAsync("registered", Cancel);

        var sender = await ChildProcess.RunAsync("dotnet",
            [.. Arguments("volte", volte, password), "--send", ott, "good morning", "--status-report"],
            AppContext.BaseDirectory, Cancel, input: "");
        await using var stranger = ChildProcess.Start("dotnet",
            [.. Arguments("volte", volte, "wrong"), "--send", ott, "never"], AppContext.BaseDirectory, input: "");
        await stranger.ExitAsync(Cancel);

        await receiver.SaysAsync($"received {volte}: good morning", Cancel);
        Assert.Contains($"sent {ott}", sender);
        Assert.Contains("delivered", sender);
        Assert.Equal(1, stranger.ExitCode);

        string[] Arguments(string kind, string number, string secret) => [Path.Combine(AppContext.BaseDirectory, "Gateway.Handset.dll"),
            "--kind", kind, "--number", number, "--registrar", $"sip:{gateway.Sip}", "--domain", GatewayProcess.Domain, "--password", secret];
    }

    [GeneratedRegex(@"curl (?<fields>-d .*) (?<url>http\S+/sms/json)")]
    private static partial Regex Curl();

    [GeneratedRegex(@"curl -H 'Authorization: Bearer (?<key>\w+)' (?<url>http\S+/api/accounts)")]
    private static partial Regex AdminCurl();

    [GeneratedRegex(@"-d (?<name>\w+)=(?<value>'[^']*'|\S+)")]
    private static partial Regex Field();
}
