using Gateway.Carriers;
using Xunit;

namespace Gateway.Tests.Carriers;

public sealed class SenderRewriteTests
{
    private readonly SenderRewrite _rules = new(
    [
        new SenderRewriteSettings { Prefix = "1", Pattern = "[^0-9].*", Replacement = "15550001111" },
        new SenderRewriteSettings { Prefix = "1", Pattern = "1(5.*)", Replacement = "$1" },
        new SenderRewriteSettings { Pattern = "Bad.*", Replacement = "Good" },
    ]);

    [Theory]
    [InlineData("AcmeInc", "15551234567", "15550001111")]
    [InlineData("1555", "15551234567", "555")]
    [InlineData("4915112345678", "15551234567", "4915112345678")]
    [InlineData("AcmeInc", "447700900000", "AcmeInc")]
    [InlineData("Badger", "447700900000", "Good")]
    [InlineData("NotBad", "447700900000", "NotBad")]
    public void The_first_rule_that_fits_the_whole_sender_decides(string sender, string recipient, string expected) => Assert.Equal(expected, _rules.Apply(sender, recipient));
}
