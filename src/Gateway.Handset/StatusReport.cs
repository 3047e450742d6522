using Gateway.Sms;

namespace Gateway.Handset;

/// <summary>An SMS-STATUS-REPORT that came for something this handset sent.</summary>
/// <param name="To">TP-RA.</param>
/// <param name="Status">TP-ST.</param>
/// <param name="MessageReference">TP-MR of the SMS-SUBMIT.</param>
/// <param name="DischargedAt">TP-DT; null if it is no time.</param>
/// <param name="Fits">TP-MR, TP-RA and TP-SCTS are those of an SMS-SUBMIT of ours and its report (TS 23.040 §9.2.2.3).</param>
public sealed record StatusReport(string To, TpStatus Status, byte MessageReference, DateTimeOffset? DischargedAt, bool Fits);
