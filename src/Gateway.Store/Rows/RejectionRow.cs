namespace Gateway.Store;

/// <summary>A message that an account wanted to send and that was refused.</summary>
public sealed class RejectionRow
{
    public long Id { get; set; }
    /// <summary>api_key.</summary>
    public string Account { get; set; } = "";
    /// <summary>Sender as the account gave it, cut to what a sender can have.</summary>
    public string Originator { get; set; } = "";
    /// <summary>Recipient as the account gave it, cut likewise.</summary>
    public string Recipient { get; set; } = "";
    /// <summary>Unix milliseconds.</summary>
    public long ReceivedAt { get; set; }
    /// <summary>The status of the reply.</summary>
    public byte Status { get; set; }
    /// <summary>Its error-text.</summary>
    public string Reason { get; set; } = "";
}
