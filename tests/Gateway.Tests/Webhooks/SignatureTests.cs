using Gateway.Webhooks;
using Xunit;

namespace Gateway.Tests.Webhooks;

/// <summary>The vectors of Nexmo's own SDK test suites, and three more that its SDKs were seen to verify.</summary>
public sealed class SignatureTests
{
    private const string OwnSecret = "my_signature_secret";

    private static readonly Dictionary<string, string> Official = new()
    {
        ["message-timestamp"] = "2013-11-21 15:27:30", ["messageId"] = "020000001B0FE827", ["msisdn"] = "14843472194", ["text"] = "Test again",
        ["timestamp"] = "1385047698", ["to"] = "13239877404", ["type"] = "text",
    };

    private static readonly Dictionary<string, string> Request = new()
    {
        ["type"] = "text", ["api_key"] = "abcd1234", ["from"] = "AcmeInc", ["to"] = "447700900000", ["text"] = "Hello & co = 1",
        ["status-report-req"] = "1", ["timestamp"] = "1461605396",
    };

    private static readonly Dictionary<string, string> Receipt = new()
    {
        ["api-key"] = "abcd1234", ["client-ref"] = "my-ref", ["err-code"] = "0", ["message-timestamp"] = "2026-01-01 12:00:00",
        ["messageId"] = "0A0000001234567B", ["msisdn"] = "447700900000", ["network-code"] = "23410",
        ["nonce"] = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab", ["price"] = "0.03330000", ["scts"] = "2601011200", ["status"] = "delivered",
        ["timestamp"] = "1767268800", ["to"] = "AcmeInc",
    };

    private static readonly Dictionary<string, string> Inbound = new()
    {
        ["api-key"] = "abcd1234", ["message-timestamp"] = "2026-01-01 12:00:00", ["messageId"] = "0A0000000123ABCD1", ["msisdn"] = "447700900001",
        ["to"] = "447700900000", ["nonce"] = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab", ["timestamp"] = "1767268800",
        ["text"] = "Привет & = 😀", ["type"] = "unicode", ["keyword"] = "ПРИВЕТ", ["concat"] = "true", ["concat-ref"] = "7",
        ["concat-total"] = "2", ["concat-part"] = "1",
    };

    [Theory]
    [InlineData("md5hash", "d2e7b1dc968737c5998ad624e02f90b7")]
    [InlineData("md5", "DDEBD46008C2D4E93CCE578A332A52D5")]
    [InlineData("sha1", "27D0D05C2876C7CB1720DBCDBA4D492E1E55C09A")]
    [InlineData("sha256", "DDB8397C2B90AAC7F3882D306475C9A5058C92322EEF43C92B298B6E0FC0D330")]
    [InlineData("sha512",
        "E0D3C650F8C9D1A5C174D10DDDBFB003E561F59B265616208B0487C5D819481CD3C311D59CF6165ECD1139622D5BA3A256C0D763AC4A9AD9144B5A426B94FE82")]
    public void Official_vectors_are_met_in_the_case_exact_receivers_expect(string method, string signature) =>
        Check(method, "my_secret_key_for_testing", Official, signature);

    [Theory]
    [InlineData("md5hash", "78195f0fdff2cd8e16c002732e0ef375")]
    [InlineData("md5", "1E0021C5D7024AE6C083346D5E43EAEF")]
    [InlineData("sha1", "3B9317CDA76E16101BFC50C13C7D3B5BDB08AE04")]
    [InlineData("sha256", "9C6B66CEB682FE0765C01541344FB9576543B70557E355C9D952787E60D4B545")]
    [InlineData("sha512",
        "A450AD54A5E91D3F68CD3A27D61FEE1C81BD8F98B4EF561605079C3C14220E3581806F7AB485903E16DBC5F772A16318F0FB3236CC8FA78688D71D9FB37B7074")]
    public void A_request_with_separators_in_its_text_is_signed_with_underscores(string method, string signature) =>
        Check(method, OwnSecret, Request, signature);

    [Theory]
    [InlineData("md5hash", "11fd9d87ef0893bd0f61d8a15fb1a5cb")]
    [InlineData("sha256", "504A1EFB2EC762F07AC5B08399CCC9DBB355F1A684BA4E5E444EB00A333D26DE")]
    public void A_receipt_is_signed(string method, string signature) => Check(method, OwnSecret, Receipt, signature);

    [Theory]
    [InlineData("md5hash", "f13103469a9e04e630f95bbdb4db0c0e")]
    [InlineData("sha256", "F84AFCAC1BC5DF2D416A73546437F64BAE8E70E852878BBD96418AFB16D42F7A")]
    public void An_inbound_message_outside_ascii_is_signed(string method, string signature) => Check(method, OwnSecret, Inbound, signature);

    [Fact]
    public void Fields_are_sorted_by_octets_and_begin_with_an_ampersand() => Assert.Equal(
        "&api_key=abcd1234&from=AcmeInc&status-report-req=1&text=Hello _ co _ 1&timestamp=1461605396&to=447700900000&type=text",
        Signature.Canonical(Request));

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("not hexadecimal at all, but of the right length, 64 characters ..")]
    [InlineData("504A1EFB2EC762F07AC5B08399CCC9DBB355F1A684BA4E5E444EB00A333D26DF")]
    [InlineData("504A1EFB2EC762F07AC5B08399CCC9DBB355F1A684BA4E5E444EB00A333D26DE00")]
    public void Another_signature_does_not_verify(string signature) =>
        Assert.False(Signature.Verify(SignatureMethod.Sha256, OwnSecret, Receipt, signature));

    [Theory]
    [InlineData("sha3")]
    [InlineData("")]
    [InlineData(null)]
    public void Other_methods_are_unknown(string? text) => Assert.False(Signature.TryParseMethod(text, out _));

    private static void Check(string methodName, string secret, Dictionary<string, string> fields, string signature)
    {
        Assert.True(Signature.TryParseMethod(methodName, out var method));
        Assert.Equal(signature, Signature.Sign(method, secret, fields));
        var received = new Dictionary<string, string>(fields) { [Signature.Field] = "whatever" };
        Assert.True(Signature.Verify(method, secret, received, signature.ToLowerInvariant()));
        Assert.True(Signature.Verify(method, secret, received, signature.ToUpperInvariant()));
        Assert.False(Signature.Verify(method, secret + "x", received, signature));
        Assert.False(Signature.Verify(method, secret, received.Append(new("text2", "x")), signature));
    }
}
