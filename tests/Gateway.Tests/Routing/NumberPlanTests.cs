using Gateway.Routing;
using Xunit;

namespace Gateway.Tests.Routing;

public sealed class NumberPlanTests
{
    private readonly NumberPlan _numbers = new(new NumberingSettings { CountryCode = "49", LocalPrefixes = ["4940"] });

    [Theory]
    [InlineData("447700900000", "447700900000")]
    [InlineData("+447700900000", "447700900000")]
    [InlineData("00447700900000", "447700900000")]
    [InlineData("+49 (40) 123-456", "4940123456")]
    [InlineData("Bank", null)]
    [InlineData("", null)]
    [InlineData("+", null)]
    [InlineData("123456789012345678901", null)]
    public void An_application_gives_international_numbers(string given, string? expected) => Assert.Equal(expected, NumberPlan.International(given));

    [Theory]
    [InlineData("01711234567", "491711234567")]     // national, as a German subscriber dials
    [InlineData("040999", "040999")]                // too short for the plan: left as it is, like a short code
    [InlineData("4940100001", "4940100001")]        // a local number without plus
    [InlineData("+15551234567", "15551234567")]
    [InlineData("0015551234567", "15551234567")]
    [InlineData("894", "894")]                      // short code
    [InlineData("smsc", null)]
    public void A_subscriber_dials_by_the_home_plan(string dialled, string? expected) => Assert.Equal(expected, _numbers.Dialled(dialled));

    [Theory]
    [InlineData("01711234567", "491711234567")]
    [InlineData("0171 / 1234567", null)]
    [InlineData("0171 123-4567", "491711234567")]
    [InlineData("00447700900000", "447700900000")]
    [InlineData("+447700900000", "447700900000")]
    [InlineData("447700900000", "447700900000")]
    [InlineData("4940100001", "4940100001")]
    [InlineData("2255", "2255")]
    [InlineData("0800", "0800")]
    public void A_number_with_one_zero_before_it_is_the_home_countrys(string given, string? expected) => Assert.Equal(expected, _numbers.Given(given));

    [Theory]
    [InlineData("01711234567", "491711234567")]
    [InlineData("Bank", "Bank")]
    [InlineData("22555", "22555")]
    [InlineData("0AB1234", "0AB1234")]
    [InlineData("491711234567", "491711234567")]
    public void Names_and_short_codes_stay_senders(string given, string expected) => Assert.Equal(expected, _numbers.Sender(given));

    [Theory]
    [InlineData("4940100001", true)]
    [InlineData("4989100001", false)]
    public void A_local_number_has_a_local_prefix(string number, bool local) => Assert.Equal(local, _numbers.IsLocal(number));
}
