namespace Gateway.Sip;

/// <summary>
/// The methods this stack serves, and those it must know to refuse correctly. Methods are case-sensitive (RFC 3261 §7.1).
/// </summary>
public static class SipMethod
{
    public const string Message = "MESSAGE";        // RFC 3428
    public const string Subscribe = "SUBSCRIBE";    // RFC 6665
    public const string Notify = "NOTIFY";          // RFC 6665
    public const string Register = "REGISTER";
    public const string Options = "OPTIONS";
    public const string Invite = "INVITE";
    public const string Ack = "ACK";
    public const string Bye = "BYE";
    public const string Cancel = "CANCEL";

    /// <summary>What an Allow header of ours lists.</summary>
    public const string Allowed = "MESSAGE, SUBSCRIBE, NOTIFY, REGISTER, OPTIONS";

    private static readonly string[] Known = [Message, Subscribe, Notify, Register, Options, Invite, Ack, Bye, Cancel];

    /// <summary>The method's text; no allocation for a known one.</summary>
    internal static string FromOctets(ReadOnlySpan<byte> method)
    {
        foreach (var known in Known)
        {
            if (System.Text.Ascii.Equals(method, known)) return known;
        }

        return System.Text.Encoding.UTF8.GetString(method);
    }
}
