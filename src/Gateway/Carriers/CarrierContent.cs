using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Carriers;

/// <summary>What a message says, as any carrier's interface needs it.</summary>
/// <param name="Text">Null: <paramref name="Data"/> it is.</param>
/// <param name="Unicode">The text does not fit the GSM alphabet, or is to be sent as UCS-2 all the same.</param>
/// <param name="Header">User data header, its length octet included; empty: none.</param>
/// <param name="Data">Octets behind it.</param>
/// <param name="MessageClass">0 to 3, or null.</param>
/// <param name="Remaining">How long it may still be tried.</param>
internal sealed record CarrierContent(
    string? Text, bool Unicode, byte[] Header, byte[] Data, int? MessageClass, byte ProtocolIdentifier, TimeSpan Remaining)
{
    private const long MaxMilliseconds = 366L * 24 * 3600 * 1000;

    public static CarrierContent Of(ShortMessageRow message, string? text, DateTimeOffset now)
    {
        var coding = new TpDataCodingScheme(message.DataCodingScheme);
        var remaining = TimeSpan.FromMilliseconds(Math.Clamp(message.ExpiresAt - now.ToUnixTimeMilliseconds(), 0, MaxMilliseconds));
        if (text is not null)
        {
            var unicode = message.Content == ContentKind.Text ? coding.Alphabet == TpAlphabet.Ucs2 : !Gsm7.CanEncode(text);
            return new CarrierContent(text, unicode, [], [], coding.MessageClass, ProtocolIdentifier: 0, remaining);
        }
        var octets = message.UserData ?? [];
        var header = message.HasUserDataHeader && octets.Length > 0 ? Math.Min(1 + octets[0], octets.Length) : 0;
        return new CarrierContent(null, Unicode: false, octets[..header], octets[header..], coding.MessageClass, message.ProtocolIdentifier, remaining);
    }
}
