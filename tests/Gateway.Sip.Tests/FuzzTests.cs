using Gateway.Fuzz;
using Xunit;

namespace Gateway.Sip.Tests;

/// <summary>The SIP targets of tests/Gateway.Fuzz over their kept inputs, each whole and cut at every octet.</summary>
public sealed class FuzzTests
{
    private static string Corpus => Path.Combine(VectorFiles.Folder(".."), "Gateway.Fuzz", "corpus");

    public static TheoryData<string, string> Inputs()
    {
        var data = new TheoryData<string, string>();
        foreach (var target in SipTargets.All.Keys)
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Corpus, target), "*.bin").Order(StringComparer.Ordinal)) data.Add(target, Path.GetFileName(file));
        }

        return data;
    }

    [Fact]
    public void Every_target_has_inputs() =>
        Assert.All(SipTargets.All.Keys, target => Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(Corpus, target), "*.bin")));

    [Theory]
    [MemberData(nameof(Inputs))]
    public void A_kept_input_hurts_no_oracle(string target, string file)
    {
        var octets = File.ReadAllBytes(Path.Combine(Corpus, target, file));
        for (var length = 0; length <= octets.Length; length++) SipTargets.All[target](octets[..length]);
    }

    // Blind changes, the same ones in each run; an engine does better, but is not on every machine.
    [Theory]
    [MemberData(nameof(Inputs))]
    public void Changes_of_a_kept_input_hurt_no_oracle(string target, string file)
    {
        var kept = File.ReadAllBytes(Path.Combine(Corpus, target, file));
        var random = new Random(kept.Length);
        for (var run = 0; run < 300; run++)
        {
            var octets = kept.ToArray();
            for (var changes = random.Next(1, 6); changes > 0; changes--) octets[random.Next(octets.Length)] = (byte)random.Next(256);
            SipTargets.All[target](octets);
        }
    }
}
