namespace Gateway.Store;

/// <summary>A change in the writer's queue; its task ends, with true, when the change is durable, or when it has failed.</summary>
internal sealed class PendingWrite(StoreChange change) : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public StoreChange Change { get; } = change;

    /// <summary>It is in the line of those that are hurried, as well as in its own.</summary>
    public bool Hurried { get; set; }

    /// <summary>It is in a batch; where it still stands in line it is passed over.</summary>
    public bool Taken { get; set; }
}
