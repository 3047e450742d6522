using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Acceptance;

/// <summary>
/// Requests that come again. A request with an idempotency key is remembered for 24 hours, and of an account with a duplicate window its content for
/// so long. What is remembered is written in one transaction with the message, and the database keeps a key only once; so the same request gets the
/// same ids on any node and after a restart, and while the first is still being written the others wait for its answer. A refused request is not
/// remembered: it may be tried again. In a cluster what handsets and carriers bring is remembered too, by their own id, since two nodes may be
/// given it before either has stored it. A signature is good for one message, and remembered likewise.
/// </summary>
public sealed class Repeats(GatewayStore store, TimeProvider time)
{
    public static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(24);
    /// <summary>Five minutes either way are a timestamp's: one that is so much ahead is good until so much after it.</summary>
    public static readonly TimeSpan SignatureLifetime = TimeSpan.FromMinutes(10);
    private const int Tries = 3;
    private const string NoAccount = "";

    private readonly ConcurrentDictionary<(string Account, string Key), UnderWay> _underWay = new();

    /// <summary>Takes the request by <paramref name="accept"/>, which stores the keys with the message, or answers as it was answered before.</summary>
    internal Task<AcceptanceResult> OnceAsync(List<RequestKey> keys, Func<IReadOnlyList<IdempotencyKeyRow>, Task<AcceptanceResult>> accept) =>
        OnceAsync(keys, 0, accept);

    /// <summary>What the request is remembered by, or null: most are not.</summary>
    internal List<RequestKey>? KeysOf(Submission submission)
    {
        List<RequestKey>? keys = null;
        if (submission.ForeignId is { } foreignId && store.Nodes.Clustered)
        {
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{submission.Originator}\n{foreignId}"));
            (keys ??= []).Add(new RequestKey(NoAccount, $" {Convert.ToBase64String(digest)}", digest, submission.RepeatWindow));
        }
        if (submission.Account is not { } account) return keys;
        if (submission.IdempotencyKey is { } key) (keys ??= []).Add(new RequestKey(account, key, RequestDigest.Of(submission), KeyLifetime));
        if (submission.Signature is { } signature)
        {
            // No two requests have the same digest: whoever comes second under this key is refused, on whatever node.
            var name = SHA256.HashData(Encoding.UTF8.GetBytes(signature.ToLowerInvariant()));
            (keys ??= []).Add(new RequestKey(account, $" sig:{Convert.ToBase64String(name)}", RandomNumberGenerator.GetBytes(16), SignatureLifetime, Refusal.SignatureUsed));
        }
        if (submission.DuplicateWindow > TimeSpan.Zero)
        {
            var digest = RequestDigest.OfContent(submission);
            (keys ??= []).Add(new RequestKey(account, $" {Convert.ToBase64String(digest)}", digest, submission.DuplicateWindow));
        }
        return keys;
    }

    /// <summary>One after the other of the request's keys is taken on this node, so that of several at once only the first asks the store.</summary>
    private async Task<AcceptanceResult> OnceAsync(List<RequestKey> keys, int index, Func<IReadOnlyList<IdempotencyKeyRow>, Task<AcceptanceResult>> accept)
    {
        if (index == keys.Count) return await RememberedAsync(keys, accept);
        var key = keys[index];
        var mine = new UnderWay(key.Digest);
        var first = _underWay.GetOrAdd((key.Account, key.Name), mine);
        // Another request may hold the content's key while this one holds its own: it is answered alike, and remembered under its own key below.
        if (first != mine) return index == 0 && key.Reused == Refusal.KeyReused ? await first.AnswerToAsync(key) : await AfterAsync(first, keys, accept);
        var result = AcceptanceResult.Refused(Refusal.StoreUnavailable, "interrupted");
        try
        {
            result = await OnceAsync(keys, index + 1, accept);
            return result;
        }
        finally
        {
            _underWay.TryRemove(KeyValuePair.Create((key.Account, key.Name), mine));
            mine.Result.SetResult(result);
        }
    }

    private async Task<AcceptanceResult> AfterAsync(UnderWay first, List<RequestKey> keys, Func<IReadOnlyList<IdempotencyKeyRow>, Task<AcceptanceResult>> accept)
    {
        await first.Result.Task;
        return await RememberedAsync(keys, accept);
    }

    private async Task<AcceptanceResult> RememberedAsync(List<RequestKey> keys, Func<IReadOnlyList<IdempotencyKeyRow>, Task<AcceptanceResult>> accept)
    {
        try
        {
            for (var left = Tries; left > 0; left--)
            {
                try
                {
                    return await TryAsync(keys, accept);
                }
                catch (Exception e) when (store.IsRepeatedKey(e))
                {
                    // Another node was given the same request a moment ago: what it has stored is found now.
                }
            }
            return AcceptanceResult.Refused(Refusal.Overloaded, "the same request is being taken elsewhere");
        }
        catch (StoreUnavailableException e)
        {
            return AcceptanceResult.Refused(Refusal.StoreUnavailable, e.Message);
        }
    }

    private async Task<AcceptanceResult> TryAsync(List<RequestKey> keys, Func<IReadOnlyList<IdempotencyKeyRow>, Task<AcceptanceResult>> accept)
    {
        var unknown = new List<IdempotencyKeyRow>();
        foreach (var key in keys)
        {
            var known = await store.DueMessages.FindKeyAsync(key.Account, key.Name, CancellationToken.None);
            if (known is not null && !IsOver(key, known))
            {
                var answer = Answer(key, known);
                return answer.Accepted && unknown.Count > 0 ? await RememberAsync(unknown, answer) : answer;
            }
            if (known is not null) await ForgetAsync(known);
            unknown.Add(new IdempotencyKeyRow
            {
                Account = key.Account, Key = key.Name, Request = key.Digest, AcceptedAt = time.GetUtcNow().ToUnixTimeMilliseconds(),
            });
        }
        return await accept(unknown);
    }

    /// <summary>Under its new key, the request brought what another one had brought before.</summary>
    private async Task<AcceptanceResult> RememberAsync(List<IdempotencyKeyRow> keys, AcceptanceResult answer)
    {
        var change = new StoreChange();
        foreach (var key in keys)
        {
            (key.MessageId, key.SegmentCount) = (answer.Id, (byte)answer.SegmentCount);
            change.NewKeys.Add(key);
        }
        return await store.Writer.TryWriteAsync(change) ? answer : AcceptanceResult.Refused(Refusal.Overloaded, "too many writes wait");
    }

    private Task ForgetAsync(IdempotencyKeyRow over) => store.Writer.WriteAsync(new StoreChange
    {
        Other = db => db.IdempotencyKeys.Where(key => key.Account == over.Account && key.Key == over.Key && key.AcceptedAt == over.AcceptedAt).ExecuteDelete(),
    }, CancellationToken.None).AsTask();

    private bool IsOver(RequestKey key, IdempotencyKeyRow row) =>
        time.GetUtcNow().ToUnixTimeMilliseconds() - row.AcceptedAt >= key.Lifetime.TotalMilliseconds;

    private static AcceptanceResult Answer(RequestKey key, IdempotencyKeyRow row) => key.Digest.AsSpan().SequenceEqual(row.Request)
        ? new AcceptanceResult(Refusal.None, "as before", row.MessageId, row.SegmentCount, row.AcceptedAt, Repeat: true)
        : Reused(key);

    private static AcceptanceResult Reused(RequestKey key) => AcceptanceResult.Refused(key.Reused, "it stands for another request");

    /// <param name="Reused">What another request under the same name is told.</param>
    internal readonly record struct RequestKey(string Account, string Name, byte[] Digest, TimeSpan Lifetime, Refusal Reused = Refusal.KeyReused);

    private sealed class UnderWay(byte[] digest)
    {
        public TaskCompletionSource<AcceptanceResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<AcceptanceResult> AnswerToAsync(RequestKey key) =>
            key.Digest.AsSpan().SequenceEqual(digest) ? (await Result.Task) with { Repeat = true } : Reused(key);
    }
}
