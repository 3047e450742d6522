namespace Gateway;

/// <summary>
/// A setting that neither the database nor an answer of the management API may show, with everything under it: stored encrypted
/// (<c>Store:SecretKey</c>), or as a salted slow hash where it is only ever compared.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute
{
    /// <summary>Nobody needs it back.</summary>
    public bool Hashed { get; init; }
}

/// <summary>Settings and store do not fit together; the message begins with the key and is told without a stack.</summary>
public sealed class SettingsFaultException(string message) : Exception(message);
