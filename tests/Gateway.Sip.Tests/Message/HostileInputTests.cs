using System.Buffers;
using System.Text;
using CsCheck;
using Xunit;

namespace Gateway.Sip.Tests.Message;

/// <summary>
/// Nothing that comes from the network throws, whatever it is: messages of RFC 4475 and of real notifiers with octets changed, cut,
/// doubled.
/// </summary>
[Collection(nameof(ProcessorBound))]
public sealed class HostileInputTests
{
    private static readonly byte[][] Seeds =
    [
        SipText.Seed,
        .. VectorFiles.Names("torture", "*.dat").Select(n => VectorFiles.Read("torture", n)),
        .. VectorFiles.Names("reginfo/scscf-ims", "*.sip").Select(n => VectorFiles.Read("reginfo", "scscf-ims", n)),
    ];

    // Octets that mean something to the grammar are tried more often than others.
    private static readonly Gen<byte> Octet = Gen.OneOf(
        Gen.Byte, Gen.Int[0, Grammar.Length - 1].Select(i => (byte)Grammar[i]));

    private const string Grammar = "\r\n \t\0\"\\<>[]@:;,=%/?&+*()09azAZ";

    private static readonly Gen<(int Kind, int At, int Length, byte[] Octets)> Change =
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1 << 20], Gen.Int[0, 40], Octet.Array[0, 8]);

    private static readonly Gen<byte[]> Mutated = Gen.Select(Gen.Int[0, Seeds.Length - 1], Change.Array[1, 8]).Select((seed, changes) =>
        changes.Aggregate(Seeds[seed], Apply));

    private static byte[] Apply(byte[] message, (int Kind, int At, int Length, byte[] Octets) change)
    {
        var at = change.At % (message.Length + 1);
        var length = Math.Min(change.Length, message.Length - at);
        return change.Kind switch
        {
            0 => [.. message.AsSpan(0, at), .. change.Octets, .. message.AsSpan(at)],
            1 => [.. message.AsSpan(0, at), .. message.AsSpan(at + length)],
            2 => [.. message.AsSpan(0, at + length), .. message.AsSpan(at)],
            _ => [.. message.AsSpan(0, at), .. change.Octets, .. message.AsSpan(Math.Min(message.Length, at + change.Octets.Length))],
        };
    }

    [Fact]
    public void A_changed_message_is_parsed_read_answered_and_written_without_an_exception()
    {
        var kinds = new int[4];
        Mutated.Sample(octets =>
        {
            var result = SipParser.Parse(octets);
            Interlocked.Increment(ref kinds[(int)result.Kind]);
            if (result.Kind == SipParseKind.Rejected) SipWriter.ToArray(result.CreateAnswer()!);
            if (result.Message is not { } message) return;

            ReadEverything(message);
            if (!result.Succeeded) return;

            Assert.NotNull((message.TopVia.Host, message.From.Uri, message.To.Uri, message.CallId, message.CSeq.Method).ToString());
            var written = SipWriter.ToArray(message);
            var again = SipParser.Parse(written);
            Assert.True(again.Succeeded, again.Error.ToString());
            Assert.True(written.AsSpan().SequenceEqual(SipWriter.ToArray(again.Message!)));
            if (message is SipRequest request && !RequestCheck.TryPass(request, RequestCheckOptions.Default, out var answer)
                && answer is not null)
            {
                Assert.True(SipParser.Parse(SipWriter.ToArray(answer)).Succeeded);
            }
        }, iter: 20_000);

        // The changes are such that every way through the parser is taken often.
        Assert.InRange(kinds[(int)SipParseKind.Message], 1_000, 19_000);
        Assert.InRange(kinds[(int)SipParseKind.Rejected], 1_000, 19_000);
        Assert.InRange(kinds[(int)SipParseKind.Discarded], 100, 19_000);
    }

    [Fact]
    public void A_changed_stream_is_framed_without_an_exception_and_ends() =>
        Mutated.Array[1, 3].Sample(messages =>
        {
            var buffer = new ReadOnlySequence<byte>(messages.SelectMany(m => m).ToArray());
            var framing = new StreamFraming();
            var left = buffer.Length;
            while (framing.TryRead(ref buffer, out _, out var message) == OperationStatus.Done)
            {
                Assert.True(buffer.Length < left);
                left = buffer.Length;
                SipParser.Parse(message);
            }
        }, iter: 5_000);

    [Fact]
    public void Random_octets_are_no_message() =>
        Octet.Array[0, 300].Sample(octets => Assert.False(SipParser.Parse(octets).Succeeded), iter: 5_000);

    private static void ReadEverything(SipMessage message)
    {
        var headers = message.Headers;
        foreach (var (name, value) in headers) Assert.NotNull(name + value);
        foreach (var name in Enum.GetValues<HeaderName>())
        {
            headers.GetAll(name);
            headers.TryGetAll<NameAddr>(name, out _);
            headers.TryGetAll<Contact>(name, out _);
            headers.TryGetAll<Via>(name, out _);
            headers.TryGet<CSeq>(name, out _);
            headers.TryGet<Event>(name, out _);
            headers.TryGet<SubscriptionState>(name, out _);
            headers.TryGet<MediaType>(name, out _);
            headers.TryGet<RetryAfter>(name, out _);
            headers.TryGet<DeltaSeconds>(name, out _);
            headers.TryGet<DigestChallenge>(name, out _);
            headers.TryGet<DigestCredentials>(name, out _);
        }

        if (message is SipRequest request) _ = (request.RequestUri.ToString(), request.RequestUri.Number, request.RequestUri.PhoneContext,
            request.RequestUri.GetHashCode());
        if (message is SipResponse response) _ = response.ReasonPhrase;
    }

    [Fact]
    public void Deep_and_long_values_cost_no_more_than_their_length()
    {
        // Each would be slow, or overflow the stack, in a parser that recurses or looks back.
        foreach (var value in (string[])[new('(', 60_000), new('<', 60_000), new(',', 60_000), new('"', 60_000), new(';', 60_000),
            new('\\', 60_000), new('%', 60_000)])
        {
            var octets = SipText.Message($"Contact: {value}", $"Retry-After: 1 {value}", $"Route: {value}",
                $"Authorization: Digest {value}");
            var result = SipParser.Parse(octets);
            Assert.NotNull(result.Message);
            ReadEverything(result.Message);
        }

        Assert.Equal(60_000,
            SipText.ParseRequest(SipText.Message("Subject: " + new string('x', 60_000))).Headers.Get(HeaderName.Subject)!.Length);
    }

    [Fact]
    public void Folds_of_a_long_value_are_undone()
    {
        var request = SipText.ParseRequest(SipText.Message("Subject: a" + string.Concat(Enumerable.Repeat("\n \t x", 2_000))));

        Assert.Equal("a" + string.Concat(Enumerable.Repeat(" x", 2_000)), request.Headers.Get(HeaderName.Subject));
        Assert.DoesNotContain("\r\n ", Encoding.ASCII.GetString(SipWriter.ToArray(request)), StringComparison.Ordinal);
    }
}
