using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gateway.Acceptance;
using Gateway.Rest;
using Gateway.Routing;
using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Carriers;

/// <summary>A field of a carrier's webhook that is missing or wrong.</summary>
internal readonly record struct FieldFault(string Field, string Detail);

/// <summary>An inbound message as Nexmo's webhook brings it: <c>msisdn</c>, <c>to</c>, <c>text</c>, and what may come with them.</summary>
internal static class InboundSms
{
    public static Submission? Read(RequestFields fields, string carrier, out FieldFault fault)
    {
        fault = default;
        // No alphabet has U+0000, and PostgreSQL cannot store it.
        foreach (var name in (string[])["text", "messageId"])
            if (fields[name]?.Contains('\0') == true)
                return Fail(name, "has the character U+0000", out fault);
        if (SenderAddress.Parse(fields["msisdn"] ?? "") is not { } originator)
            return Fail("msisdn", fields["msisdn"] is null ? "is missing" : "is neither a number nor a name", out fault);
        if (NumberPlan.International(fields["to"] ?? "") is not { } destination)
            return Fail("to", fields["to"] is null ? "is missing" : "is not a number", out fault);
        if (Content(fields, out fault) is not { } content)
            return null;
        return new Submission
        {
            Source = MessageSource.Carrier,
            Carrier = carrier,
            Originator = originator,
            Destination = destination,
            Content = content,
            ForeignId = fields["messageId"],
        };
    }

    private static SubmittedContent? Content(RequestFields fields, out FieldFault fault)
    {
        fault = default;
        var type = fields["type"]?.ToLowerInvariant();
        if (type == "binary" || (fields["data"] is not null && !fields.Has("text")))
            return Binary(fields, out fault);
        if (!fields.Has("text"))
            return Fail<SubmittedContent>("text", "is missing", out fault);
        var text = fields["text"] ?? "";
        var unicode = type == "unicode";
        return fields["concat"]?.ToLowerInvariant() is "true" or "1" ? Part(fields, text, unicode, out fault) : new TextContent(text, ForceUcs2: unicode);
    }

    private static UserDataContent? Binary(RequestFields fields, out FieldFault fault)
    {
        fault = default;
        if (fields["data"] is not { } data)
            return Fail<UserDataContent>("data", "is missing", out fault);
        if (!TryHex(data, out var octets))
            return Fail<UserDataContent>("data", "is not hexadecimal", out fault);
        if (!TryHex(fields["udh"] ?? "", out var header) || (header.Length > 0 && !UserDataHeader.TryDecode(header, out _, out _)))
            return Fail<UserDataContent>("udh", "is not a user data header in hexadecimal", out fault);
        byte[] userData = [.. header, .. octets];
        if (userData.Length > Tpdu.MaxUserData)
            return Fail<UserDataContent>("data", $"has with udh {userData.Length} octets, more than {Tpdu.MaxUserData}", out fault);
        var coding = TpDataCodingScheme.Of(TpAlphabet.EightBit);
        return new UserDataContent(userData, (byte)userData.Length, header.Length > 0, coding.Value, ProtocolIdentifier: 0);
    }

    /// <summary>A part of a long text is passed on as the segment it was: a handset joins it, and who takes whole texts gets it joined.</summary>
    private static SubmittedContent? Part(RequestFields fields, string text, bool unicode, out FieldFault fault)
    {
        fault = default;
        if (fields["concat-ref"] is not { } given)
            return Fail<SubmittedContent>("concat-ref", "is missing", out fault);
        if (!byte.TryParse(fields["concat-total"], NumberStyles.None, CultureInfo.InvariantCulture, out var total) || total == 0)
            return Fail<SubmittedContent>("concat-total", "is not 1 to 255", out fault);
        if (!byte.TryParse(fields["concat-part"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) || sequence == 0 || sequence > total)
            return Fail<SubmittedContent>("concat-part", "is not 1 to concat-total", out fault);
        if (total == 1)
            return new TextContent(text, ForceUcs2: unicode);
        var header = UserDataHeader.Of(Concatenation(Reference(given), total, sequence));
        var coding = TpDataCodingScheme.Of(unicode || !Gsm7.CanEncode(text) ? TpAlphabet.Ucs2 : TpAlphabet.Gsm7);
        // A part that is too long for a segment cannot have been one: better shown by itself than not at all.
        return TpUserData.TryFromText(text, coding, out var userData, header)
            ? new UserDataContent(userData.Octets.ToArray(), userData.Length, HasUserDataHeader: true, coding.Value, ProtocolIdentifier: 0)
            : new TextContent(text, ForceUcs2: unicode);
    }

    /// <summary>A number; anything else a carrier calls its reference becomes one, the same for all parts.</summary>
    private static ushort Reference(string given) =>
        ushort.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var reference)
            ? reference
            : BinaryPrimitives.ReadUInt16BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(given)));

    /// <summary>The size of reference that the part came with: one octet more of header would not leave room for its text.</summary>
    private static InformationElement Concatenation(ushort reference, byte total, byte sequence)
    {
        if (reference <= byte.MaxValue)
            return new InformationElement(InformationElement.Concatenation8, new[] { (byte)reference, total, sequence });
        var data = new byte[] { 0, 0, total, sequence };
        BinaryPrimitives.WriteUInt16BigEndian(data, reference);
        return new InformationElement(InformationElement.Concatenation16, data);
    }

    private static bool TryHex(string text, out byte[] octets)
    {
        var valid = text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);
        octets = valid ? Convert.FromHexString(text) : [];
        return valid;
    }

    private static Submission? Fail(string field, string detail, out FieldFault fault) => Fail<Submission>(field, detail, out fault);

    private static T? Fail<T>(string field, string detail, out FieldFault fault) where T : class
    {
        fault = new FieldFault(field, $"{field} {detail}");
        return null;
    }
}
