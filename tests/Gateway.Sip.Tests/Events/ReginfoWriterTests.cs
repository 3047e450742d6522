using CsCheck;
using Xunit;

namespace Gateway.Sip.Tests.Events;

/// <summary>What is written reads back as it was, whatever text is in it.</summary>
[Collection(nameof(ProcessorBound))]
public sealed class ReginfoWriterTests
{
    private static readonly Gen<string> Word = Gen.Char["abcXYZ019-._<>&\"' é€"].Array[1, 12].Select(c => new string(c).Trim())
        .Where(text => text.Length > 0);

    private static readonly Gen<string> Token = Gen.Char["abcXYZ019-."].Array[1, 12].Select(c => new string(c));

    private static readonly Gen<SipUri> Uri = Gen.Select(Word, Gen.Null(Word), Gen.Int[0, 65_535], (user, parameter, port) =>
    {
        var uri = SipUri.Create(user, "ue.example.org", port == 0 ? null : port);
        return parameter is null ? uri : uri.WithParameter("x", parameter);
    });

    private static readonly Gen<SipParameters> Parameters = Gen.Select(Token, Gen.Null(Word), Gen.Bool).Array[0, 4].Select(list =>
        list.Aggregate(SipParameters.Empty, (all, p) =>
            all.With("+" + p.Item1, p.Item2?.Trim('"').Trim() is { Length: > 0 } value ? value : null, p.Item2?.Trim('"').Trim() is { Length: > 0 } && p.Item3)));

    private static readonly Gen<ReginfoContact> Contact = Gen.Select(
        Gen.Select(Token, Uri, Gen.Bool), Gen.Select(Gen.Enum<ContactEvent>(), Gen.Nullable(Gen.UInt), Gen.Nullable(Gen.Int[0, 1_000]), Gen.Nullable(Gen.UInt)),
        Gen.Select(Gen.Null(Word), Gen.Nullable(Gen.UInt), Gen.Null(Word), Gen.Null(Uri)), Parameters,
        (who, when, what, parameters) => new ReginfoContact(who.Item1, who.Item2, who.Item3 ? RegistrationState.Active : RegistrationState.Terminated)
        {
            Event = when.Item1, Expires = when.Item2, Q = when.Item3 / 1000.0, RetryAfter = when.Item4,
            CallId = what.Item1, CSeq = what.Item2, DisplayName = what.Item3, PublicGruu = what.Item4, Parameters = parameters,
        });

    private static readonly Gen<ReginfoDocument> Document = Gen.Select(
        Gen.UInt, Gen.Bool, Gen.Select(Token, Uri, Gen.Enum<RegistrationState>(), Contact.Array[0, 4],
            (id, aor, state, contacts) => new ReginfoRegistration(id, aor, state, contacts)).Array[0, 3],
        (version, full, registrations) => new ReginfoDocument { Version = version, IsFull = full, Registrations = registrations });

    [Fact]
    public void A_document_reads_back_as_it_was_written() => Document.Sample(document =>
    {
        Assert.True(ReginfoDocument.TryParse(document.ToArray(), out var again, out var error), error);

        Assert.True(again.IsWhole);
        Assert.Equal((document.Version, document.IsFull), (again.Version, again.IsFull));
        Assert.Equal(document.Registrations.Select(r => (r.Id, r.AddressOfRecord.ToString(), r.State)),
            again.Registrations.Select(r => (r.Id, r.AddressOfRecord.ToString(), r.State)));
        foreach (var (written, read) in document.Registrations.Zip(again.Registrations))
            Assert.Equal(written.Contacts.Select(Stated), read.Contacts.Select(Stated));
    }, iter: 2_000);

    [Fact]
    public void What_no_xml_can_hold_is_a_question_mark()
    {
        var contact = new ReginfoContact("c", SipUri.Parse("sip:a@b"), RegistrationState.Active) { DisplayName = "a\u0001b\r\nc" };
        var document = new ReginfoDocument { Registrations = [new("r", SipUri.Parse("sip:a@b"), RegistrationState.Active, [contact])] };

        Assert.True(ReginfoDocument.TryParse(document.ToArray(), out var again, out _));
        Assert.Equal("a?b\r\nc", again.Registrations[0].Contacts[0].DisplayName);
    }

    private static string Stated(ReginfoContact c) =>
        $"{c.Id} {c.Uri} {c.State} {c.Event} {c.Expires} {c.Q} {c.RetryAfter} {c.CallId} {c.CSeq} {c.DisplayName} {c.PublicGruu} {c.Parameters}";
}
