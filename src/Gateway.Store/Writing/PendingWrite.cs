namespace Gateway.Store;

/// <summary>A change in the writer's queue; its task ends when the change is durable or has failed.</summary>
internal sealed class PendingWrite(StoreChange change) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public StoreChange Change { get; } = change;
}
