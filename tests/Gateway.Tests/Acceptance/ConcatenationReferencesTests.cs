using Gateway.Acceptance;
using Xunit;

namespace Gateway.Tests.Acceptance;

public sealed class ConcatenationReferencesTests
{
    [Fact]
    public void A_recipient_meets_each_reference_once_in_256_long_texts()
    {
        var references = new ConcatenationReferences();
        Assert.Equal(256, Enumerable.Range(0, 256).Select(_ => (byte)references.Next("4940100001")).Distinct().Count());
    }
}
