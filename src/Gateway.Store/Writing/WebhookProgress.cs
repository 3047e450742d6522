using Microsoft.EntityFrameworkCore.Metadata;

namespace Gateway.Store;

/// <summary>The outcome of one try of a webhook.</summary>
public sealed class WebhookProgress : RowProgress
{
    public required WebhookState State { get; init; }
    public int Attempts { get; init; }
    /// <summary>Unix milliseconds of the next try; null once delivered or dead.</summary>
    public long? DueAt { get; init; }
    public string? LastResult { get; init; }

    internal static RowCommand<WebhookProgress> Command(IModel model) =>
        RowCommand<WebhookProgress>.UpdateUnlessFinal<WebhookRow>(
            model, id: progress => progress.Id, keptWhenNull: null, where: null, nameof(State), nameof(Attempts), nameof(DueAt), nameof(LastResult));
}
