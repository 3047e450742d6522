using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// What a carrier told of each part it made of a message, as <see cref="ShortMessageRow.CarrierMessageIds"/> keeps it:
/// <c>id</c> while nothing final came, then <c>id=status:err-code</c>, comma separated.
/// </summary>
internal sealed class CarrierParts
{
    private string[] _parts;

    private CarrierParts(string[] parts) => _parts = parts;

    public static CarrierParts Parse(string? stored) => new(string.IsNullOrEmpty(stored) ? [] : stored.Split(','));

    /// <summary>What is stored when the carrier has taken the message: its ids, in the order of the parts.</summary>
    public static string Of(IEnumerable<string> ids) => string.Join(',', ids.Select(Uri.EscapeDataString));

    public bool Complete => _parts.Length > 0 && Array.TrueForAll(_parts, part => part.Contains('='));

    /// <summary>Of the whole message, once complete: the first part that was not delivered decides.</summary>
    public MessageState State => Undelivered?.Split('=', ':')[1] switch
    {
        null => MessageState.Delivered,
        "expired" => MessageState.Expired,
        "rejected" => MessageState.Rejected,
        _ => MessageState.Failed,
    };

    public byte ErrorCode => Undelivered is { } part && byte.TryParse(part.AsSpan(part.IndexOf(':') + 1), out var code) ? code : (byte)0;

    private string? Undelivered => Array.Find(_parts, part => part.Contains('=') && !part.Contains("=delivered:", StringComparison.Ordinal));

    /// <summary>Nexmo's word for what will not change any more.</summary>
    public static bool IsFinal(string status) => status is "delivered" or "expired" or "failed" or "rejected" or "unknown";

    /// <summary>False when it changes nothing: an intermediate status, or a part that was told of before.</summary>
    public bool Record(CarrierReceipt receipt)
    {
        if (!IsFinal(receipt.Status)) return false;
        if (receipt.PartId.Length == 0 && _parts.Length > 0) return RecordWhole(receipt);
        var id = Uri.EscapeDataString(receipt.PartId);
        if (_parts.Length == 0) _parts = [id]; // a carrier that gave no ids: its one receipt is for the whole
        var at = Array.IndexOf(_parts, id);
        if (at < 0) return false;
        _parts[at] = $"{id}={receipt.Status}:{receipt.ErrorCode}";
        return true;
    }

    /// <summary>A receipt that names no part is for all of them that nothing is known of yet.</summary>
    private bool RecordWhole(CarrierReceipt receipt)
    {
        if (Complete) return false;
        _parts = Array.ConvertAll(_parts, part => part.Contains('=') ? part : $"{part}={receipt.Status}:{receipt.ErrorCode}");
        return true;
    }

    public override string ToString() => string.Join(',', _parts);
}
