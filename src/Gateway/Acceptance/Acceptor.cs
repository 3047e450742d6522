namespace Gateway.Acceptance;

/// <summary>The one way into the gateway: every face hands its messages over here.</summary>
public sealed class Acceptor
{
    /// <summary>Routes the submission, stores it durably and rings its mailbox; when this returns accepted, nothing can lose it.</summary>
    public Task<AcceptanceResult> AcceptAsync(Submission submission, CancellationToken cancel) =>
        Task.FromResult(AcceptanceResult.Refused(Refusal.StoreUnavailable, "not wired"));
}
