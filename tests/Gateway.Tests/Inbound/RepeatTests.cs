using Gateway.Acceptance;
using Gateway.Inbound;
using Gateway.Sms;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Inbound;

/// <summary>What makes an SMS-SUBMIT the repeat of another (TS 23.040 §9.2.3.6, §9.2.3.25).</summary>
public sealed class RepeatTests
{
    private const byte RejectDuplicates = 0x04;

    [Fact]
    public void A_repeat_has_the_same_id_with_and_without_TP_RD()
    {
        var first = Submitted("4940123", "same text", reference: 7);

        Assert.Equal(first.ForeignId, Submitted("4940123", "same text", 7).ForeignId);
        Assert.Equal(first.ForeignId, Submitted("4940123", "same text", 7, RejectDuplicates).ForeignId);
        Assert.NotEqual(first.ForeignId, Submitted("4940123", "same text", 8).ForeignId);
        Assert.NotEqual(first.ForeignId, Submitted("4940124", "same text", 7).ForeignId);
        Assert.NotEqual(first.ForeignId, Submitted("4940123", "other text", 7).ForeignId);
    }

    [Fact]
    public void A_handset_whose_TP_MR_never_changes_may_send_the_same_text_again_after_two_minutes()
    {
        Assert.Equal(TimeSpan.FromMinutes(2), Submitted("4940123", "ok", reference: 0).RepeatWindow);
        Assert.Equal(TimeSpan.FromMinutes(10), Submitted("4940123", "ok", reference: 0, RejectDuplicates).RepeatWindow);
    }

    private static Submission Submitted(string to, string text, byte reference, byte flags = 0)
    {
        var tpdu = Pdu.Submits(to, text, reference)[0];
        tpdu[0] |= flags;
        Assert.True(SmsSubmit.TryDecode(tpdu, out var submit, out _));
        return RpInbound.SubmissionOf("4940999", submit, DateTimeOffset.UnixEpoch);
    }
}
