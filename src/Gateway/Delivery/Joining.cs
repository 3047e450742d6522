using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// What leaves together towards those who take a whole text (OTT clients, carriers): one message, or the parts a handset sent one by one. The
/// stored rows of the parts are the state of the reassembly, so it survives whatever the mailbox survives.
/// </summary>
/// <param name="Messages">In the order of their parts.</param>
/// <param name="Complete">Every part of the concatenation is there.</param>
/// <param name="Text">The joined text, or null when the content is no text.</param>
internal sealed record Joining(IReadOnlyList<Waiting> Messages, bool Complete, string? Text)
{
    /// <summary>Unix milliseconds at which what is there leaves even if parts are missing.</summary>
    public long Deadline(int joinTimeoutSeconds) => Messages.Min(message => message.Row.AcceptedAt) + joinTimeoutSeconds * 1000L;

    public static Joining PartsOf(Waiting first, List<Waiting> queue)
    {
        if (first.Row.Content == ContentKind.Text) return new Joining([first], true, first.Row.Text);
        if (first.Row.Content != ContentKind.UserData || UserDataOf(first.Row) is not { } userData) return new Joining([first], true, null);
        if (userData.Header.Concatenation is not { Total: > 1 } concatenation) return new Joining([first], true, TextOf(userData));

        var parts = new SortedDictionary<byte, (Waiting Waiting, TpUserData UserData)>();
        foreach (var waiting in queue)
        {
            if (waiting.Row.Originator == first.Row.Originator && UserDataOf(waiting.Row) is { } part
                && part.Header.Concatenation is { } other && other with { Sequence = concatenation.Sequence } == concatenation)
                parts.TryAdd(other.Sequence, (waiting, part));
        }
        var texts = parts.Values.Select(part => TextOf(part.UserData)).ToList();
        return new Joining([.. parts.Values.Select(part => part.Waiting)], parts.Count == concatenation.Total,
            texts.Contains(null) ? null : string.Concat(texts));
    }

    /// <summary>The user data as it came in, or null for content that is none.</summary>
    public static TpUserData? UserDataOf(ShortMessageRow row) =>
        row.Content == ContentKind.UserData && TpUserData.TryFromOctets(row.UserData, row.UserDataLength, row.HasUserDataHeader,
            new TpDataCodingScheme(row.DataCodingScheme), out var userData, out _) ? userData : null;

    private static string? TextOf(TpUserData userData) =>
        userData.DataCodingScheme.Alphabet == TpAlphabet.EightBit || userData.DataCodingScheme.IsCompressed ? null : userData.Text;
}
