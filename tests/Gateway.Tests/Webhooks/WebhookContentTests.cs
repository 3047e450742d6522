using Gateway.Sms;
using Gateway.Store;
using Gateway.Webhooks;
using Xunit;

namespace Gateway.Tests.Webhooks;

/// <summary>Fields of receipts and inbound messages: which, in which order, and which are left out.</summary>
public sealed class WebhookContentTests
{
    private const long Now = 1_780_315_445_000; // 2026-06-01T12:04:05Z

    private static AccountSettings Account => new()
    {
        ApiKey = "bank0001", DeliveryReceiptUrl = "http://account.example/receipt", InboundUrl = "http://account.example/inbound",
    };

    private static ShortMessageRow Sent => new()
    {
        Id = 0x0A00000012345678, Recipient = "4940111", Originator = "AcmeInc", SegmentCount = 3, ReceiptRequested = true, ClientReference = "my-ref",
    };

    [Fact]
    public void A_receipt_has_its_fields_in_nexmos_order()
    {
        var row = DeliveryReceipt.For(Sent, 1, ReceiptStatus.Delivered, 0, Account, Now)!;
        Assert.Equal(
        [
            new("msisdn", "4940111"), new("to", "AcmeInc"), new("network-code", "00000"), new("messageId", "0A00000012345679"),
            new("price", "0.00000000"), new("status", "delivered"), new("scts", "2606011204"), new("err-code", "0"),
            new("api-key", "bank0001"), new("client-ref", "my-ref"),
        ], WebhookFields.Parse(row.Fields));
        Assert.Equal((WebhookKind.DeliveryReceipt, "bank0001", Sent.Id, "http://account.example/receipt", WebhookState.Pending, Now, Now),
            (row.Kind, row.Account, row.MessageId, row.Url, row.State, row.CreatedAt, row.DueAt));
    }

    [Fact]
    public void A_failed_receipt_has_its_code_and_no_empty_fields()
    {
        var message = Sent;
        message.ClientReference = null;
        var fields = WebhookFields.Parse(DeliveryReceipt.For(message, 0, ReceiptStatus.Failed, 99, Account, Now)!.Fields);
        Assert.Contains(new("status", "failed"), fields);
        Assert.Contains(new("err-code", "99"), fields);
        Assert.DoesNotContain("client-ref", fields.Select(field => field.Key));
    }

    [Fact]
    public void The_requests_callback_comes_before_the_accounts_url_and_nobody_is_told_who_did_not_ask()
    {
        var message = Sent;
        message.CallbackUrl = "http://request.example";
        Assert.Equal("http://request.example", DeliveryReceipt.For(message, 0, ReceiptStatus.Delivered, 0, Account, Now)!.Url);
        Assert.Equal("http://request.example", DeliveryReceipt.For(message, 0, ReceiptStatus.Delivered, 0, new AccountSettings { ApiKey = "a" }, Now)!.Url);
        message.CallbackUrl = null;
        Assert.Null(DeliveryReceipt.For(message, 0, ReceiptStatus.Delivered, 0, new AccountSettings { ApiKey = "a" }, Now));
        message.ReceiptRequested = false;
        Assert.Null(DeliveryReceipt.For(message, 0, ReceiptStatus.Delivered, 0, Account, Now));
    }

    [Theory]
    [InlineData(MessageState.Delivered, ReceiptStatus.Delivered)]
    [InlineData(MessageState.Expired, ReceiptStatus.Expired)]
    [InlineData(MessageState.Failed, ReceiptStatus.Failed)]
    [InlineData(MessageState.Rejected, ReceiptStatus.Rejected)]
    [InlineData(MessageState.HandedOver, ReceiptStatus.Accepted)]
    [InlineData(MessageState.Waiting, ReceiptStatus.Buffered)]
    public void States_have_their_words(MessageState state, ReceiptStatus status) => Assert.Equal(status, DeliveryReceipt.StatusOf(state));

    [Fact]
    public void A_short_text_is_one_inbound_webhook_without_concatenation()
    {
        var row = Assert.Single(InboundMessage.For(Text("Stop it, please"), Account, Now));
        Assert.Equal(
        [
            new("msisdn", "491700000001"), new("to", "4940999"), new("messageId", "0A00000012345678"), new("text", "Stop it, please"),
            new("type", "text"), new("keyword", "STOP"), new("api-key", "bank0001"),
        ], WebhookFields.Parse(row.Fields));
        Assert.Equal((WebhookKind.Inbound, "http://account.example/inbound"), (row.Kind, row.Url));
    }

    [Fact]
    public void A_long_text_comes_in_parts_that_join_to_it()
    {
        var text = string.Concat(Enumerable.Range(0, 100).Select(i => $"Größe {i} "));
        var message = Text(text, segments: (byte)Segmenter.CountSegments(text));
        var parts = InboundMessage.For(message, Account, Now).Select(row => WebhookFields.Parse(row.Fields).ToDictionary()).ToList();
        Assert.Equal(message.SegmentCount, parts.Count);
        Assert.Equal(text, string.Concat(parts.Select(part => part["text"])));
        Assert.Equal(Enumerable.Range(0, parts.Count).Select(i => MessageId.Format(message.Id + i)), parts.Select(part => part["messageId"]));
        Assert.All(parts, part => Assert.Equal(("true", "40000", $"{parts.Count}"), (part["concat"], part["concat-ref"], part["concat-total"])));
        Assert.Equal(Enumerable.Range(1, parts.Count).Select(i => $"{i}"), parts.Select(part => part["concat-part"]));
    }

    [Fact]
    public void Unicode_is_called_so_and_its_keyword_is_upper_case()
    {
        var fields = WebhookFields.Parse(Assert.Single(InboundMessage.For(Text("привет мир", coding: 0x08), Account, Now)).Fields).ToDictionary();
        Assert.Equal(("unicode", "ПРИВЕТ"), (fields["type"], fields["keyword"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \n ")]
    public void A_blank_text_has_no_keyword(string text)
    {
        var fields = WebhookFields.Parse(Assert.Single(InboundMessage.For(Text(text), Account, Now)).Fields).ToDictionary();
        Assert.DoesNotContain("keyword", fields.Keys);
        Assert.Equal(text, fields.GetValueOrDefault("text", ""));
    }

    [Fact]
    public void A_handsets_segment_is_a_part_with_the_reference_it_came_with()
    {
        var header = UserDataHeader.Of(new InformationElement(InformationElement.Concatenation8, new byte[] { 0xCC, 2, 1 }));
        Assert.True(TpUserData.TryFromText("First half", new TpDataCodingScheme(0), out var userData, header));
        var fields = WebhookFields.Parse(Assert.Single(InboundMessage.For(UserData(userData), Account, Now)).Fields).ToDictionary();
        Assert.Equal(("First half", "text", "true", "204", "2", "1"),
            (fields["text"], fields["type"], fields["concat"], fields["concat-ref"], fields["concat-total"], fields["concat-part"]));
    }

    [Fact]
    public void Binary_content_is_data_and_udh_in_hexadecimal()
    {
        var header = UserDataHeader.Of(new InformationElement(InformationElement.Ports16, new byte[] { 1, 2, 3, 4 }));
        var fields = WebhookFields.Parse(Assert.Single(InboundMessage.For(
            UserData(TpUserData.FromData([0xDE, 0xAD], new TpDataCodingScheme(0x04), header)), Account, Now)).Fields);
        Assert.Equal(
        [
            new("msisdn", "491700000001"), new("to", "4940999"), new("messageId", "0A00000012345678"), new("type", "binary"), new("data", "DEAD"),
            new("udh", "06050401020304"), new("api-key", "bank0001"),
        ], fields);
    }

    [Fact]
    public void User_data_that_cannot_be_read_is_handed_on_as_it_is()
    {
        var message = Text("");
        (message.Content, message.Text, message.UserData, message.UserDataLength, message.HasUserDataHeader) = (ContentKind.UserData, null, [0x50, 1], 2, true);
        var fields = WebhookFields.Parse(Assert.Single(InboundMessage.For(message, Account, Now)).Fields).ToDictionary();
        Assert.Equal(("binary", "5001"), (fields["type"], fields["data"]));
    }

    [Fact]
    public void Without_a_url_and_for_a_status_report_there_is_none()
    {
        Assert.Empty(InboundMessage.For(Text("x"), new AccountSettings { ApiKey = "bank0001" }, Now));
        var report = Text("");
        report.Content = ContentKind.StatusReport;
        Assert.Empty(InboundMessage.For(report, Account, Now));
    }

    private static ShortMessageRow Text(string text, byte segments = 1, byte coding = 0) => new()
    {
        Id = 0x0A00000012345678, Recipient = "4940999", Originator = "491700000001", Text = text, SegmentCount = segments, DataCodingScheme = coding,
        ConcatenationReference = 40000,
    };

    private static ShortMessageRow UserData(TpUserData userData) => new()
    {
        Id = 0x0A00000012345678, Recipient = "4940999", Originator = "491700000001", Content = ContentKind.UserData, UserData = userData.Octets.ToArray(),
        UserDataLength = userData.Length, HasUserDataHeader = userData.HasHeader, DataCodingScheme = userData.DataCodingScheme.Value,
    };
}
