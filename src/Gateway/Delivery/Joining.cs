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
internal sealed record Joining(Few<Waiting> Messages, bool Complete, string? Text)
{
    /// <summary>Unix milliseconds at which what is there leaves even if parts are missing.</summary>
    public long Deadline(int joinTimeoutSeconds) => Messages.Min(message => message.Row.AcceptedAt) + joinTimeoutSeconds * 1000L;

    public static Joining PartsOf(Waiting first, List<Waiting> queue)
    {
        if (first.Row.Content == ContentKind.Text) return new Joining([first], true, first.Row.Text);
        if (first.Row.Content != ContentKind.UserData || UserDataOf(first.Row) is not { } userData) return new Joining([first], true, null);
        if (userData.Header.Concatenation is not { Total: > 1 } concatenation)
            return new Joining([first], true, userData.DataCodingScheme.IsText ? userData.Text : null);

        var key = ConcatenationKey.Of(first.Row.Originator, first.Row.Recipient, concatenation);
        var parts = new SortedDictionary<byte, (Waiting Waiting, MessagePart Part)>();
        // It first: a sender whose references have come round may have another part of the same number in the queue, and this one's turn it is.
        foreach (var waiting in queue.Prepend(first))
        {
            if (PartOf(waiting.Row, key) is { } part) parts.TryAdd(part.Sequence, (waiting, part));
        }
        var joined = Reassembler.Join(key, parts.Values.Select(entry => entry.Part));
        return new Joining([.. parts.Values.Select(entry => entry.Waiting)], joined.IsComplete, joined.Data.IsEmpty ? joined.Text : null);
    }

    private static MessagePart? PartOf(ShortMessageRow row, ConcatenationKey key) =>
        row.Originator == key.Originator && UserDataOf(row) is { Header.Concatenation: { } concatenation } userData
            && ConcatenationKey.Of(row.Originator, row.Recipient, concatenation) == key
            ? new MessagePart(key, concatenation.Sequence, userData, DateTimeOffset.FromUnixTimeMilliseconds(row.AcceptedAt)) : null;

    /// <summary>The user data as it came in, or null for content that is none.</summary>
    public static TpUserData? UserDataOf(ShortMessageRow row) =>
        row.Content == ContentKind.UserData && TpUserData.TryFromOctets(row.UserData, row.UserDataLength, row.HasUserDataHeader,
            new TpDataCodingScheme(row.DataCodingScheme), out var userData, out _) ? userData : null;
}
