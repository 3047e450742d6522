using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// What others on this node tell the mailbox without a grain call. It comes in turns of the same scheduler as the calls do, so between two awaits the mailbox
/// still runs alone; and one that leaves, or has lost its epoch, sends it on by the call that finds the next activation.
/// </summary>
public sealed partial class Mailbox
{
    /// <summary>What is told in this way is no call to its runtime, which would collect a mailbox that hears nothing else.</summary>
    private static readonly TimeSpan _idle = DeliveryExtensions.IdleMailbox;

    /// <summary>To suppress the flow and let it go on costs a copy of the context each.</summary>
    private static readonly ExecutionContext NothingFlows = ContextOfNothing();

    private TaskScheduler? _turns;

    public override async Task OnActivateAsync(CancellationToken cancel)
    {
        // Of a number that is no subscriber's, contacts are read only when a message needs them: one that was taken while it still was.
        if (router.IsSubscriber(Recipient)) await LoadContactsAsync(cancel);
        _turns = TaskScheduler.Current;
        local.Add(Recipient, this);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancel)
    {
        _leaving = true;
        local.Remove(Recipient, this);
        return Task.CompletedTask;
    }

    /// <summary><see cref="IMailbox.Accepted"/>, from any thread.</summary>
    internal void Ring(ShortMessageRow row, Mailboxes mailboxes)
    {
        var ring = new LocalRing(this, row, mailboxes, channels.Work.Begin());
        // What flows with a request (its log scopes) would be carried, and kept, through all that the mailbox does until it sleeps.
        if (ExecutionContext.Capture() is not { } flowing)
        {
            ring.Start(_turns!);
            return;
        }
        ExecutionContext.Restore(NothingFlows);
        try
        {
            ring.Start(_turns!);
        }
        finally
        {
            ExecutionContext.Restore(flowing);
        }
    }

    private static ExecutionContext ContextOfNothing()
    {
        ExecutionContext? context = null;
        var thread = new Thread(() => context = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return context!;
    }

    /// <summary>The same as <see cref="IMailbox.Report"/> for the report that is waited for at this moment, from any thread. False: it is another one.</summary>
    internal bool TryTake(HandsetReport report) => _flight is { } flight && flight.IsOf(report) && flight.TryTell(report);

    /// <summary>
    /// From any thread: the contact on the flow that something has just come over. It may have been registered anew since the mailbox read it, and is still
    /// the way back. Null: it knows none.
    /// </summary>
    internal KnownContact? ContactOn(string flow)
    {
        foreach (var contact in _contacts) // a list that is never changed once it is here
            if (contact.Row.Flow == flow) return contact;
        return null;
    }

    private sealed class LocalRing(Mailbox mailbox, ShortMessageRow row, Mailboxes mailboxes, WorkUnderWay.Work work)
    {
        public void Start(TaskScheduler turns) =>
            Task.Factory.StartNew(static ring => ((LocalRing)ring!).Run(), this, CancellationToken.None, TaskCreationOptions.DenyChildAttach, turns);

        private void Run()
        {
            if (mailbox._leaving || mailbox._lost || mailbox._retired)
            {
                mailboxes.RingByCall(row);
                work.Dispose();
                return;
            }
            var told = mailbox.Accepted(row);
            if (told.IsCompletedSuccessfully) work.Dispose();
            else _ = EndAsync(told);
        }

        private async Task EndAsync(Task told)
        {
            using var ring = work;
            try
            {
                await told;
            }
            catch (Exception e)
            {
                mailbox.LogRingFailed(mailbox.Recipient, e);
            }
        }
    }

    [LoggerMessage(3025, LogLevel.Warning, "The mailbox of {Recipient} met a fault when it was told of a message; the sweep will wake it")]
    private partial void LogRingFailed(string recipient, Exception e);
}
