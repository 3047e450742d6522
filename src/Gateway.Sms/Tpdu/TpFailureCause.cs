namespace Gateway.Sms;

/// <summary>
/// TP-FCS, TS 23.040 §9.2.3.22: only in reports carried by RP-ERROR. Values not listed are reserved, E0 to FE application specific.
/// </summary>
public enum TpFailureCause : byte
{
    TelematicInterworkingNotSupported      = 0x80,
    ShortMessageType0NotSupported          = 0x81,
    CannotReplaceShortMessage              = 0x82,
    UnspecifiedProtocolIdentifierError     = 0x8F,
    AlphabetNotSupported                   = 0x90,
    MessageClassNotSupported               = 0x91,
    UnspecifiedDataCodingSchemeError       = 0x9F,
    CommandCannotBeActioned                = 0xA0,
    CommandUnsupported                     = 0xA1,
    UnspecifiedCommandError                = 0xAF,
    TpduNotSupported                       = 0xB0,
    ServiceCentreBusy                      = 0xC0,
    NoServiceCentreSubscription            = 0xC1,
    ServiceCentreSystemFailure             = 0xC2,
    InvalidSmeAddress                      = 0xC3,
    DestinationSmeBarred                   = 0xC4,
    DuplicateRejected                      = 0xC5,
    ValidityPeriodFormatNotSupported       = 0xC6,
    ValidityPeriodNotSupported             = 0xC7,
    UsimStorageFull                        = 0xD0,
    NoStorageInUsim                        = 0xD1,
    ErrorInMobileStation                   = 0xD2,
    MemoryCapacityExceeded                 = 0xD3,
    UsimApplicationToolkitBusy             = 0xD4,
    UsimDataDownloadError                  = 0xD5,
    Unspecified                            = 0xFF,
}

/// <summary>The one place that maps a decoding fault in a TPDU to TP-FCS.</summary>
public static class TpFailureCauses
{
    public static TpFailureCause Of(PduError error) =>
        error.Fault == PduFault.WrongMessageType ? TpFailureCause.TpduNotSupported : TpFailureCause.Unspecified;
}
