using System.Text;
using Gateway.Sip;
using Gateway.Sms;

namespace Gateway.Handset;

/// <summary>The standards' codes for a person to read.</summary>
internal static class Words
{
    public static string Of(RpCause cause) =>
        $"RP-ERROR {(byte)cause} ({(Enum.IsDefined(cause) ? Spaced(cause.ToString()) : "unlisted cause")})";

    public static string Of(TpFailureCause cause) =>
        $"TP-FCS {(byte)cause:X2}{(Enum.IsDefined(cause) ? $" ({Spaced(cause.ToString())})" : "")}";

    public static string Of(SipResponse response) => $"{response.StatusCode} {response.ReasonPhrase}";

    public static string Of(SipOutcome outcome) => outcome switch
    {
        { Response: { } response }           => Of(response),
        { Kind: SipOutcomeKind.TimedOut }    => "no answer",
        { Kind: SipOutcomeKind.Overloaded }  => "too many requests under way",
        _                                    => outcome.Reason ?? "cannot be reached",
    };

    public static string Of(TpStatus status) => (status.Group, status.Value) switch
    {
        (TpStatusGroup.Completed, 0x01)            => "forwarded",
        (TpStatusGroup.Completed, 0x02)            => "replaced",
        (TpStatusGroup.Completed, _)               => "delivered",
        (TpStatusGroup.StillTrying, _)             => "still trying",
        (TpStatusGroup.PermanentError, 0x46)       => "expired",
        (TpStatusGroup.PermanentError, _)          => "failed",
        (TpStatusGroup.TemporaryErrorGivenUp, _)   => "given up",
        _                                          => "unknown status",
    } + $" (TP-ST {status.Value:X2})";

    /// <summary>MemoryCapacityExceeded: memory capacity exceeded.</summary>
    private static string Spaced(string name)
    {
        var words = new StringBuilder(name.Length + 8);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && words.Length > 0) words.Append(' ');
            words.Append(char.ToLowerInvariant(letter));
        }

        return words.ToString();
    }
}
