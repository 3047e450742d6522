using Gateway.Store;

namespace Gateway.Tests.Store;

/// <summary>Holds the writer inside a transaction, so that a test decides what waits behind it.</summary>
internal sealed class WriterGate : IDisposable
{
    private readonly ManualResetEventSlim _open = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Written { get; private set; } = Task.CompletedTask;

    public static async Task<WriterGate> CloseAsync(StoreWriter writer, CancellationToken cancel)
    {
        var gate = new WriterGate();
        gate.Written = writer.WriteAsync(new StoreChange { Other = _ => gate.Hold() }, cancel).AsTask();
        await gate._reached.Task.WaitAsync(TimeSpan.FromSeconds(30), cancel);
        return gate;
    }

    public void Open() => _open.Set();

    public void Dispose()
    {
        _open.Set();
        _open.Dispose();
    }

    private void Hold()
    {
        _reached.TrySetResult();
        if (!_open.Wait(TimeSpan.FromSeconds(60)))
            throw new TimeoutException("The test never opened the gate.");
    }
}
