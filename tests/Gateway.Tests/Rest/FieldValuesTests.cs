using CsCheck;
using Gateway.Rest;
using Xunit;

namespace Gateway.Tests.Rest;

public sealed class FieldValuesTests
{
    [Fact]
    public void Few_or_many_they_are_what_a_dictionary_would_have_in_the_order_they_came()
    {
        var pairs = Gen.Select(Gen.Int[0, 3 * FieldValues.MostLookedThrough], Gen.String[Gen.Char.AlphaNumeric, 0, 3]).Array[0, 4 * FieldValues.MostLookedThrough];
        Gen.Select(pairs, Gen.Int[0, 40]).Sample((given, expected) =>
        {
            var (values, model) = (new FieldValues(), new Dictionary<string, string>(StringComparer.Ordinal));
            if (expected > 0) values.Expect(expected);
            foreach (var (number, value) in given)
            {
                values.TryAdd($"n{number}", value);
                model.TryAdd($"n{number}", value);
            }
            Assert.All(model, pair => Assert.True(values.TryGetValue(pair.Key, out var value) && value == pair.Value));
            Assert.False(values.TryGetValue("n", out _));
            var all = new List<KeyValuePair<string, string>>();
            for (var each = values.GetEnumerator(); each.MoveNext();) all.Add(each.Current);
            Assert.Equal(model, all);
        });
    }

    [Theory]
    [InlineData("form"), InlineData("JSON")]
    public void A_request_may_have_thousands_of_fields(string kind)
    {
        var names = Enumerable.Range(0, 5000).Select(i => $"field{i}").ToList();
        var body = kind == "form" ? string.Join('&', names.Select(name => $"{name}={name}")) : $"{{{string.Join(',', names.Select(name => $"\"{name}\":\"{name}\""))}}}";
        var fields = RequestFields.Of(System.Text.Encoding.UTF8.GetBytes(body));
        Assert.Null(fields.Fault);
        Assert.Equal(names, fields.Select(field => field.Key));
        Assert.All(names, name => Assert.Equal(name, fields[name]));
    }

    [Fact]
    public void Texts_that_come_again_are_read_as_any_other()
    {
        // More of them at once than there are places, and from several threads: each takes others' places.
        var names = Enumerable.Range(0, 3000).Select(i => new string((char)('A' + i % 26), 1 + i % 30) + i).ToList();
        Parallel.For(0, 4, _ =>
        {
            foreach (var name in names)
            {
                var fields = RequestFields.Of(System.Text.Encoding.UTF8.GetBytes($"api_key={name}&from={name.ToLowerInvariant()}&api_secret={name}"));
                Assert.Equal((name, name.ToLowerInvariant(), name), (fields["api_key"], fields["from"], fields["api_secret"]));
            }
        });
    }

    [Fact]
    public void A_key_that_comes_again_is_the_same_string_and_a_secret_is_not()
    {
        var (first, again) = (RequestFields.Of("api_key=again001&api_secret=s3cret-s3cret"u8), RequestFields.Of("api_key=again001&api_secret=s3cret-s3cret"u8));
        Assert.Same(first["api_key"], again["api_key"]);
        Assert.NotSame(first["api_secret"], again["api_secret"]);
    }
}
