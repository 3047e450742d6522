namespace Gateway.Store;

/// <summary>What becomes of one stored row. It applies only while the stored state is not final (below 10).</summary>
public abstract class RowProgress
{
    private protected RowProgress() { }

    public required long Id { get; init; }

    /// <summary>After the write: the row was there, and not final before.</summary>
    public bool Applied { get; internal set; }
}
