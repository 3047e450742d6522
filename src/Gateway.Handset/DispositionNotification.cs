using Gateway.Sip;

namespace Gateway.Handset;

/// <summary>RFC 5438: what became of a message whose sender asked to be told.</summary>
/// <param name="From">Who it was sent to, as the notification's sender.</param>
/// <param name="MessageId">imdn.Message-ID of the message.</param>
/// <param name="Fits">It is of a message sent from here.</param>
public sealed record DispositionNotification(string From, string MessageId, ImdnNotification Notification, ImdnStatus Status, bool Fits);
