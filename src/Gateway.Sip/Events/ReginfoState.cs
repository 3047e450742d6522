namespace Gateway.Sip;

public enum ReginfoOutcome : byte
{
    Applied,

    /// <summary>Applied, but something before it is missing: refresh the subscription to get a full document (RFC 3680 §5.1).</summary>
    AppliedWithGap,

    /// <summary>Older than what is known.</summary>
    Discarded,
}

/// <summary>
/// What one subscription knows of a subscriber's registrations, kept by the rules of RFC 3680 §5.1:
/// a full document replaces everything; a partial one changes what it names, and counts when its version is higher than the last.
/// Beyond the letter, for notifiers that are met: a full document in a later NOTIFY counts even when its version did not move (some always
/// write 0); a contact that ends under another id than it began with is found by its URI; the first version may be any number;
/// a registration that is terminated has no contacts, listed or not. One caller at a time; <see cref="Registrations"/> is a new list after
/// each change.
/// </summary>
public sealed class ReginfoState
{
    /// <summary>
    /// Registrations of one subscription, and contacts of one registration, that are kept; the rest of a document is passed over.
    /// </summary>
    public const int MaxEntries = 64;

    private uint? _version;
    private uint _cseq;

    /// <summary>
    /// With their contacts that are not terminated. A terminated registration stays, without contacts, until a full document leaves it out.
    /// </summary>
    public IReadOnlyList<ReginfoRegistration> Registrations { get; private set; } = [];

    public IEnumerable<ReginfoContact> Contacts => Registrations.SelectMany(r => r.Contacts);

    /// <summary>A new dialog counts versions anew; what is known stays until its first full document.</summary>
    public void BeginDialog()
    {
        _version = null;
        _cseq = 0;
    }

    /// <param name="document">As received.</param>
    /// <param name="cseq">CSeq number of the NOTIFY that brought it.</param>
    public ReginfoOutcome Apply(ReginfoDocument document, uint cseq)
    {
        var isNewer = _version is null || document.Version > _version;
        if (!isNewer && !(document.IsFull && cseq > _cseq)) return ReginfoOutcome.Discarded;

        // A document that broke off says nothing of what it did not come to.
        var replaces = document is { IsFull: true, IsWhole: true };
        var follows = replaces || (document.IsWhole && _version is { } last && document.Version == last + 1);
        _version = document.Version;
        _cseq = cseq;
        Registrations = replaces ? Replaced(document) : Merged(document);
        return follows ? ReginfoOutcome.Applied : ReginfoOutcome.AppliedWithGap;
    }

    private static List<ReginfoRegistration> Replaced(ReginfoDocument document) =>
        document.Registrations.Take(MaxEntries).Select(stated => stated with { Contacts = Contacted(stated, []) }).ToList();

    private List<ReginfoRegistration> Merged(ReginfoDocument document)
    {
        var merged = Registrations.ToList();
        foreach (var stated in document.Registrations)
        {
            var index = merged.FindIndex(r => r.Id == stated.Id);
            if (index < 0) index = merged.FindIndex(r => r.AddressOfRecord == stated.AddressOfRecord);
            var known = index < 0 ? [] : merged[index].Contacts;
            var result = stated with { Contacts = Contacted(stated, known) };
            if (index >= 0) merged[index] = result;
            else if (merged.Count < MaxEntries) merged.Add(result);
        }

        return merged;
    }

    private static List<ReginfoContact> Contacted(ReginfoRegistration stated, IReadOnlyList<ReginfoContact> known)
    {
        if (stated.State == RegistrationState.Terminated) return [];

        var contacts = known.Where(c => !stated.Contacts.Any(s => s.Id == c.Id || s.Uri == c.Uri)).ToList();
        var room = MaxEntries - Math.Min(MaxEntries, contacts.Count);
        contacts.AddRange(stated.Contacts.Where(s => s.State != RegistrationState.Terminated).Take(room));
        return contacts;
    }
}
