using Gateway.Fuzz;
using Xunit;

namespace Gateway.Sip.Tests;

/// <summary>
/// The SIP targets of tests/Gateway.Fuzz over their kept inputs, each whole and cut at every octet, and over mutations of them.
/// </summary>
[Collection(nameof(ProcessorBound))]
public sealed class FuzzTests
{
    private const int Mutations = 3000;

    public static TheoryData<string> Targets() => [.. SipTargets.All.Keys];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Kept_inputs_hurt_no_oracle_at_any_length(string target)
    {
        var corpus = Corpus.Of(target);
        Assert.NotEmpty(corpus);
        foreach (var octets in corpus)
        {
            for (var length = 0; length <= octets.Length; length++) SipTargets.All[target](octets[..length]);
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Mutations_of_kept_inputs_hurt_no_oracle(string target)
    {
        foreach (var octets in Mutation.Of(Corpus.Of(target), Mutations, seed: 20260101))
        {
            var hurt = Record.Exception(() => SipTargets.All[target](octets));
            Assert.True(hurt is null, $"{Convert.ToHexStringLower(octets)}: {hurt}");
        }
    }

    [Fact]
    public void Every_kept_input_belongs_to_a_target() =>
        Assert.Subset(SipTargets.All.Keys.ToHashSet(),
            Directory.GetDirectories(Corpus.Folder, "sip-*").Select(folder => Path.GetFileName(folder)!).ToHashSet());
}
