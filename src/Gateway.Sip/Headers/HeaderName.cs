namespace Gateway.Sip;

/// <summary>
/// Header names this stack knows (RFC 3261 §20, RFC 3262, 3265/6665, 3325, 3327, 3329, 3428, 3455/7315, 3608, 3840/3841, 3892, 3903, 4028,
/// 4244, 5002, 5502, 5626).
/// Any other name is <see cref="Other"/> and kept by its text.
/// </summary>
public enum HeaderName : byte
{
    Other = 0,

    // May stand only once in a message (RFC 3261 §7.3.1): the parser refuses a second one. Keep these below 64: they are bits of a mask.
    From, To, CallId, CSeq, MaxForwards, ContentLength, ContentType, Event, SubscriptionState, Expires, MinExpires,

    Via, Contact, Route, RecordRoute, Path, ServiceRoute,
    Accept, AcceptContact, AcceptEncoding, AcceptLanguage, AcceptResourcePriority, AlertInfo, Allow, AllowEvents, AuthenticationInfo,
    Authorization, CallInfo, ContentDisposition, ContentEncoding, ContentLanguage, ContentTransferEncoding, Date, ErrorInfo, FeatureCaps,
    FlowTimer, Geolocation, HistoryInfo, Identity, IdentityInfo, InReplyTo, MimeVersion, Organization,
    PAccessNetworkInfo, PAssertedIdentity, PAssociatedUri, PCalledPartyId, PChargingFunctionAddresses, PChargingVector,
    PPreferredIdentity, PProfileKey, PServedUser, PUserDatabase, PVisitedNetworkId,
    Priority, Privacy, ProxyAuthenticate, ProxyAuthorization, ProxyRequire, Reason, ReferTo, ReferredBy, RejectContact, ReplyTo,
    RequestDisposition, Require, RetryAfter, SecurityClient, SecurityServer, SecurityVerify, Server, SessionExpires, SipETag, SipIfMatch,
    Subject, Supported, Timestamp, Unsupported, UserAgent, Warning, WwwAuthenticate,
}
