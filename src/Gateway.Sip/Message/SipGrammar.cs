using System.Buffers;

namespace Gateway.Sip;

/// <summary>One set of octets for each rule of RFC 3261 §25.1, under the rule's name.</summary>
internal static class SipGrammar
{
    private const string Alphanum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const string Mark = "-_.!~*'()";
    private const string TokenMarks = "-.!%*_+`'~";

    public static readonly SearchValues<byte> Token = Of(Alphanum + TokenMarks);
    public static readonly SearchValues<char> TokenChars = SearchValues.Create(Alphanum + TokenMarks);

    // gen-value is a token, a host or a quoted string; addresses without brackets and base64 are met unquoted in the field, so they pass
    // too.
    public static readonly SearchValues<byte> ParameterValue = Of(Alphanum + TokenMarks + "[]:=/@&$?{}|^#");

    public static readonly SearchValues<byte> Host = Of(Alphanum + "-._");
    public static readonly SearchValues<byte> Ipv6 = Of("0123456789abcdefABCDEF:.");

    // user, with the colon of a password; '#' is no part of the rule, yet handsets write *31#… without escaping it.
    public static readonly SearchValues<byte> UserInfo = Of(Alphanum + Mark + "%&=+$,;?/:#");

    // pname and pvalue (paramchar).
    public static readonly SearchValues<byte> UriParameter = Of(Alphanum + Mark + "%[]/:&+$");

    // hname and hvalue.
    public static readonly SearchValues<byte> UriHeader = Of(Alphanum + Mark + "%[]/?:+$");

    // What may stand unescaped in a user part that is written here.
    public static readonly SearchValues<byte> UserUnescaped = Of(Alphanum + Mark + "&=+$,;?/");
    public static readonly SearchValues<byte> UriParameterUnescaped = Of(Alphanum + Mark + "[]/:&+$");

    // Everything printable save the delimiters of generic URIs (RFC 3986, appendix C).
    public static readonly SearchValues<byte> OpaqueUri = Of(Alphanum + Mark + "%&=+$,;?/:@#[]");

    public static readonly SearchValues<byte> Lws = Of(" \t\r\n");
    public static readonly SearchValues<byte> LineEnds = Of("\r\n");
    public static readonly SearchValues<byte> Digits = Of("0123456789");

    public static bool IsToken(ReadOnlySpan<byte> octets) => !octets.IsEmpty && !octets.ContainsAnyExcept(Token);

    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenChars);

    private static SearchValues<byte> Of(string characters) => SearchValues.Create(System.Text.Encoding.ASCII.GetBytes(characters));
}
