using CsCheck;

namespace Gateway.Sms.Tests;

/// <summary>Generators of every value the codec can hold.</summary>
internal static class AnyPdu
{
    private static readonly Gen<string> Digits = Gen.Int[0, 14].Array[0, 20].Select(digits => string.Concat(digits.Select(digit => "0123456789*#abc"[digit])));

    public static readonly Gen<TpAddress> Number =
        Gen.Select(Digits, Gen.Int[0, 7].Where(type => type != (int)TypeOfNumber.Alphanumeric), Gen.Int[0, 15],
            (digits, type, plan) => TpAddress.Number(digits, (TypeOfNumber)type, (NumberingPlan)plan));

    public static readonly Gen<TpAddress> Name = Text(0, 0, 1, 11).Select(name => TpAddress.TryAlphanumeric(name, out var address) ? address : default);

    public static readonly Gen<TpAddress> Address = Gen.OneOf(Number, Name).Where(address => address.TypeOfAddress != 0);

    public static readonly Gen<RpAddress> ServiceCentre = Gen.OneOf(
        Gen.Const(default(RpAddress)),
        Gen.Select(Digits.Where(digits => digits.Length > 0), Gen.Int[0, 7], (digits, type) => RpAddress.Number(digits, (TypeOfNumber)type)));

    public static readonly Gen<TpServiceCentreTimeStamp> Stamp = Gen.OneOf(
        Gen.Byte.Array[7].Select(octets => TpServiceCentreTimeStamp.FromOctets(octets)),
        Gen.Select(Gen.Long[0, 3_155_759_999], Gen.Int[-56, 56], (seconds, quarters) =>
            TpServiceCentreTimeStamp.From(DateTimeOffset.FromUnixTimeSeconds(seconds % 3_150_000_000 + 100_000).ToOffset(TimeSpan.FromMinutes(15 * quarters)))));

    public static readonly Gen<TpValidityPeriod> Validity = Gen.OneOf(
        Gen.Const(default(TpValidityPeriod)),
        Gen.Byte.Select(TpValidityPeriod.Relative),
        Stamp.Select(TpValidityPeriod.Absolute),
        Gen.Select(Gen.Int[1, 255], Gen.Bool, TpValidityPeriod.Seconds));

    public static readonly Gen<UserDataHeader> Header =
        Gen.Select(Gen.Byte, Gen.Byte.Array[0, 9]).Select((identifier, data) => new InformationElement(identifier, data)).Array[0, 6]
            .Select(elements => UserDataHeader.Of(elements));

    private static readonly Gen<UserDataHeader?> MaybeHeader = Gen.OneOf(Gen.Const((UserDataHeader?)null), Header.Select(header => (UserDataHeader?)header));

    /// <summary>User data of all three alphabets and the compressed kind, with and without header, up to the last octet.</summary>
    public static readonly Gen<TpUserData> UserData = Gen.OneOf(
        Gen.Select(Gen.Int[0, 255].Select(value => new TpDataCodingScheme((byte)value)), MaybeHeader, Gen.Byte.Array[0, 140], (coding, header, data) =>
        {
            var room = Tpdu.MaxUserData - (header is { } there ? 1 + there.Length : 0);
            data = data[..Math.Min(data.Length, room)];
            if (coding is not { Alphabet: TpAlphabet.Gsm7, IsCompressed: false }) return TpUserData.FromData(data, coding, header);
            var text = new string([.. data.Select(octet => (char)('0' + octet % 75))]);
            while (!TpUserData.TryFromText(text, coding, out var _, header)) text = text[..^1];
            TpUserData.TryFromText(text, coding, out var userData, header);
            return userData;
        }));

    public static readonly Gen<TpParameterIndicator> Indicator = Gen.Int[0, 15].Select(bits => new TpParameterIndicator((byte)(bits << 3)));

    public static readonly Gen<SmsDeliver> Deliver =
        Gen.Select(Gen.Bool.Array[4], Address, Gen.Byte, Stamp, UserData, (bits, address, identifier, stamp, userData) => new SmsDeliver
        {
            MoreMessagesToSend = bits[0], LoopPrevention = bits[1], StatusReportIndication = bits[2], ReplyPath = bits[3],
            OriginatingAddress = address, ProtocolIdentifier = new(identifier), ServiceCentreTimeStamp = stamp, UserData = userData,
        });

    public static readonly Gen<SmsSubmit> Submit =
        Gen.Select(Gen.Bool.Array[3], Gen.Byte.Array[2], Address, Validity, UserData, (bits, octets, address, validity, userData) => new SmsSubmit
        {
            RejectDuplicates = bits[0], StatusReportRequest = bits[1], ReplyPath = bits[2], MessageReference = octets[0],
            DestinationAddress = address, ProtocolIdentifier = new(octets[1]), ValidityPeriod = validity, UserData = userData,
        });

    public static readonly Gen<SmsStatusReport> StatusReport =
        Gen.Select(Gen.Bool.Array[3], Gen.Byte.Array[3], Address, Gen.Select(Stamp, Stamp), Gen.Select(Indicator, Maybe(UserData)),
            (bits, octets, address, stamps, optional) => new SmsStatusReport
            {
                MoreMessagesToSend = bits[0], LoopPrevention = bits[1], AnswersCommand = bits[2], MessageReference = octets[0],
                RecipientAddress = address, ServiceCentreTimeStamp = stamps.Item1, DischargeTime = stamps.Item2, Status = new(octets[1]),
                ParameterIndicator = optional.Item2 is null ? null : optional.Item1, DataCodingScheme = optional.Item2?.DataCodingScheme, UserData = optional.Item2,
            });

    public static readonly Gen<SmsCommand> Command =
        Gen.Select(Gen.Bool, Gen.Byte.Array[4], Address, Gen.Byte.Array[0, 140], (bit, octets, address, data) => new SmsCommand
        {
            StatusReportRequest = bit, MessageReference = octets[0], ProtocolIdentifier = new(octets[1]), CommandType = (TpCommandType)octets[2],
            MessageNumber = octets[3], DestinationAddress = address, CommandData = data,
        });

    public static readonly Gen<SmsDeliverReport> DeliverReport =
        Gen.Select(Maybe(Gen.Byte), Indicator, Maybe(Gen.Byte), Maybe(UserData), (cause, indicator, identifier, userData) => new SmsDeliverReport
        {
            FailureCause = (TpFailureCause?)cause, ParameterIndicator = indicator, ProtocolIdentifier = identifier is { } value ? new(value) : null,
            DataCodingScheme = userData?.DataCodingScheme, UserData = userData,
        });

    public static readonly Gen<SmsSubmitReport> SubmitReport =
        Gen.Select(Maybe(Gen.Byte), Indicator, Maybe(Gen.Byte), Stamp, Maybe(UserData), (cause, indicator, identifier, stamp, userData) => new SmsSubmitReport
        {
            FailureCause = (TpFailureCause?)cause, ParameterIndicator = indicator, ProtocolIdentifier = identifier is { } value ? new(value) : null,
            ServiceCentreTimeStamp = stamp, DataCodingScheme = userData?.DataCodingScheme, UserData = userData,
        });

    /// <summary>Texts of an alphabet whose septets are between two bounds.</summary>
    public static Gen<string> Text(int locking, int single, int minSeptets, int maxSeptets)
    {
        var characters = Enumerable.Range(1, 0x2300).Select(code => (char)code).Where(character => Gsm7.CanEncode([character], locking, single)).ToArray();
        return Gen.Int[0, characters.Length - 1].Select(index => characters[index]).Array[minSeptets, maxSeptets].Select(text => new string(text))
            .Where(text => Gsm7.Count(text, locking, single) is var count && count >= minSeptets && count <= maxSeptets);
    }

    private static Gen<T?> Maybe<T>(Gen<T> gen) where T : struct => Gen.OneOf(Gen.Const((T?)null), gen.Select(value => (T?)value));
}
