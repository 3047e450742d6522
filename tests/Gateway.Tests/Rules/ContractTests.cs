using Gateway.Tests.EndToEnd;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Rules;

/// <summary>
/// openapi/gateway.yaml is what the program serves. After a wanted change: <c>UPDATE_CONTRACTS=1 dotnet run --project tests/Gateway.Tests --
/// -class '*ContractTests'</c> writes it anew, and its difference is part of the change.
/// </summary>
[Collection<LocalGatewayCollection>]
public sealed class ContractTests(LocalGateway local)
{
    private static readonly string Contract = Path.Combine(Repository.Root, "openapi", "gateway.yaml");

    [Fact]
    public async Task The_contract_in_the_repository_is_what_is_served()
    {
        var served = await local.Process.Http.GetStringAsync("/swagger/v1/swagger.yaml", TestContext.Current.CancellationToken);
        if (Environment.GetEnvironmentVariable("UPDATE_CONTRACTS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Contract)!);
            await File.WriteAllTextAsync(Contract, served, TestContext.Current.CancellationToken);
        }

        Assert.True(File.Exists(Contract), "openapi/gateway.yaml is not there; run this test with UPDATE_CONTRACTS=1");
        Assert.Equal(await File.ReadAllTextAsync(Contract, TestContext.Current.CancellationToken), served, ignoreLineEndingDifferences: true);
    }
}
