namespace Gateway.Delivery;

/// <summary>
/// Which carrier has a message next. The routes in order, round after round; after a failure the next one has its turn. One that has rejected the message
/// is not asked again, as long as that is remembered here: what has left memory begins where its attempts stand, and at worst is rejected again. One that
/// fails for everybody is passed over, unless there is no other.
/// </summary>
internal static class CarrierTurn
{
    public static string? Take(List<string> routes, Waiting waiting, Func<string, bool> isLeftAlone)
    {
        if (routes is [var only]) return waiting.CarriersThatRejected.Contains(only) ? null : only;
        var inTurn = InTurn(routes, waiting).ToList();
        return inTurn.Find(carrier => !isLeftAlone(carrier)) ?? inTurn.FirstOrDefault();
    }

    /// <summary>Why it is not the first of the routes, in words for the message's history; null when it is.</summary>
    public static string? Why(string carrier, List<string> routes, Waiting waiting, Func<string, bool> isLeftAlone)
    {
        var leftAlone = routes is [var only] && only == carrier ? [] : InTurn(routes, waiting).TakeWhile(before => before != carrier).Where(isLeftAlone).ToList();
        var passedOver = leftAlone.Count == 0 ? null : $"{string.Join(", ", leftAlone)} passed over, having failed repeatedly";
        var after = waiting.LastCarrier is { } last && last != carrier ? $"after {last}" : null;
        return passedOver is null ? after : after is null ? passedOver : $"{after}, {passedOver}";
    }

    /// <summary>What one route's verdict means where there are several: it fails only when all have rejected it.</summary>
    public static Verdict Among(Verdict verdict, List<string> routes, Waiting waiting)
    {
        // What a carrier may have taken goes to no other one at once.
        if (!verdict.OtherRoute || routes.TrueForAll(waiting.CarriersThatRejected.Contains)) return verdict;
        // Another route is left in this round: its turn is now. Else the next round begins by schedule.
        var left = routes.Skip(routes.IndexOf(waiting.LastCarrier!) + 1).Any(carrier => !waiting.CarriersThatRejected.Contains(carrier));
        return verdict with { Next = Next.Retry, After = left ? TimeSpan.Zero : verdict.After };
    }

    private static IEnumerable<string> InTurn(List<string> routes, Waiting waiting)
    {
        var last = waiting.LastCarrier is { } name ? routes.IndexOf(name) : routes.Count == 0 ? -1 : (waiting.Row.Attempts - 1) % routes.Count;
        return routes.Skip(last + 1).Concat(routes.Take(last + 1)).Where(carrier => !waiting.CarriersThatRejected.Contains(carrier));
    }
}
