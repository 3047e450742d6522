using Xunit;

namespace Gateway.Sip.Tests.Events;

/// <summary>RFC 3680 §5.1 and §6.1: how a watcher puts documents together.</summary>
public sealed class ReginfoStateTests
{
    private readonly ReginfoState _state = new();
    private uint _cseq = 1;

    private static ReginfoContact Contact(string id, string host, RegistrationState state = RegistrationState.Active) =>
        new(id, SipUri.Parse($"sip:u@{host}"), state);

    private static ReginfoRegistration Registration(string id, params ReginfoContact[] contacts) =>
        new(id, SipUri.Parse($"sip:{id}@example.org"), RegistrationState.Active, contacts);

    private ReginfoOutcome Full(uint version, params ReginfoRegistration[] registrations) => Apply(version, true, registrations);

    private ReginfoOutcome Partial(uint version, params ReginfoRegistration[] registrations) => Apply(version, false, registrations);

    private ReginfoOutcome Apply(uint version, bool full, ReginfoRegistration[] registrations) =>
        _state.Apply(new ReginfoDocument { Version = version, IsFull = full, Registrations = registrations }, _cseq++);

    private string Known =>
        string.Join(' ', _state.Registrations.Select(r => $"{r.Id}:{string.Join(',', r.Contacts.Select(c => c.Uri.Host))}"));

    [Fact]
    public void A_full_document_replaces_everything_whatever_the_gap()
    {
        Assert.Equal(ReginfoOutcome.Applied, Full(0, Registration("a", Contact("1", "h1")), Registration("b", Contact("2", "h2"))));
        Assert.Equal("a:h1 b:h2", Known);

        Assert.Equal(ReginfoOutcome.Applied, Full(9, Registration("a", Contact("3", "h3"))));
        Assert.Equal("a:h3", Known);
    }

    [Fact]
    public void A_partial_document_changes_what_it_names()
    {
        Full(0, Registration("a", Contact("1", "h1"), Contact("2", "h2")), Registration("b", Contact("3", "h3")));

        Assert.Equal(ReginfoOutcome.Applied,
            Partial(1, Registration("a", Contact("2", "h2", RegistrationState.Terminated), Contact("4", "h4"))));
        Assert.Equal("a:h1,h4 b:h3", Known);
        Assert.Equal(ReginfoOutcome.Applied, Partial(2, Registration("c", Contact("5", "h5"))));
        Assert.Equal("a:h1,h4 b:h3 c:h5", Known);
    }

    [Fact]
    public void A_version_gap_is_applied_and_reported()
    {
        Full(0, Registration("a", Contact("1", "h1")));

        Assert.Equal(ReginfoOutcome.AppliedWithGap, Partial(2, Registration("a", Contact("2", "h2"))));
        Assert.Equal("a:h1,h2", Known);
        Assert.Equal(ReginfoOutcome.Applied, Partial(3, Registration("a", Contact("3", "h3"))));
    }

    [Fact]
    public void A_version_that_is_not_higher_is_discarded()
    {
        Full(5, Registration("a", Contact("1", "h1")));

        Assert.Equal(ReginfoOutcome.Discarded, Partial(5, Registration("a", Contact("2", "h2"))));
        Assert.Equal(ReginfoOutcome.Discarded, Partial(4, Registration("a", Contact("2", "h2"))));
        _cseq = 1;
        Assert.Equal(ReginfoOutcome.Discarded, Full(5, Registration("a", Contact("2", "h2"))));
        Assert.Equal("a:h1", Known);
    }

    [Fact]
    public void A_partial_document_at_the_beginning_is_applied_and_a_full_one_wanted()
    {
        Assert.Equal(ReginfoOutcome.AppliedWithGap, Partial(0, Registration("a", Contact("1", "h1"))));
        Assert.Equal("a:h1", Known);
    }

    [Fact]
    public void A_new_dialog_counts_anew_and_keeps_what_is_known_until_its_first_document()
    {
        Full(9, Registration("a", Contact("1", "h1")));

        _state.BeginDialog();
        _cseq = 1;
        Assert.Equal("a:h1", Known);
        Assert.Equal(ReginfoOutcome.Applied, Full(0, Registration("a", Contact("2", "h2"))));
        Assert.Equal("a:h2", Known);
    }

    [Fact]
    public void A_contact_is_found_by_its_id_and_else_by_its_URI()
    {
        Full(0, Registration("a", Contact("1", "h1"), Contact("2", "h2")));

        Partial(1, Registration("a", Contact("0x1", "h1", RegistrationState.Terminated)));
        Assert.Equal("a:h2", Known);
        Partial(2, Registration("a", Contact("2", "h3")));
        Assert.Equal("a:h3", Known);
        Partial(3, Registration("a", Contact("7", "h3")));
        Assert.Equal("a:h3", Known);
        Assert.Equal("7", Assert.Single(_state.Contacts).Id);
    }

    [Fact]
    public void A_contact_that_ends_and_begins_in_one_document_is_there()
    {
        Full(0, Registration("a", Contact("1", "h1")));

        Partial(1, Registration("a", Contact("1", "h1", RegistrationState.Terminated), Contact("2", "h1")));
        Assert.Equal("2", Assert.Single(_state.Contacts).Id);
    }

    [Fact]
    public void A_registration_is_found_by_its_id_and_else_by_its_address()
    {
        Full(0, Registration("a", Contact("1", "h1")));

        Partial(1, Registration("a", Contact("2", "h2")) with { Id = "0x99" });
        Assert.Equal("0x99:h1,h2", Known);
    }

    [Fact]
    public void A_terminated_registration_has_no_contacts_listed_or_not()
    {
        Full(0, Registration("a", Contact("1", "h1")), Registration("b", Contact("2", "h2")));

        Partial(1, Registration("a") with { State = RegistrationState.Terminated },
            Registration("b", Contact("2", "h2")) with { State = RegistrationState.Terminated });
        Assert.Equal("a: b:", Known);
    }

    [Fact]
    public void What_is_kept_is_bounded_however_much_is_told()
    {
        for (var version = 0u; version < 200; version++)
        {
            Partial(version, Registration($"r{version}", Contact("1", "h1")), Registration("same", Contact($"c{version}", $"h{version}")));
        }

        Assert.Equal(ReginfoState.MaxEntries, _state.Registrations.Count);
        Assert.All(_state.Registrations, r => Assert.InRange(r.Contacts.Count, 1, ReginfoState.MaxEntries));
    }
}
