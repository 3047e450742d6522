namespace Gateway.Sip;

/// <summary>RFC 3840 feature parameters, as a Contact states them and as reginfo repeats them.</summary>
public static class FeatureTags
{
    /// <summary>TS 24.341: the contact takes short messages over IP.</summary>
    public const string SmsOverIp = "+g.3gpp.smsip";

    /// <summary>RFC 3840 §9: a tag without value, or with TRUE, is stated; FALSE says it is not there.</summary>
    public static bool IsTrue(bool present, string? value) =>
        present && !(value ?? "").AsSpan().Trim(" \t\"").Equals("FALSE", StringComparison.OrdinalIgnoreCase);
}
