using System.Globalization;
using Xunit;

namespace Gateway.Sip.Tests.Events;

/// <summary>
/// NOTIFYs of two notifiers as they came from the wire (tests/vectors/reginfo), against what a script of its own read from them.
/// </summary>
public sealed class ReginfoCaptureTests
{
    public static TheoryData<string, string> Captures()
    {
        var data = new TheoryData<string, string>();
        foreach (var line in File.ReadLines(Path.Combine(VectorFiles.Folder("reginfo"), "expected.tsv")).Where(l => !l.StartsWith('#')))
        {
            var columns = line.Split('\t');
            data.Add(columns[0], columns[1]);
        }

        return data;
    }

    private static string[] Folders => ["scscf-ims", "scscf-pres"];

    private static SipRequest Load(string name) => SipText.ParseRequest(VectorFiles.Read("reginfo", name + ".notify.sip"));

    private static ReginfoDocument Document(string name)
    {
        Assert.True(ReginfoDocument.TryParse(Load(name).Body, out var document, out var error), error);
        return document;
    }

    [Fact]
    public void No_capture_is_left_out() =>
        Assert.Equal(Captures().Count, Folders.Sum(folder => VectorFiles.Names("reginfo/" + folder, "*.notify.sip").Count()));

    [Theory]
    [MemberData(nameof(Captures))]
    public void The_NOTIFY_is_a_whole_request_of_the_reg_package(string name, string expected)
    {
        var notify = Load(name);

        Assert.Equal("NOTIFY", notify.Method);
        Assert.True(notify.Headers.TryGet<Event>(HeaderName.Event, out var package));
        Assert.Equal("reg", package.Package);
        Assert.True(notify.Headers.TryGet<SubscriptionState>(HeaderName.SubscriptionState, out var state));
        Assert.Equal(name == "scscf-pres/20-unsub-final" ? ("terminated", "timeout") : ("active", null), (state.State, state.Reason));
        var watcher = name.Contains("-self-", StringComparison.Ordinal) ? "sip:3100009@ims.lab" : "sip:smsc@ims.lab";
        Assert.Equal(watcher, notify.To.Uri.ToString());
        Assert.NotNull(notify.From.Tag);
        Assert.True(RequestCheck.TryPass(notify, RequestCheckOptions.Default, out _));

        var xml = Path.Combine(VectorFiles.Folder("reginfo"), name + ".xml");
        if (File.Exists(xml)) Assert.Equal(File.ReadAllBytes(xml), notify.Body.ToArray());
        Assert.Equal(expected == "-", notify.Body.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void The_document_says_what_it_says(string name, string expected)
    {
        if (!ReginfoDocument.TryParse(Load(name).Body, out var document, out var error))
        {
            Assert.Equal(("-", "The document is empty."), (expected, error));
            return;
        }

        Assert.True(document.IsFull);
        Assert.True(document.IsWhole);
        Assert.Equal(expected, $"v{document.Version} {string.Join(' ', document.Registrations.Select(Render))}");
    }

    private static string Render(ReginfoRegistration registration) =>
        $"{registration.AddressOfRecord}={Word(registration.State)} {string.Join(' ', registration.Contacts.Select(Render))}".TrimEnd();

    private static string Render(ReginfoContact contact) => string.Join('|',
        contact.Uri, Word(contact.State), Word(contact.Event), contact.Expires,
        contact.Q?.ToString(CultureInfo.InvariantCulture), contact.HasFeature(FeatureTags.SmsOverIp) ? "sms" : "");

    private static string Word(Enum value) => value.ToString().ToLowerInvariant();

    [Fact]
    public void Feature_parameters_come_without_the_quotes_left_in_them()
    {
        var contact = Document("scscf-ims/01-volte-initial").Registrations[0].Contacts[0];

        Assert.Equal(["+sip.instance", "video", "+g.3gpp.smsip", "+g.3gpp.icsi-ref", "q"], contact.Parameters.Select(p => p.Name));
        Assert.Equal("<urn:gsma:imei:35676506-815566-0>", contact.Parameters["+sip.instance"]);
        Assert.Equal("urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel", contact.Parameters["+g.3gpp.icsi-ref"]);
        Assert.Equal("1.00", contact.Parameters["q"]);
        Assert.Null(contact.Parameters["+g.3gpp.smsip"]);
        Assert.True(contact.HasFeature("video"));
    }

    [Theory]
    [InlineData("scscf-ims/20-markup-in-contact", "sip:3100011&x@127.0.0.1:5081;opaque=a&b")]
    [InlineData("scscf-pres/25-markup-in-contact", "sip:3100011&x@127.0.0.1:5081")]
    public void A_contact_with_an_unescaped_ampersand_is_usable(string name, string uri)
    {
        var state = new ReginfoState();
        Assert.Equal(ReginfoOutcome.Applied, state.Apply(Document(name), cseq: 4));

        var contact = Assert.Single(state.Contacts);
        Assert.Equal(uri, contact.Uri.ToString());
        Assert.Equal("3100011&x", contact.Uri.User);
    }

    [Fact]
    public void An_S_CSCF_that_ends_a_contact_under_another_id_is_understood()
    {
        var state = new ReginfoState();
        state.Apply(Document("scscf-ims/07-two-initial"), 4);
        Assert.Equal(["5073 sms", "5074"], Ports(state));

        Assert.Equal(ReginfoOutcome.Applied, state.Apply(Document("scscf-ims/08-two-one-unregistered"), 5));
        Assert.Equal(["5074"], Ports(state));
    }

    [Theory]
    [InlineData("scscf-ims/01-volte-initial", "scscf-ims/03-volte-unregistered")]
    [InlineData("scscf-ims/09-expiry-initial", "scscf-ims/10-expiry-expired")]
    [InlineData("scscf-ims/17-rtr-initial", "scscf-ims/18-rtr-deregistered")]
    [InlineData("scscf-pres/01-volte-initial", "scscf-pres/05-volte-unregistered")]
    [InlineData("scscf-pres/15-expiry-initial", "scscf-pres/16-expiry-expired")]
    [InlineData("scscf-pres/11-two-initial", "scscf-pres/14-two-star-unregistered")]
    public void A_subscriber_who_leaves_has_no_contacts_however_it_is_told(string before, string after)
    {
        var state = new ReginfoState();
        state.Apply(Document(before), 4);
        Assert.NotEmpty(state.Contacts);

        Assert.Equal(ReginfoOutcome.Applied, state.Apply(Document(after), 5));
        Assert.Empty(state.Contacts);
        Assert.Equal(RegistrationState.Terminated, Assert.Single(state.Registrations).State);
    }

    [Fact]
    public void A_notifier_that_always_writes_version_0_is_followed_by_CSeq()
    {
        var state = new ReginfoState();
        state.Apply(Document("scscf-pres/09-two-first-only"), 2);
        Assert.Equal(["5073"], Ports(state));

        Assert.Equal(ReginfoOutcome.Applied, state.Apply(Document("scscf-pres/10-two-second-added"), 3));
        Assert.Equal(["5073", "5074"], Ports(state));
        Assert.Equal(ReginfoOutcome.Applied, state.Apply(Document("scscf-pres/12-two-one-unregistered"), 4));
        Assert.Equal(["5074"], Ports(state));
        Assert.Equal(ReginfoOutcome.Discarded, state.Apply(Document("scscf-pres/10-two-second-added"), 3));
        Assert.Equal(["5074"], Ports(state));
    }

    [Fact]
    public void Both_identities_of_an_implicit_set_have_the_contact()
    {
        var registrations = Document("scscf-ims/12-implicit-set").Registrations;

        Assert.Equal(["sip:4930100007@ims.lab", "tel:+4930100007"], registrations.Select(r => r.AddressOfRecord.ToString()));
        Assert.Equal(registrations[0].Contacts[0].Id, registrations[1].Contacts[0].Id);
    }

    private static IEnumerable<string> Ports(ReginfoState state) =>
        state.Contacts.Select(c => $"{c.Uri.Port}{(c.HasFeature(FeatureTags.SmsOverIp) ? " sms" : "")}");
}
