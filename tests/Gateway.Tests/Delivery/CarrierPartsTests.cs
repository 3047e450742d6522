using Gateway.Delivery;
using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Delivery;

public sealed class CarrierPartsTests
{
    [Fact]
    public void All_parts_delivered_is_delivered()
    {
        var parts = CarrierParts.Parse(CarrierParts.Of(["A1", "A2"]));
        Assert.True(parts.Record(Receipt("A2", "delivered")));
        Assert.False(parts.Complete);
        parts = CarrierParts.Parse(parts.ToString()); // as the row keeps it between two receipts
        Assert.True(parts.Record(Receipt("A1", "delivered")));
        Assert.Equal((true, MessageState.Delivered, (byte)0), (parts.Complete, parts.State, parts.ErrorCode));
    }

    [Fact]
    public void A_receipt_that_names_no_part_is_for_all_that_nothing_is_known_of()
    {
        var parts = CarrierParts.Parse("A1=failed:9,A2,A3");
        Assert.True(parts.Record(Receipt("", "delivered")));
        Assert.Equal(("A1=failed:9,A2=delivered:0,A3=delivered:0", true), (parts.ToString(), parts.Complete));
        Assert.False(parts.Record(Receipt("", "failed")));
    }

    [Fact]
    public void One_failed_part_fails_the_message_with_its_error_code()
    {
        var parts = CarrierParts.Parse(CarrierParts.Of(["A1", "A2"]));
        parts.Record(Receipt("A1", "delivered"));
        parts.Record(Receipt("A2", "failed", 9));
        Assert.Equal((MessageState.Failed, (byte)9), (parts.State, parts.ErrorCode));
    }

    [Fact]
    public void An_intermediate_status_a_repeat_and_an_unknown_part_change_nothing()
    {
        var parts = CarrierParts.Parse("A1");
        Assert.False(parts.Record(Receipt("A1", "buffered")));
        Assert.False(parts.Record(Receipt("B7", "delivered")));
        Assert.True(parts.Record(Receipt("A1", "expired", 2)));
        Assert.False(parts.Record(Receipt("A1", "delivered")));
        Assert.Equal(MessageState.Expired, parts.State);
    }

    [Fact]
    public void A_carrier_without_ids_concludes_with_its_one_receipt()
    {
        var parts = CarrierParts.Parse(null);
        Assert.False(parts.Complete);
        Assert.True(parts.Record(Receipt("what,ever=1", "rejected", 12)));
        Assert.Equal((true, MessageState.Rejected, (byte)12), (parts.Complete, parts.State, parts.ErrorCode));
    }

    [Fact]
    public void Ids_may_hold_our_separators()
    {
        var parts = CarrierParts.Parse(CarrierParts.Of(["a,b", "c=d"]));
        Assert.True(parts.Record(Receipt("c=d", "delivered")));
        Assert.True(parts.Record(Receipt("a,b", "delivered")));
        Assert.True(parts.Complete);
    }

    private static CarrierReceipt Receipt(string part, string status, byte errorCode = 0) => new(1, "vonage", part, status, errorCode);
}
