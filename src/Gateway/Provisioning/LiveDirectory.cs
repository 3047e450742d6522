namespace Gateway.Provisioning;

/// <summary>
/// The directory as everybody reads it: one volatile read, and what is read stays as it is. It begins with what the settings say, until
/// <see cref="DirectoryStore"/> has read the store.
/// </summary>
public sealed class LiveDirectory(GatewaySettings settings)
{
    private volatile DirectorySnapshot _current = DirectorySnapshot.Of(settings);

    public DirectorySnapshot Current
    {
        get => _current;
        internal set => _current = value;
    }
}
