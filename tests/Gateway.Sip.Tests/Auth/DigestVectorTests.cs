using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Auth;

public sealed class DigestVectorTests
{
    // FIPS 180-4 examples of SHA-512/256, and lengths about the padding's edges computed with OpenSSL.
    [Theory]
    [InlineData("", 1, "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a")]
    [InlineData("abc", 1, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23")]
    [InlineData("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 1,
        "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a")]
    [InlineData("a", 111, "0239e429f98d0ed61ee8e2a7c30afe98c1c3a80ce5dff62a107e9c538f7632ce")]
    [InlineData("a", 112, "9216b5303edb66504570bee90e48ea5beaa5e9fe9f760bbd3e0460559fc005f6")]
    [InlineData("a", 127, "2fe3b2a6ee7e12f6fe4ba82166541ad9b4ed882c493581cbe300d68f3757b778")]
    [InlineData("a", 128, "b88f97e274f9c1d49f181c8cbd01a9c74930ad055a46ac4499a1d601f1c80bf2")]
    [InlineData("a", 1000, "40eb4a70d4d69815407a9e272f0101cd67e3d11262a4a0bfc087712749c7fb53")]
    public void Sha_512_256(string text, int times, string expected) =>
        Assert.Equal(expected,
            Convert.ToHexStringLower(Sha512t256.Hash(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(text, times))))));

    [Fact]
    public void RFC_2617_3_5_with_MD5()
    {
        var credentials = new DigestCredentials("Mufasa", "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "/dir/index.html")
        {
            Qop = "auth", NonceCount = 1, Cnonce = "0a4f113b",
        };
        var hashA1 = DigestAlgorithms.HashA1(DigestAlgorithm.Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");

        Assert.Equal("939e7578ed9e3c518a452acee763bce9", hashA1);
        Assert.Equal("6629fae49393a05397450978507c4ef1", DigestAlgorithms.Response(DigestAlgorithm.Md5, hashA1, credentials, "GET"));
        // RFC 2069's form, as its errata 749 has it.
        Assert.Equal("670fd8c2df070c60b045671b8b24ff02",
            DigestAlgorithms.Response(DigestAlgorithm.Md5, hashA1, credentials with { Qop = null }, "GET"));
    }

    [Theory]
    [InlineData(DigestAlgorithm.Md5, "8ca523f5e9506fed4657c9700eebdbec")]
    [InlineData(DigestAlgorithm.Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")]
    public void RFC_7616_3_9_1(DigestAlgorithm algorithm, string response)
    {
        var credentials = new DigestCredentials("Mufasa", "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            "/dir/index.html")
        {
            Qop = "auth", NonceCount = 1, Cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        };
        var hashA1 = DigestAlgorithms.HashA1(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");

        Assert.Equal(response, DigestAlgorithms.Response(algorithm, hashA1, credentials, "GET"));
    }

    // The response printed in the RFC was made with a truncated SHA-512; this is the one of errata 4897.
    [Fact]
    public void RFC_7616_3_9_2_with_SHA_512_256_and_a_user_name_in_UTF_8()
    {
        var credentials = new DigestCredentials("Jäsøn Doe", "api@example.org", "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", "/doe.json")
        {
            Qop = "auth", NonceCount = 1, Cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        };
        var hashA1 = DigestAlgorithms.HashA1(DigestAlgorithm.Sha512t256, "Jäsøn Doe", "api@example.org", "Secret, or not?");

        Assert.Equal("3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
            DigestAlgorithms.Response(DigestAlgorithm.Sha512t256, hashA1, credentials, "GET"));
    }

    [Theory]
    [InlineData(null, DigestAlgorithm.Md5)]
    [InlineData("md5", DigestAlgorithm.Md5)]
    [InlineData("SHA-256", DigestAlgorithm.Sha256)]
    [InlineData("sha-512-256", DigestAlgorithm.Sha512t256)]
    [InlineData("MD5-sess", null)]
    [InlineData("AKAv1-MD5", null)]
    public void Algorithm_names(string? name, DigestAlgorithm? algorithm) => Assert.Equal(algorithm, DigestAlgorithms.Find(name));
}
