using Gateway.Delivery;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Registration;

/// <summary>
/// The capability state: who is registered with which contacts, whoever told us (our registrar, the network's reginfo). A change is durable
/// before the mailbox hears of it, so a restarted gateway goes on delivering without any new registration.
/// </summary>
public sealed class Contacts(GatewayStore store, Mailboxes mailboxes, Flows flows, TimeProvider time)
{
    // Mailboxes ask with every activation: the compiled query spares half a millisecond of expression trees.
    private readonly Func<GatewayDb, string, long, IAsyncEnumerable<ContactRow>> _recorded = EF.CompileAsyncQuery((GatewayDb db, string subscriber, long now) =>
        db.Contacts.AsNoTracking().Where(contact => contact.Subscriber == subscriber && contact.ExpiresAt > now)
            .OrderByDescending(contact => contact.Q).ThenByDescending(contact => contact.RegisteredAt).AsQueryable());

    // The writer's thread asks it for every registration, and while all register at once everything else waits for that thread.
    private readonly Func<GatewayDb, string, ContactSource, IEnumerable<ContactRow>> _known = EF.CompileQuery((GatewayDb db, string subscriber, ContactSource source) =>
        db.Contacts.Where(contact => contact.Subscriber == subscriber && contact.Source == source));

    /// <summary>The registrar's contacts of this subscriber have been written anew, changed or merely refreshed.</summary>
    public event Action<string>? RegisteredHere;

    /// <summary>Those that can be reached.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be read now.</exception>
    public async Task<List<ContactRow>> OfAsync(string subscriber, CancellationToken cancel)
    {
        var contacts = await RecordedAsync(subscriber, cancel);
        contacts.RemoveAll(contact => !flows.IsReachable(contact));
        return contacts;
    }

    /// <summary>Those too that went with their connection and are still on record.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be read now.</exception>
    public Task<List<ContactRow>> RecordedAsync(string subscriber, CancellationToken cancel)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return store.ReadAsync(db => _recorded(db, subscriber, now).ToListAsync(cancel));
    }

    /// <summary>Makes <paramref name="current"/> all that this source knows of the subscriber, or of some bindings of his.</summary>
    /// <param name="mayTell">Asked in the transaction whether the teller still counts; null: it does.</param>
    /// <param name="bindings">Those that this is about: others, which another node may write at this moment, stay. Null: all.</param>
    /// <returns>False when it did not, and nothing was written.</returns>
    public async Task<bool> ReplaceAsync(string subscriber, ContactSource source, IReadOnlyList<ContactRow> current, CancellationToken cancel,
        Func<GatewayDb, bool>? mayTell = null, IReadOnlySet<string>? bindings = null)
    {
        var (news, told) = (false, true);
        var change = new StoreChange
        {
            Other = db =>
            {
                told = mayTell?.Invoke(db) ?? true;
                if (!told) return;
                var known = _known(db, subscriber, source).ToList();
                if (bindings is not null) known.RemoveAll(contact => !bindings.Contains(contact.Binding));
                news = Differ(known, current);
                db.Contacts.RemoveRange(known.Where(old => !current.Any(contact => contact.Binding == old.Binding)));
                foreach (var contact in current)
                {
                    if (known.Find(old => old.Binding == contact.Binding) is not { } old) db.Contacts.Add(contact);
                    else Overwrite(old, contact);
                }
            },
        };
        // Whoever is back is due: written with the contact itself, so that neither a lost ring nor a crash leaves his messages asleep.
        if (current.Count > 0) change.Reschedules.Add(Reschedule.Release(subscriber, time.GetUtcNow().ToUnixTimeMilliseconds()));
        await store.WriteByReadingAsync(change, cancel);
        if (!told) return false;
        if (source == ContactSource.Registrar) RegisteredHere?.Invoke(subscriber);
        // A mere refresh moves the expiry, which a mailbox reads when it needs it: no mailbox is woken for nothing. But one that waits is told, since
        // the contact may have been away without a word and be back as it was.
        if (news || current.Count > 0 && await store.DueMessages.AnyWaitingForAsync(subscriber, cancel)) mailboxes.ContactsChanged(subscriber);
        return true;
    }

    private bool Differ(List<ContactRow> known, IReadOnlyList<ContactRow> current)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return known.Count != current.Count || current.Any(contact => !known.Exists(old => old.Binding == contact.Binding && old.Uri == contact.Uri
            && old.SmsOverIp == contact.SmsOverIp && old.Q == contact.Q && old.Flow == contact.Flow && old.Path == contact.Path && old.ExpiresAt > now));
    }

    private static void Overwrite(ContactRow old, ContactRow contact)
    {
        (old.PublicUserIdentity, old.FeatureTags, old.SmsOverIp, old.Q) = (contact.PublicUserIdentity, contact.FeatureTags, contact.SmsOverIp, contact.Q);
        old.Uri = contact.Uri;
        (old.RegisteredAt, old.ExpiresAt, old.CallId, old.CSeq) = (contact.RegisteredAt, contact.ExpiresAt, contact.CallId, contact.CSeq);
        (old.ReginfoVersion, old.Path, old.Flow) = (contact.ReginfoVersion, contact.Path, contact.Flow);
    }
}
