using System.Collections.Concurrent;
using Gateway.Sip;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Registration;

/// <summary>
/// Keeps the way to UDP contacts behind NAT open. Policy:
/// <list type="bullet">
/// <item>A contact whose URI is not the address its REGISTER came from gets an OPTIONS every <c>Sip:Registrar:KeepAlive</c> seconds, at that address.
/// Who registered without NAT needs none; connections have keep-alives of their own.</item>
/// <item>Subscribers are spread over the seconds of the interval by their number, so that no second has more to do than another.</item>
/// <item>Any answer is one, whatever its status. A contact that leaves <see cref="FailuresAllowed"/> in a row unanswered, each for the 32 s of a
/// transaction, is gone: what is for it waits from then on instead of being sent into the void.</item>
/// <item>A REGISTER is a sign of life, and begins anew.</item>
/// <item>In a cluster each node judges only who registered with it: a NAT lets nobody else through, so what it finds in the store it asks and never
/// removes.</item>
/// </list>
/// </summary>
public sealed partial class KeepAlive : BackgroundService
{
    public const int FailuresAllowed = 3;

    private readonly SipEndpoint _endpoint;
    private readonly SipSettings _settings;
    private readonly GatewayStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<string, Kept[]>[] _seconds;
    private long _looks = -1;
    private int _underWay;

    public KeepAlive(SipEndpoint endpoint, SipSettings settings, GatewayStore store, TimeProvider time, ILogger<KeepAlive> log)
    {
        (_endpoint, _settings, _store, _time, _log) = (endpoint, settings, store, time, log);
        var interval = settings.Registrar.Enabled ? settings.Registrar.KeepAlive : 0;
        _seconds = [.. Enumerable.Range(0, interval).Select(_ => new ConcurrentDictionary<string, Kept[]>(StringComparer.Ordinal))];
    }

    /// <summary>Seconds it has worked off; negative until it has begun.</summary>
    internal long Looks => Volatile.Read(ref _looks);

    /// <summary>OPTIONS without their answer.</summary>
    internal int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>Told of a contact that is gone.</summary>
    public Func<ContactRow, Task>? OnGone { get; set; }

    /// <summary>These are the subscriber's contacts at the registrar now.</summary>
    public void Keep(string subscriber, IReadOnlyList<ContactRow> contacts)
    {
        if (_seconds.Length == 0) return;
        Kept[] kept = [.. contacts.Select(contact => KeptOf(contact)).OfType<Kept>()];
        var second = SecondOf(subscriber);
        if (kept.Length > 0) second[subscriber] = kept;
        else second.TryRemove(subscriber, out _);
    }

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        if (_seconds.Length == 0) return;
        try
        {
            await RememberAsync(stopping);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotRemembered(e); // each REGISTER tells again
        }
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        Volatile.Write(ref _looks, 0);
        for (var second = 0; await timer.WaitForNextTickAsync(stopping); second = (second + 1) % _seconds.Length)
        {
            var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var (subscriber, contacts) in _seconds[second])
            {
                if (Array.TrueForAll(contacts, kept => kept.Contact.ExpiresAt <= now)) _seconds[second].TryRemove(KeyValuePair.Create(subscriber, contacts));
                foreach (var kept in contacts)
                    if (!kept.Asking && kept.Contact.ExpiresAt > now) _ = AskAsync(kept);
            }
            Volatile.Write(ref _looks, _looks + 1);
        }
    }

    /// <summary>After a restart: who has registered since knows better.</summary>
    private async Task RememberAsync(CancellationToken stopping)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        await using var db = _store.Open();
        var rows = db.Contacts.AsNoTracking().Where(row => row.Source == ContactSource.Registrar && row.ExpiresAt > now && row.Flow!.StartsWith("udp:"));
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(stopping))
        {
            if (KeptOf(row, remembered: true) is { } kept)
                SecondOf(row.Subscriber).AddOrUpdate(row.Subscriber, [kept],
                    (_, known) => Array.Exists(known, other => other.Contact.Binding == row.Binding) ? known : [.. known, kept]);
        }
    }

    private ConcurrentDictionary<string, Kept[]> SecondOf(string subscriber) => _seconds[(uint)subscriber.GetHashCode() % _seconds.Length];

    private static Kept? KeptOf(ContactRow contact, bool remembered = false) =>
        contact.Path is null && SipFlow.TryParse(contact.Flow, out var flow) && flow.Kind == SipTransportKind.Udp
        && SipUri.TryParse(contact.Uri, out var uri) && Flows.IsBehindNat(uri, flow) ? new Kept(contact, uri, flow, remembered) : null;

    private async Task AskAsync(Kept kept)
    {
        kept.Asking = true;
        Interlocked.Increment(ref _underWay);
        try
        {
            var outcome = await _endpoint.SendAsync(RequestTo(kept), SipTarget.At(kept.Flow));
            kept.Failures = outcome.Kind switch
            {
                SipOutcomeKind.Final => 0,
                SipOutcomeKind.Overloaded => kept.Failures,
                _ => kept.Failures + 1,
            };
            if (kept.Failures < FailuresAllowed || kept.Remembered && _store.Nodes.Clustered || !IsCurrent(kept)) return;
            LogGone(kept.Contact.Subscriber, kept.Contact.Uri, kept.Flow);
            if (OnGone is { } onGone) await onGone(kept.Contact);
        }
        catch (Exception e)
        {
            LogFailed(kept.Contact.Subscriber, e);
        }
        finally
        {
            kept.Asking = false;
            Interlocked.Decrement(ref _underWay);
        }
    }

    private bool IsCurrent(Kept kept) =>
        SecondOf(kept.Contact.Subscriber).TryGetValue(kept.Contact.Subscriber, out var contacts) && contacts.Contains(kept);

    private SipRequest RequestTo(Kept kept)
    {
        var request = new SipRequest(SipMethod.Options, kept.Uri);
        request.Headers.Add(HeaderName.From, $"<{_settings.ServiceCentreIdentity}>;tag={SipRequest.NewTag()}");
        request.Headers.Add(HeaderName.To, $"<{kept.Contact.PublicUserIdentity}>");
        request.Headers.Add(HeaderName.CallId, $"{Guid.NewGuid():N}@{_settings.Domain}");
        request.Headers.Add(HeaderName.CSeq, "1 OPTIONS");
        return request;
    }

    private sealed class Kept(ContactRow contact, SipUri uri, SipFlow flow, bool remembered)
    {
        /// <summary>From the store, and perhaps registered with another node.</summary>
        public bool Remembered => remembered;
        public ContactRow Contact => contact;
        public SipUri Uri => uri;
        public SipFlow Flow => flow;
        public int Failures { get; set; }
        public bool Asking { get; set; }
    }

    [LoggerMessage(2041, LogLevel.Information, "{Subscriber} does not answer at {Contact} ({Flow}) any more: the contact is removed")]
    private partial void LogGone(string subscriber, string contact, SipFlow flow);

    [LoggerMessage(2042, LogLevel.Error, "Keeping the way to {Subscriber} open met a fault")]
    private partial void LogFailed(string subscriber, Exception e);

    [LoggerMessage(2043, LogLevel.Warning, "The contacts to keep alive could not be read; each is kept again from its next REGISTER")]
    private partial void LogNotRemembered(Exception e);
}
