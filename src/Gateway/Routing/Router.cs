using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Gateway.Provisioning;
using Gateway.Store;

namespace Gateway.Routing;

/// <summary>Where a message goes and why, in words for the message's history.</summary>
public readonly record struct RouteChoice(RouteKind Kind, string? Carrier, string Reason);

/// <summary>
/// The order of choice: an application's number, a subscriber of ours, a carrier. Between carriers the longest prefix wins, then the lower
/// priority number; the rest of that list is where a message goes when the first one fails.
/// </summary>
public sealed class Router(LiveDirectory directory, NumberPlan numbers, SipSettings sip)
{
    /// <param name="recipient">E.164 digits or a short code.</param>
    /// <returns>null when nobody of ours and no carrier serves the number.</returns>
    public RouteChoice? Find(string recipient)
    {
        if (AccountOf(recipient) is { } account) return new RouteChoice(RouteKind.Application, null, $"{recipient} is a number of account {account.ApiKey}");
        if (IsSubscriber(recipient)) return new RouteChoice(RouteKind.Subscriber, null, $"{recipient} is a subscriber's number");
        var matches = Matches(recipient);
        return matches.Count == 0 ? null : Choice(matches[0], matches);
    }

    /// <summary>The account whose application has this number, or null.</summary>
    public AccountSettings? AccountOf(string number) => directory.Current.AccountOf(number);

    public bool IsSubscriber(string msisdn) => numbers.IsLocal(msisdn) || sip.Registrar.Enabled && directory.Current.User(msisdn) is not null;

    /// <summary>
    /// Every carrier that may take the number, best first. Those of equal prefix and priority share the recipients by weight: each recipient has an
    /// order of his own, the same on every node and after a restart, so that his messages stay together, and one carrier more or less moves only its share.
    /// </summary>
    public List<RouteChoice> Carriers(string recipient)
    {
        var matches = Matches(recipient);
        return matches.ConvertAll(match => Choice(match, matches));
    }

    /// <summary>The names of <see cref="Carriers"/>.</summary>
    public List<string> CarrierNames(string recipient) => Matches(recipient).ConvertAll(match => match.Carrier.Name);

    private List<Match> Matches(string recipient)
    {
        var matches = new List<Match>();
        foreach (var (_, entry) in directory.Current.Carriers)
            if (LongestPrefix(entry.Settings, recipient) is { } prefix) matches.Add(new Match(entry.Settings, prefix));
        return matches.Count < 2 ? matches
            : [.. matches.OrderByDescending(match => match.Prefix.Length).ThenBy(match => match.Carrier.Priority).ThenBy(match => Distance(recipient, match.Carrier))];
    }

    private static string? LongestPrefix(CarrierSettings carrier, string recipient)
    {
        string? longest = null;
        foreach (var prefix in carrier.Prefixes)
            if (recipient.StartsWith(prefix, StringComparison.Ordinal) && !(prefix.Length <= longest?.Length)) longest = prefix;
        return longest;
    }

    private static RouteChoice Choice(Match chosen, List<Match> matches) => new(RouteKind.Carrier, chosen.Carrier.Name,
        $"carrier {chosen.Carrier.Name}: prefix \"{chosen.Prefix}\", priority {chosen.Carrier.Priority}{Share(chosen, matches)}");

    private static string Share(Match chosen, List<Match> matches)
    {
        if (matches.Count == 1) return "";
        var equals = matches.FindAll(match => match.Prefix == chosen.Prefix && match.Carrier.Priority == chosen.Carrier.Priority);
        return equals.Count == 1 ? "" : $", weight {chosen.Carrier.Weight} of {equals.Sum(match => match.Carrier.Weight)}";
    }

    /// <summary>Weighted rendezvous hashing: the smallest distance wins, and does so with a probability proportional to its weight.</summary>
    private static double Distance(string recipient, CarrierSettings carrier)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{recipient} {carrier.Name}"), digest);
        var even = (BinaryPrimitives.ReadUInt64BigEndian(digest) + 1.0) / (ulong.MaxValue + 2.0); // between 0 and 1, neither of them
        return carrier.Weight == 0 ? double.PositiveInfinity : -Math.Log(even) / carrier.Weight;
    }

    private readonly record struct Match(CarrierSettings Carrier, string Prefix);
}
