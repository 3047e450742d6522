using Gateway.Fuzz;
using Xunit;

namespace Gateway.Sms.Tests;

/// <summary>The fuzz targets of <c>tests/Gateway.Fuzz</c> over their kept inputs, and over a few thousand mutations of them.</summary>
public sealed class FuzzTests
{
    private const int Mutations = 3000;

    public static TheoryData<string> Targets() => [.. SmsTargets.All.Keys];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Corpus_hurts_no_oracle(string target)
    {
        var corpus = Corpus.Of(target);
        Assert.NotEmpty(corpus);
        foreach (var octets in corpus) SmsTargets.All[target](octets);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Mutations_of_the_corpus_hurt_no_oracle(string target)
    {
        foreach (var octets in Mutation.Of(Corpus.Of(target), Mutations, seed: 20250804))
        {
            var hurt = Record.Exception(() => SmsTargets.All[target](octets));
            Assert.True(hurt is null, $"{Convert.ToHexStringLower(octets)}: {hurt}");
        }
    }

    [Fact]
    public void Every_kept_input_belongs_to_a_target() =>
        Assert.Subset(SmsTargets.All.Keys.ToHashSet(), Directory.GetDirectories(Corpus.Folder, "sms-*").Select(folder => Path.GetFileName(folder)!).ToHashSet());
}
