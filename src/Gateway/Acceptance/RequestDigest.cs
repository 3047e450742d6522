using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Acceptance;

/// <summary>SHA-256 of what a request means, not of how it was written: order of fields, encoding and signature do not count.</summary>
internal static class RequestDigest
{
    public static byte[] Of(Submission submission)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AddContent(hash, submission);
        Add(hash, submission.Validity.Ticks);
        Add(hash, (long)submission.Lane);
        Add(hash, submission.ReceiptRequested ? 1 : 0);
        Add(hash, submission.CallbackUrl);
        Add(hash, submission.ClientReference);
        Add(hash, submission.AccountReference);
        return hash.GetHashAndReset();
    }

    /// <summary>Who writes what to whom.</summary>
    public static byte[] OfContent(Submission submission)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AddContent(hash, submission);
        return hash.GetHashAndReset();
    }

    private static void AddContent(IncrementalHash hash, Submission submission)
    {
        Add(hash, submission.Originator);
        Add(hash, submission.Destination);
        switch (submission.Content)
        {
            case TextContent text:
                Add(hash, text.Text);
                Add(hash, text.ForceUcs2 ? 1 : text.Upgrade ? 2 : 0);
                Add(hash, text.MessageClass ?? -1);
                break;
            case UserDataContent data:
                Add(hash, data.UserData.Length);
                hash.AppendData(data.UserData);
                hash.AppendData([data.Length, data.HasUserDataHeader ? (byte)1 : (byte)0, data.DataCodingScheme, data.ProtocolIdentifier]);
                break;
        }
    }

    // Each value with its length, so that no two lists of values are the same octets.
    private static void Add(IncrementalHash hash, string? text)
    {
        Add(hash, text?.Length ?? -1);
        if (text is not null) hash.AppendData(Encoding.UTF8.GetBytes(text));
    }

    private static void Add(IncrementalHash hash, long number)
    {
        Span<byte> octets = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(octets, number);
        hash.AppendData(octets);
    }
}
