using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Rest.Management;
using Xunit;

namespace Gateway.Tests.Rest.Management;

public sealed class AdminGateTests
{
    private const string Key = AdminClient.Key;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_key_in_the_settings_there_is_no_management_api()
    {
        await using var gateway = await GatewayOverHttp.StartAsync();
        await ProblemAsync(gateway, "any", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Who_brings_no_key_is_told_to()
    {
        await using var gateway = await StartAsync();
        using var response = await ProblemAsync(gateway, null, HttpStatusCode.Unauthorized);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task The_key_opens_and_what_is_not_there_is_a_problem_document()
    {
        await using var gateway = await StartAsync();
        await ProblemAsync(gateway, Key, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Guesses_are_held_off_with_the_right_key_too_until_the_time_is_over()
    {
        await using var gateway = await StartAsync();
        for (var i = 0; i < Guesses.Allowed; i++)
        {
            using var wrong = await ProblemAsync(gateway, $"{Key}{i}", HttpStatusCode.Unauthorized);
            Assert.Equal("Bearer error=\"invalid_token\"", wrong.Headers.WwwAuthenticate.ToString());
        }

        using var locked = await ProblemAsync(gateway, Key, HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(1), locked.Headers.RetryAfter?.Delta);
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        await ProblemAsync(gateway, Key, HttpStatusCode.NotFound);
    }

    [Fact]
    public void A_page_tells_where_the_next_one_begins()
    {
        var first = Page.Of(["a", "b", "c"], 2, item => item);
        Assert.Equal(["a", "b"], first.Items);
        Assert.Equal("b", new PageQuery { After = first.Next }.AfterKey);
        Assert.Null(Page.Of(["c"], 2, item => item).Next);
        Assert.Null(Page.Of(["b", "c"], 2, item => item).Next);
    }

    [Theory]
    [InlineData("not base64!"), InlineData("_w"), InlineData("AA")]
    public void A_cursor_of_ones_own_making_is_refused(string cursor) =>
        Assert.Equal(["after"], new PageQuery { After = cursor }.Validate(new(cursor)).Single().MemberNames);

    private static Task<GatewayOverHttp> StartAsync() =>
        GatewayOverHttp.StartAsync(new GatewaySettings { Admin = new AdminSettings { Key = Key } });

    private static async Task<HttpResponseMessage> ProblemAsync(GatewayOverHttp gateway, string? key, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/nothing");
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var response = await gateway.Client.SendAsync(request, Cancel);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal((int)status, (int)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["status"]!);
        return response;
    }
}
