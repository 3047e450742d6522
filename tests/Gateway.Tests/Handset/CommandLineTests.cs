using Gateway.Handset;
using Gateway.Sms;
using Xunit;

namespace Gateway.Tests.Handsets;

public sealed class CommandLineTests
{
    private static readonly string[] Least = ["--kind", "volte", "--number", "+4940111222", "--registrar", "sip:127.0.0.1:5060"];

    [Fact]
    public void The_least_it_needs_stands_for_a_handset_at_a_gateway_left_alone()
    {
        var options = Parse().Options;

        Assert.Equal((HandsetKind.Volte, "+4940111222"), (options.Kind, options.Number));
        Assert.Equal("sip:+4940111222@ims.example.org", options.PublicIdentity.ToString());
        Assert.Equal("sip:smsc@ims.example.org", options.ServiceCentreIdentity.ToString());
        Assert.Equal("+491700000000", options.ServiceCentreNumber);
        Assert.Null(options.Listen);
    }

    [Fact]
    public void Every_option_is_understood()
    {
        var line = Parse(
            "--send", "+4940999", "--not an option", "--send", "0123", "b", "--stay", "--status-report", "--wait", "1.5",
            "--password", "p", "--username", "u", "--domain", "lab.example",
            "--identity", "tel:+4940111222", "--listen", "127.0.0.1:0", "--proxy", "sip:p.example;lr",
            "--route", "sip:a.example;lr", "--route", "sip:b.example;lr", "--header", "X-Lab: a: b", "--assert",
            "--service-centre", "tel:+49171", "--expires", "60", "--bare-reports", "--refuse", "111", "--verbose");
        var options = line.Options;

        Assert.Equal([("+4940999", "--not an option"), ("0123", "b")], line.Sends);
        Assert.Equal((true, true, true), (line.Stay, line.StatusReport, line.Verbose));
        Assert.Equal(TimeSpan.FromSeconds(1.5), line.Wait);
        Assert.Equal(Behaviour.Refuse(RpCause.ProtocolErrorUnspecified), line.Behaviour);
        Assert.Equal(("p", "u", "lab.example"), (options.Password, options.Username, options.Domain));
        Assert.Equal("tel:+4940111222", options.PublicIdentity.ToString());
        Assert.Equal("127.0.0.1:0", options.Listen!.ToString());
        Assert.Equal("sip:p.example;lr", options.Proxy!.ToString());
        Assert.Equal(["sip:a.example;lr", "sip:b.example;lr"], options.Routes.Select(route => route.ToString()));
        Assert.Equal([new("X-Lab", "a: b")], options.Headers);
        Assert.True(options.AssertIdentity && options.BareReports);
        Assert.Equal("+49171", options.ServiceCentreNumber);
        Assert.Equal(TimeSpan.FromSeconds(60), options.Expires);
    }

    [Theory]
    [InlineData("--full")]
    [InlineData("--silent")]
    [InlineData("--deaf")]
    [InlineData("--slow", "5")]
    public void Behaviours_are_options(params string[] arguments)
    {
        var expected = arguments[0] switch
        {
            "--full" => Behaviour.Full,
            "--silent" => Behaviour.Silent,
            "--deaf" => Behaviour.Deaf,
            _ => Behaviour.Slow(TimeSpan.FromSeconds(5)),
        };

        Assert.Equal(expected, Parse(arguments).Behaviour);
    }

    [Theory]
    [InlineData("unknown option '--colour'", "--colour", "red")]
    [InlineData("--send needs TO and TEXT", "--send", "+4940999")]
    [InlineData("--send needs a number such as +4940123456, not 'bob'", "--send", "bob", "text")]
    [InlineData("--number needs a number such as +4940123456, not '0049 40'", "--number", "0049 40")]
    [InlineData("--kind is volte or ott, not 'fax'", "--kind", "fax")]
    [InlineData("--registrar needs a URI such as sip:127.0.0.1:5060, not '127.0.0.1'", "--registrar", "127.0.0.1")]
    [InlineData("--domain needs a name such as ims.example.org, not 'a b'", "--domain", "a b")]
    [InlineData("--listen needs a numeric address and a port, such as 127.0.0.1:0, not 'localhost:1'", "--listen", "localhost:1")]
    [InlineData("--expires needs seconds, not '-1'", "--expires", "-1")]
    [InlineData("--refuse needs an RP-Cause from 1 to 127, not '128'", "--refuse", "128")]
    [InlineData("--header needs 'Name: value', not 'X'", "--header", "X")]
    [InlineData("only one of --refuse, --full, --slow, --silent and --deaf can be given", "--full", "--silent")]
    public void What_is_wrong_is_said_in_one_line(string expected, params string[] arguments)
    {
        Assert.Null(CommandLine.Parse([.. Least, .. arguments], out var error));
        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("--kind", "--kind volte or --kind ott is missing")]
    [InlineData("--number", "--number is missing")]
    [InlineData("--registrar", "--registrar is missing")]
    public void What_is_missing_is_named(string option, string expected)
    {
        var index = Array.IndexOf(Least, option);
        Assert.Null(CommandLine.Parse([.. Least[..index], .. Least[(index + 2)..]], out var error));
        Assert.Equal(expected, error);
    }

    private static CommandLine Parse(params string[] more)
    {
        var line = CommandLine.Parse([.. Least, .. more], out var error);
        Assert.True(line is not null, error);
        return line;
    }
}
