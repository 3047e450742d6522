using System.Globalization;

namespace Gateway.Sip;

/// <summary>
/// RFC 3261 §20.10: one contact with its q, expires and feature parameters (RFC 3840), or the <c>*</c> of a REGISTER that removes all
/// (§10.2.2).
/// </summary>
public sealed record Contact(NameAddr Address) : IHeaderValue<Contact>
{
    public static readonly Contact Wildcard = new(new NameAddr(SipUri.Invalid));

    public bool IsWildcard => ReferenceEquals(this, Wildcard);

    public SipUri Uri => Address.Uri;

    public SipParameters Parameters => Address.Parameters;

    /// <summary>0 to 1; null when absent or malformed, which §10.2.1.2 leaves to the one who reads.</summary>
    public double? Q => QualityOf(Parameters["q"]);

    /// <summary>
    /// Seconds; null when absent or malformed (§10.3 step 7: then the Expires header, then the default decides). Beyond 32 bits counts as
    /// the largest.
    /// </summary>
    public uint? Expires => DeltaSeconds.Of(Parameters["expires"]);

    /// <summary>+sip.instance without its angle brackets (RFC 5626 §4.1).</summary>
    public string? Instance => Parameters["+sip.instance"]?.Trim('<', '>');

    /// <summary>RFC 5626 §4.2; null when absent or no number.</summary>
    public uint? RegId => DeltaSeconds.Of(Parameters["reg-id"]);

    /// <summary>Whether the contact states this boolean feature: present, and not FALSE (RFC 3840 §9).</summary>
    public bool HasFeature(string tag) => FeatureTags.IsTrue(Parameters.Contains(tag), Parameters[tag]);

    internal static double? QualityOf(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var q) && q <= 1 ? q : null;

    public static bool TryParse(ReadOnlySpan<byte> value, out Contact result)
    {
        result = Wildcard;
        if (value.Trim(" \t\r\n"u8) is [(byte)'*']) return true;
        if (!NameAddr.TryParse(value, out var address)) return false;

        result = new Contact(address);
        return true;
    }

    internal static bool IsValid(ReadOnlySpan<byte> value) => NameAddr.IsValid(value) || value.Trim(" \t\r\n"u8) is [(byte)'*'];

    public override string ToString() => IsWildcard ? "*" : Address.ToString();
}
