using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest.Management;

/// <summary>Which part of a list is asked for.</summary>
public sealed class PageQuery : IValidatableObject
{
    public const int MaxLimit = 500;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>How many items at most (1 to 500).</summary>
    [FromQuery(Name = "limit"), Range(1, MaxLimit)]
    public int Limit { get; init; } = 50;

    /// <summary>The <c>next</c> of the page before; nothing: from the beginning.</summary>
    [FromQuery(Name = "after")]
    public string? After { get; init; }

    /// <summary>The key of the last item of the page before, or null: from the beginning.</summary>
    internal string? AfterKey => TryRead(After, out var key) ? key : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        if (!string.IsNullOrEmpty(After) && !TryRead(After, out _))
            yield return new ValidationResult("is not the next of an earlier page", ["after"]);
    }

    internal static string Cursor(string key) => Base64Url.EncodeToString(Utf8.GetBytes(key));

    private static bool TryRead(string? cursor, [NotNullWhen(true)] out string? key)
    {
        key = null;
        if (string.IsNullOrEmpty(cursor) || !Base64Url.IsValid(cursor))
            return false;
        try
        {
            key = Utf8.GetString(Base64Url.DecodeFromChars(cursor));
            return !key.Any(char.IsControl); // no key has one, and PostgreSQL takes no NUL
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}

/// <summary>PostgreSQL has no text with U+0000, not even to look for.</summary>
internal sealed class StorableTextAttribute() : ValidationAttribute("has the character U+0000")
{
    public override bool IsValid(object? value) => value is not string text || !text.Contains('\0');
}

/// <summary>A part of a list; <see cref="Next"/> is the <c>after</c> of the part behind it, null at the end.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

internal static class Page
{
    /// <param name="found">The items behind the cursor in the order of their keys, one more than <paramref name="limit"/> when there are as many.</param>
    /// <param name="limit">How many were asked for.</param>
    /// <param name="key">Of an item: what the list is ordered by.</param>
    public static Page<T> Of<T>(IReadOnlyList<T> found, int limit, Func<T, string> key) =>
        found.Count <= limit ? new Page<T>(found, null) : new Page<T>([.. found.Take(limit)], PageQuery.Cursor(key(found[limit - 1])));
}
