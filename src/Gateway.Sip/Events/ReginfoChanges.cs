namespace Gateway.Sip;

/// <summary>
/// What one subscriber has been told of a registration, and the documents that tell it the rest (RFC 3680 §4.7, §5): versions count up from 0, a
/// full document holds everything, a partial one the contacts that are new, changed or gone.
/// </summary>
public sealed class ReginfoChanges
{
    private ReginfoRegistration? _told;
    private uint _version;

    /// <param name="now">With the contacts that are active.</param>
    /// <param name="full">Null can only be returned when it is false.</param>
    /// <param name="eventOf">Why a contact that was told of is there no more.</param>
    /// <returns>Null when nothing has changed.</returns>
    public ReginfoDocument? Next(ReginfoRegistration now, bool full, Func<ReginfoContact, ContactEvent> eventOf)
    {
        var told = _told;
        List<ReginfoContact> gone =
            [.. told?.Contacts.Where(old => !now.Contacts.Any(contact => contact.Id == old.Id))
                .Select(old => old with { State = RegistrationState.Terminated, Event = eventOf(old), Expires = null }) ?? []];
        // The state machine of §4.7.1: after terminated, which is told once, a registration is as if it had never been.
        var state = now.Contacts.Count > 0 ? RegistrationState.Active
            : told?.State == RegistrationState.Active ? RegistrationState.Terminated
            : RegistrationState.Init;
        var all = now.Contacts.Select(contact => contact with { Event = EventOf(contact, told) }).ToList();
        var stated = full ? all : all.Where(contact => contact.Event != ContactEvent.Unknown).ToList();
        if (!full && stated.Count == 0 && gone.Count == 0)
            return null;

        _told = now with { State = state };
        return new ReginfoDocument
        {
            Version = _version++,
            IsFull = full,
            Registrations = [now with { State = state, Contacts = [.. stated.Select(Known), .. gone] }],
        };
    }

    // In a full document what has not changed since stands there by the last thing known of it.
    private static ReginfoContact Known(ReginfoContact contact) =>
        contact.Event == ContactEvent.Unknown ? contact with { Event = ContactEvent.Registered } : contact;

    /// <summary>Unknown: nothing has happened to it.</summary>
    private static ContactEvent EventOf(ReginfoContact contact, ReginfoRegistration? told)
    {
        var old = told?.Contacts.FirstOrDefault(one => one.Id == contact.Id);
        if (old is null)
            return ContactEvent.Registered;
        return (old.CallId, old.CSeq) == (contact.CallId, contact.CSeq) ? ContactEvent.Unknown : ContactEvent.Refreshed;
    }
}
