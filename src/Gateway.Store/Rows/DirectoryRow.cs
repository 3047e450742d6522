namespace Gateway.Store;

/// <summary>What a directory entry is. The numbers are stored.</summary>
public enum DirectoryKind : byte
{
    /// <summary>The one row that every change raises, and so orders; its body is the fingerprint of the settings the directory was begun with.</summary>
    Counter = 0,
    Account = 1,
    Carrier = 2,
    /// <summary>Who registers at the embedded registrar.</summary>
    User = 3,
}

/// <summary>
/// An account, a carrier or a registrar's user: whom the gateway works for and with. The body is the gateway's own; the store only knows when it
/// changed. What was deleted stays as a row without a body, so that every change is found by its version.
/// </summary>
public sealed class DirectoryRow
{
    public DirectoryKind Kind { get; set; }
    public string Name { get; set; } = "";
    /// <summary>JSON, secrets in it hashed or encrypted; null: deleted.</summary>
    public string? Body { get; set; }
    /// <summary>What the counter was raised to by the change that wrote this.</summary>
    public long Version { get; set; }
    /// <summary>Unix milliseconds.</summary>
    public long UpdatedAt { get; set; }
}
