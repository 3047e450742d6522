using System.Text;
using Gateway.Acceptance;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// What goes to a VoLTE handset: one MESSAGE with one RP-DATA, as TS 24.341 §5.3.3 has it. The
/// Call-ID names the segment, so that the handset's In-Reply-To finds it on any node and after a restart.
/// </summary>
public sealed class Volte(SipSettings settings, TimeProvider time)
{
    public const string ContentType = "application/vnd.3gpp.sms";

    private readonly RpAddress _serviceCentre = RpAddress.International(settings.ServiceCentreAddress);
    private readonly SipHeaders _common = CommonOf(settings);

    /// <summary>RP-DATA with the segment that is next.</summary>
    internal SipRequest Deliver(Target target, ShortMessageRow row, Flight flight)
    {
        var body = row.Content == ContentKind.StatusReport
            ? new RpData(RpDirection.ToHandset, flight.Reference, _serviceCentre, default, row.UserData).Encode()
            : RpData.Encode(RpDirection.ToHandset, flight.Reference, _serviceCentre, TpduOf(row, flight));
        var request = Request(target, body);
        request.Headers.Add(HeaderName.CallId, $"{flight.SegmentId:X16}-{row.Attempts}-{Random.Shared.Next():x8}@{settings.Domain}"); // SegmentOf reads it
        var seconds = Math.Max(1, (row.ExpiresAt - time.GetUtcNow().ToUnixTimeMilliseconds()) / 1000);
        request.Headers.Add(HeaderName.Expires, $"{seconds}");
        return request;
    }

    /// <summary>RP-ACK or RP-ERROR to a handset's own RP-DATA or RP-SMMA (TS 24.341 §5.3.3.3: in a MESSAGE of its own, tied by In-Reply-To).</summary>
    public SipRequest Report(Target target, byte[] body, string inReplyTo)
    {
        var request = Request(target, body);
        request.Headers.Add(HeaderName.CallId, $"{SipRequest.NewTag()}{SipRequest.NewTag()}@{settings.Domain}");
        request.Headers.Add(HeaderName.InReplyTo, inReplyTo);
        return request;
    }

    /// <summary>The segment an In-Reply-To of a handset names, or null when it is no Call-ID of ours.</summary>
    public static long? SegmentOf(ReadOnlySpan<byte> inReplyTo)
    {
        if (inReplyTo.Length <= MessageId.Digits + 1 || inReplyTo[MessageId.Digits] != '-') return null;
        Span<char> digits = stackalloc char[MessageId.Digits];
        Encoding.Latin1.GetChars(inReplyTo[..MessageId.Digits], digits);
        return MessageId.TryParse(digits, out var id) ? id : null;
    }

    private SmsDeliver TpduOf(ShortMessageRow row, Flight flight) => new()
    {
        MoreMessagesToSend = !flight.Last,
        StatusReportIndication = row.ReceiptRequested && row.Source == MessageSource.Volte,
        OriginatingAddress = TpAddress.FromOriginator(row.Originator),
        ProtocolIdentifier = new TpProtocolIdentifier(row.ProtocolIdentifier),
        ServiceCentreTimeStamp = TpServiceCentreTimeStamp.From(DateTimeOffset.FromUnixTimeMilliseconds(row.AcceptedAt)),
        UserData = Segments.UserDataOf(row, row.SegmentsDone),
    };

    private SipRequest Request(Target target, byte[] body)
    {
        var request = target.NewMessage(settings.ServiceCentreIdentity, _common);
        request.Body = body;
        return request;
    }

    private static SipHeaders CommonOf(SipSettings settings)
    {
        var common = Target.NewCommon();
        common.Add(HeaderName.PAssertedIdentity, $"<{settings.ServiceCentreIdentity}>");
        common.Add(HeaderName.AcceptContact, "*;+g.3gpp.smsip;require;explicit");
        common.Add(HeaderName.RequestDisposition, "no-fork");
        common.Add(HeaderName.ContentType, ContentType);
        return common;
    }
}
