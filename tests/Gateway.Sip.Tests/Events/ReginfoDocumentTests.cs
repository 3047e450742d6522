using System.Text;
using CsCheck;
using Xunit;

namespace Gateway.Sip.Tests.Events;

[Collection(nameof(ProcessorBound))]
public sealed class ReginfoDocumentTests
{
    // The example of RFC 3680 §5.4 with what RFC 5628 and others add.
    private const string Rich =
        """
        <?xml version="1.0"?>
        <r:reginfo xmlns:r="urn:ietf:params:xml:ns:reginfo" xmlns:gr="urn:ietf:params:xml:ns:gruuinfo" xmlns:x="urn:example"
                   version="7" state="partial">
          <!-- a comment -->
          <r:registration aor="sip:user@example.com" id="as9" state="active">
            <r:contact id="76" state="active" event="registered" duration-registered="7322" q="0.8" expires="120" callid="c@h" cseq="77">
              <r:uri>sip:user@pc887.example.com?a=1&amp;b=2</r:uri>
              <r:display-name>U. S. Er</r:display-name>
              <r:unknown-param name="+g.3gpp.smsip"/>
              <r:unknown-param name="audio">TRUE</r:unknown-param>
              <gr:pub-gruu uri="sip:user@example.com;gr=hha9s8d-999a"/>
              <x:contact id="no" state="active"><x:uri>sip:no@example.com</x:uri></x:contact>
            </r:contact>
            <r:contact id="77" state="terminated" event="probation" retry-after="30">
              <r:uri><![CDATA[sip:user@example.org]]></r:uri>
            </r:contact>
          </r:registration>
        </r:reginfo>
        """;

    private static ReginfoDocument Parse(string text)
    {
        Assert.True(ReginfoDocument.TryParse(Encoding.UTF8.GetBytes(text), out var document, out var error), error);
        return document;
    }

    private static string Registration(string contacts, string aor = "sip:a@h") =>
        $"<registration aor=\"{aor}\" id=\"1\" state=\"active\">{contacts}</registration>";

    private static string Contact(string id, string uri, string parameters = "") =>
        $"<contact id=\"{id}\" state=\"active\" event=\"registered\"><uri>{uri}</uri>{parameters}</contact>";

    private static string Reginfo(string inner, string state = "full") =>
        $"""<?xml version="1.0"?><reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="1" state="{state}">{inner}</reginfo>""";

    [Fact]
    public void Everything_a_document_may_say_is_read()
    {
        var document = Parse(Rich);
        var registration = Assert.Single(document.Registrations);
        var contact = registration.Contacts[0];

        Assert.Equal((7u, false, true), (document.Version, document.IsFull, document.IsWhole));
        Assert.Equal(("as9", "sip:user@example.com", RegistrationState.Active),
            (registration.Id, registration.AddressOfRecord.ToString(), registration.State));
        Assert.Equal(2, registration.Contacts.Count);
        Assert.Equal(("76", "sip:user@pc887.example.com?a=1&b=2", ContactEvent.Registered),
            (contact.Id, contact.Uri.ToString(), contact.Event));
        Assert.Equal((0.8, 120u, "c@h", 77u, "U. S. Er"), (contact.Q, contact.Expires, contact.CallId, contact.CSeq, contact.DisplayName));
        Assert.Equal("sip:user@example.com;gr=hha9s8d-999a", contact.PublicGruu!.ToString());
        Assert.True(contact.HasFeature(FeatureTags.SmsOverIp));
        Assert.True(contact.HasFeature("AUDIO"));
        Assert.Equal((ContactEvent.Probation, 30u, "sip:user@example.org"),
            (registration.Contacts[1].Event, registration.Contacts[1].RetryAfter, registration.Contacts[1].Uri.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("<html/>")]
    [InlineData("<reginfo")]
    [InlineData("<reginfo xmlns=\"urn:example:other\"/>")]
    [InlineData("&&&&")]
    public void What_holds_no_registration_information_is_refused_with_a_reason(string text)
    {
        Assert.False(ReginfoDocument.TryParse(Encoding.UTF8.GetBytes(text), out _, out var error));
        Assert.NotNull(error);
    }

    [Fact]
    public void Entities_and_DTDs_are_not_read()
    {
        const string Laughs =
            """
            <!DOCTYPE reginfo [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
            <reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="1" state="full">
              <registration aor="sip:a@b" id="1" state="active">&b;&f;</registration>
            </reginfo>
            """;

        Assert.False(ReginfoDocument.TryParse(Encoding.UTF8.GetBytes(Laughs), out _, out _));
    }

    [Fact]
    public void A_document_of_more_than_64_KiB_is_taken_and_one_beyond_the_limit_is_not()
    {
        var contacts = Enumerable.Range(0, 700).Select(i => Contact($"{i}", $"sip:u@192.0.2.1:{i + 1024};x={new string('y', 40)}"));
        var large = Reginfo(Registration(string.Concat(contacts)));
        Assert.InRange(large.Length, 65_537, ReginfoDocument.MaxOctets);
        var document = Parse(large);
        Assert.Equal(700, document.Registrations[0].Contacts.Count);

        var state = new ReginfoState();
        state.Apply(document, 1);
        Assert.Equal(ReginfoState.MaxEntries, state.Contacts.Count());

        Assert.False(ReginfoDocument.TryParse(Encoding.UTF8.GetBytes(large + new string(' ', ReginfoDocument.MaxOctets)), out _, out _));
    }

    [Theory]
    [InlineData("sip:u&x@h;opaque=a&b")]
    [InlineData("sip:u&amp@h")]
    [InlineData("sip:u@h?a=1&lt=2")]
    public void Bare_ampersands_are_read_as_themselves(string uri)
    {
        var document = Parse(Reginfo(Registration(Contact("1", uri), aor: "sip:a&b@h")));

        Assert.True(document.IsWhole);
        Assert.Equal("sip:a&b@h", document.Registrations[0].AddressOfRecord.ToString());
        Assert.Equal(uri, document.Registrations[0].Contacts[0].Uri.ToString());
    }

    [Fact]
    public void Escaped_and_bare_ampersands_mix()
    {
        const string Instance = "<unknown-param name=\"+sip.instance\">\"&lt;urn:uuid:1&#62;\"</unknown-param>";
        var document = Parse(Reginfo(Registration(Contact("1", "sip:u&x@h", Instance))));

        Assert.Equal("<urn:uuid:1>", document.Registrations[0].Contacts[0].Parameters["+sip.instance"]);
    }

    [Fact]
    public void A_document_that_breaks_off_gives_what_came_before_and_does_not_count_as_full()
    {
        var whole = Reginfo(Registration(Contact("1", "sip:u@h1") + Contact("2", "sip:u@h2")));
        var state = new ReginfoState();
        state.Apply(Parse(whole), 1);

        var cut = Parse(whole[..whole.IndexOf("sip:u@h2", StringComparison.Ordinal)]);

        Assert.False(cut.IsWhole);
        Assert.Equal("sip:u@h1", Assert.Single(cut.Registrations[0].Contacts).Uri.ToString());
        Assert.Equal(ReginfoOutcome.AppliedWithGap, state.Apply(cut, 2));
        Assert.Equal(2, state.Contacts.Count());
    }

    [Fact]
    public void Odd_values_are_absent_rather_than_wrong()
    {
        var document = Parse(
            """
            <reginfo version="x">
              <registration aor="no uri"><contact event="7" state="?" expires="soon" q="2"><uri>neither</uri></contact></registration>
              <registration/>
            </reginfo>
            """);
        var registration = Assert.Single(document.Registrations);
        var contact = Assert.Single(registration.Contacts);

        Assert.Equal((0u, true), (document.Version, document.IsFull));
        Assert.Equal(RegistrationState.Active, registration.State);
        Assert.Equal((ContactEvent.Unknown, RegistrationState.Active, null, null),
            (contact.Event, contact.State, contact.Expires, contact.Q));
        Assert.False(contact.Uri.IsSip);
    }

    [Fact]
    public void Cut_and_changed_documents_never_throw()
    {
        var seeds = VectorFiles.Names("reginfo/scscf-ims", "*.xml").Select(n =>
            VectorFiles.Read("reginfo", "scscf-ims", n)).Append(Encoding.UTF8.GetBytes(Rich)).ToArray();
        Gen.Select(Gen.Int[0, seeds.Length - 1],
            Gen.Select(Gen.Int[0, 4000], Gen.OneOf(Gen.Byte, Gen.Int[0, 9].Select(i => (byte)"<>&;\"'/!?["[i]))).Array[0, 6],
                Gen.Int[0, 4000])
            .Sample((seed, changes, cut) =>
            {
                var octets = (byte[])seeds[seed].Clone();
                foreach (var (at, octet) in changes) octets[at % octets.Length] = octet;
                if (cut < octets.Length) octets = octets[..cut];

                var taken = ReginfoDocument.TryParse(octets, out var document, out var error);
                Assert.Equal(taken, error is null);
                new ReginfoState().Apply(document, 1);
            }, iter: 3_000);
    }
}
