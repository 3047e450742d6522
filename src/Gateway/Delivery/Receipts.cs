using System.Globalization;
using System.Text;
using Gateway.Provisioning;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Sms;
using Gateway.Store;
using Gateway.Webhooks;

namespace Gateway.Delivery;

/// <summary>
/// Who is told of a conclusion: the application by webhook, the handset that set TP-SRR by SMS-STATUS-REPORT, the OTT client that
/// asked for it by IMDN. What tells of it is written in the
/// same transaction, and only if the conclusion itself applied, so each segment gets exactly one final word.
/// </summary>
public sealed class Receipts(LiveDirectory directory, MessageId ids, Identities identities, Mailboxes mailboxes, WebhookBell bell)
{
    /// <summary>The inbound webhooks of a message for an application's number; none when its account takes none.</summary>
    public IReadOnlyList<WebhookRow> InboundWebhooks(ShortMessageRow row, AccountSettings? account, long now) =>
        account is null ? [] : InboundMessage.For(row, account, now);

    /// <summary>Adds to a conclusion what tells of its segments from <paramref name="first"/> up to, not including, <paramref name="end"/>.</summary>
    public void Tell(MessageProgress progress, ShortMessageRow row, int first, int end, MessageState state, byte errorCode, long now)
    {
        if (!row.ReceiptRequested) return;
        if (row.Source is MessageSource.Volte or MessageSource.Ott)
        {
            if (end < row.SegmentCount) return; // the handset that sent it sees one message
            if (row.Source == MessageSource.Volte) progress.FollowUps.Add(StatusReport(row, state, errorCode, now));
            else if (Imdn(row, state, now) is { } imdn) progress.FollowUps.Add(imdn);
            return;
        }
        if (row.Account is null || directory.Current.Account(row.Account) is not { } account) return;
        if (MessageWebhook.Tells(row, account))
        {
            // One for the whole message, when its last segment is concluded.
            if (end == row.SegmentCount && MessageWebhook.Status(row, state, errorCode, account, now) is { } status) progress.Webhooks.Add(status);
            return;
        }
        for (var segment = first; segment < end; segment++)
            if (DeliveryReceipt.For(row, segment, DeliveryReceipt.StatusOf(state), errorCode, account, now) is { } receipt)
                progress.Webhooks.Add(receipt);
    }

    /// <summary>After the write: what it brought is rung.</summary>
    public void Ring(Few<MessageProgress> written)
    {
        foreach (var progress in written)
        {
            if (!progress.Applied) continue;
            if (progress.HasWebhooks) bell.Ring(progress.Id);
            foreach (var followUp in progress.FollowUpsOrNone) mailboxes.Ring(followUp);
        }
    }

    /// <summary>
    /// TS 23.040 §9.2.2.3: TP-MR and TP-RA as the SMS-SUBMIT had them, TP-SCTS as the SMS-SUBMIT-REPORT had it. It is itself a message to the sender,
    /// kept and repeated like any other, and never reported on.
    /// </summary>
    private ShortMessageRow StatusReport(ShortMessageRow row, MessageState state, byte errorCode, long now)
    {
        var recipient = TpAddress.TryDecode(row.SubmitDestination, out var dialled, out _) ? dialled : TpAddress.International(row.Recipient);
        var report = new SmsStatusReport
        {
            MessageReference = row.SubmitReference,
            RecipientAddress = recipient,
            ServiceCentreTimeStamp = TpServiceCentreTimeStamp.From(DateTimeOffset.FromUnixTimeMilliseconds(row.AcceptedAt)),
            DischargeTime = TpServiceCentreTimeStamp.From(DateTimeOffset.FromUnixTimeMilliseconds(now)),
            Status = StatusOf(state, errorCode),
        };
        return ToSender(row, ids.Take(1), "status report", ContentKind.StatusReport, report.Encode(), now);
    }

    /// <summary>
    /// RFC 5438 §7.2: told if this outcome was asked for. It asks for no notification itself (§7.2.1.1), and names the recipient as the sender did.
    /// </summary>
    private ShortMessageRow? Imdn(ShortMessageRow row, MessageState state, long now)
    {
        var outcome = state == MessageState.Delivered ? ImdnRequest.PositiveDelivery : ImdnRequest.NegativeDelivery;
        if (row.ImdnMessageId is not { } messageId || !((ImdnRequest)row.SubmitReference).HasFlag(outcome)) return null;
        var id = ids.Take(1);
        var recipient = identities.OfOriginator(row.Recipient);
        var status = state == MessageState.Delivered ? ImdnStatus.Delivered : ImdnStatus.Failed;
        var document = new ImdnDocument(messageId, DateTimeOffset.FromUnixTimeMilliseconds(row.AcceptedAt), ImdnNotification.Delivery, status)
        {
            RecipientUri = recipient,
            OriginalRecipientUri = row.SubmitDestination is { Length: > 0 } to ? Encoding.UTF8.GetString(to) : recipient,
        };
        var cpim = new CpimMessage
        {
            Headers =
            [
                new(CpimHeader.Core, "From", $"<{recipient}>"),
                new(CpimHeader.Core, "To", $"<{identities.OfOriginator(row.Originator)}>"),
                new(CpimHeader.Core, "DateTime", DateTimeOffset.FromUnixTimeMilliseconds(now).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
                new(CpimHeader.Imdn, "Message-ID", MessageId.Format(id)),
            ],
            PartType = new MediaType(ImdnDocument.ContentType, SipParameters.Empty),
            PartDisposition = "notification",
            Content = document.ToArray(),
        };
        return ToSender(row, id, "delivery notification", ContentKind.Imdn, cpim.ToArray(), now);
    }

    private static ShortMessageRow ToSender(ShortMessageRow row, long id, string what, ContentKind content, byte[] octets, long now) => new()
    {
        Id = id,
        Source = MessageSource.Gateway,
        Route = RouteKind.Subscriber,
        RouteReason = $"{what} for {MessageId.Format(row.Id)}",
        Recipient = row.Originator,
        Originator = row.Recipient,
        Content = content,
        UserData = octets,
        AcceptedAt = now,
        ExpiresAt = now + (long)Acceptance.Submission.DefaultValidity.TotalMilliseconds,
        DueAt = now,
    };

    /// <summary>TS 23.040 §9.2.3.15.</summary>
    private static TpStatus StatusOf(MessageState state, byte errorCode) => (state, errorCode) switch
    {
        (MessageState.Delivered, _)                      => TpStatus.Received,
        (MessageState.Expired, _)                        => TpStatus.ValidityPeriodExpired,
        (MessageState.Rejected, _)                       => TpStatus.ConnectionRejected,
        (_, Verdict.IllegalMessage)                      => TpStatus.IncompatibleDestination,
        (_, Verdict.Unreachable or Verdict.AbsentPermanent) => TpStatus.NotObtainable,
        _                                                => TpStatus.RemoteProcedureError,
    };
}
