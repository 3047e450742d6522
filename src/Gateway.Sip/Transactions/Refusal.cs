namespace Gateway.Sip.Transactions;
internal static class Refusal { public static SipResponse? Of(SipRequest r, string t) => null; }
