using Xunit;

namespace Gateway.Sip.Tests.Events;

/// <summary>The documents that keep a subscriber informed (RFC 3680 §4.7.1, §5), read back by the side that follows them.</summary>
public sealed class ReginfoChangesTests
{
    private static readonly SipUri Aor = SipUri.Parse("sip:+49171@ims.example.org");
    private readonly ReginfoChanges _changes = new();
    private readonly ReginfoState _state = new();
    private ContactEvent _eventOfGone = ContactEvent.Unregistered;
    private uint _cseq;

    [Fact]
    public void The_first_document_is_full_and_the_next_are_partial_with_what_has_changed()
    {
        var first = Next(full: true, Contact("a", cseq: 1))!;
        var second = Next(full: false, Contact("a", cseq: 1), Contact("b", cseq: 1))!;
        var third = Next(full: false, Contact("a", cseq: 2), Contact("b", cseq: 1))!;

        Assert.Equal((0u, true), (first.Version, first.IsFull));
        Assert.Equal("a Active Registered", Told(first));
        Assert.Equal((1u, false), (second.Version, second.IsFull));
        Assert.Equal("b Active Registered", Told(second));
        Assert.Equal("a Active Refreshed", Told(third));
        Assert.Equal(["a", "b"], _state.Contacts.Select(contact => contact.Id).Order());
    }

    [Theory]
    [InlineData(ContactEvent.Expired)]
    [InlineData(ContactEvent.Unregistered)]
    public void A_contact_that_is_gone_is_told_of_once_with_the_reason(ContactEvent reason)
    {
        _eventOfGone = reason;
        Next(full: true, Contact("a"), Contact("b"));

        Assert.Equal($"b Terminated {reason}", Told(Next(full: false, Contact("a"))!));
        Assert.Null(Next(full: false, Contact("a")));
        Assert.Equal(["a"], _state.Contacts.Select(contact => contact.Id));
    }

    [Fact]
    public void A_registration_ends_with_its_last_contact_and_is_as_new_after_that()
    {
        Assert.Equal(RegistrationState.Init, Next(full: true)!.Registrations[0].State);
        Assert.Equal(RegistrationState.Active, Next(full: false, Contact("a"))!.Registrations[0].State);
        Assert.Equal(RegistrationState.Terminated, Next(full: false)!.Registrations[0].State);
        Assert.Equal(RegistrationState.Init, Next(full: true)!.Registrations[0].State);
        Assert.Equal(4u, Next(full: true, Contact("a"))!.Version);
        Assert.Single(_state.Contacts);
    }

    [Fact]
    public void A_full_document_tells_all_of_it_changed_or_not_and_who_is_gone()
    {
        Next(full: true, Contact("a"), Contact("b"));

        Assert.Equal("a Active Registered, b Terminated Unregistered", Told(Next(full: true, Contact("a"))!));
    }

    /// <summary>Makes the document, and has the follower read it.</summary>
    private ReginfoDocument? Next(bool full, params ReginfoContact[] contacts)
    {
        var document = _changes.Next(new ReginfoRegistration("r1", Aor, RegistrationState.Active, contacts), full, _ => _eventOfGone);
        if (document is null) return null;
        Assert.True(ReginfoDocument.TryParse(document.ToArray(), out var read, out var error), error);
        Assert.Equal(ReginfoOutcome.Applied, _state.Apply(read, ++_cseq));
        return read;
    }

    private static ReginfoContact Contact(string id, uint cseq = 1) =>
        new(id, SipUri.Parse($"sip:{id}@192.0.2.1"), RegistrationState.Active) { CallId = "call", CSeq = cseq };

    private static string Told(ReginfoDocument document) =>
        string.Join(", ", document.Registrations.Single().Contacts.Select(contact => $"{contact.Id} {contact.State} {contact.Event}"));
}
