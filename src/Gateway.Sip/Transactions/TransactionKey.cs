using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Sip.Transactions;

/// <summary>
/// What a transaction is found by: 128 bits that no peer can choose. Of a client transaction it is our own branch; of a server transaction a hash of what
/// makes two requests the same, under a secret of this process, so that nobody can make his request pass for a repetition of another.
/// </summary>
internal readonly record struct TransactionKey(ulong High, ulong Low)
{
    /// <summary>Of our branches behind the magic cookie: 96 random bits in hex.</summary>
    private const int BranchDigits = 24;

    private static readonly (ulong First, ulong Second) Secret = (
        BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))),
        BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))));

    public static TransactionKey NewBranch() => new((uint)RandomToken.UInt64(), RandomToken.UInt64());

    public static TransactionKey Of(ReadOnlySpan<byte> identity)
    {
        var (first, second) = SipHash.Hash128(Secret.First, Secret.Second, identity);
        return new TransactionKey(first, second);
    }

    /// <summary>False for a branch that is not of our making.</summary>
    public static bool TryParseBranch(ReadOnlySpan<byte> branch, out TransactionKey key)
    {
        key = default;
        if (branch.Length != Via.MagicCookie.Length + BranchDigits || !Ascii.Equals(branch[..Via.MagicCookie.Length], Via.MagicCookie))
            return false;
        var digits = branch[Via.MagicCookie.Length..];
        if (!ulong.TryParse(digits[..8], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            || !ulong.TryParse(digits[8..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low))
            return false;
        key = new TransactionKey(high, low);
        return true;
    }

    public override int GetHashCode() => (int)Low;
}
