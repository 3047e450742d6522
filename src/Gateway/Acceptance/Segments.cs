using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Acceptance;

/// <summary>
/// What a stored message becomes on the air. The alphabet is chosen once, when the message is taken; the same row then gives the same octets at
/// every try, whatever the settings have become.
/// </summary>
public sealed class Segments(SmsSettings settings)
{
    /// <summary>Of the rows that most are: one part in the default alphabet.</summary>
    private static readonly SegmentationOptions Plain = new() { Unencodable = UnencodableText.Replace };

    // Carriers and applications are given the text; only a subscriber's handset sees these octets.
    private readonly SegmentationOptions _toSubscribers = OptionsOf(settings, [.. settings.NationalLanguages]), _toOthers = OptionsOf(settings, []);

    /// <summary>Chooses alphabet, class and national tables of a text.</summary>
    /// <returns>How many segments it takes; more than <see cref="Segmenter.MaxSegments"/> when it cannot be sent.</returns>
    public int Choose(ShortMessageRow row, TextContent text)
    {
        var options = row.Route == RouteKind.Subscriber ? _toSubscribers : _toOthers;
        if (text.ForceUcs2 || text.MessageClass is not null || text.Upgrade)
        {
            options = options with
            {
                ForceUcs2 = text.ForceUcs2, MessageClass = text.MessageClass, Unencodable = text.Upgrade ? UnencodableText.Upgrade : options.Unencodable,
            };
        }
        var plan = Segmenter.Plan(text.Text, options);
        (row.DataCodingScheme, row.LockingShift, row.SingleShift) = (plan.DataCodingScheme.Value, plan.LockingShift, plan.SingleShift);
        return plan.Segments;
    }

    /// <summary>TP-UD of one segment (0-based) of a stored message.</summary>
    public static TpUserData UserDataOf(ShortMessageRow row, int index)
    {
        var coding = new TpDataCodingScheme(row.DataCodingScheme);
        if (row.Content == ContentKind.UserData)
        {
            return TpUserData.TryFromOctets(row.UserData, row.UserDataLength, row.HasUserDataHeader, coding, out var userData, out var error)
                ? userData : throw new InvalidDataException($"stored user data of {MessageId.Format(row.Id)}: {error}");
        }
        var options = row is { DataCodingScheme: 0, LockingShift: 0, SingleShift: 0, ConcatenationReference: 0 } ? Plain : new SegmentationOptions
        {
            Reference = (byte)row.ConcatenationReference,
            ForceUcs2 = coding.Alphabet == TpAlphabet.Ucs2,
            MessageClass = coding.MessageClass,
            Unencodable = UnencodableText.Replace,
            LockingShifts = row.LockingShift == 0 ? [] : [row.LockingShift],
            SingleShifts = row.SingleShift == 0 ? [] : [row.SingleShift],
        };
        if (row.SegmentCount == 1 && index == 0 && Segmenter.TryWhole(row.Text!, options, out var whole)) return whole;
        return Segmenter.TrySegment(row.Text!, options, out var segmentation)
            ? segmentation.Segments[index].UserData : throw new InvalidDataException($"stored text of {MessageId.Format(row.Id)} cannot be segmented");
    }

    private static SegmentationOptions OptionsOf(SmsSettings settings, byte[] languages) => new()
    {
        Unencodable = settings.UnencodableText == "Replace" ? UnencodableText.Replace : UnencodableText.Upgrade,
        LockingShifts = languages, SingleShifts = languages,
    };
}
