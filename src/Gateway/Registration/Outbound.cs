using System.Globalization;
using Gateway.Sip;

namespace Gateway.Registration;

/// <summary>
/// RFC 5626 §6: what a REGISTER with reg-id asks for. Offered on connections, and behind an edge proxy that says <c>ob</c> in its Path; not over plain
/// UDP, whose flows want STUN for their keep-alive.
/// </summary>
internal static class Outbound
{
    public const string OptionTag = "outbound";

    /// <summary>Seconds within which the client is to show that it is there (§5.4). Well below what the endpoint lets a connection be idle.</summary>
    public const int FlowTimer = 120;

    /// <summary>What identifies the binding: instance and reg-id if it is a flow of its own, else the URI.</summary>
    public static string BindingOf(Contact contact, bool isOffered) =>
        isOffered && IsAsked(contact) ? string.Create(CultureInfo.InvariantCulture, $"{contact.Instance};reg-id={contact.RegId}") : contact.Uri.ToString();

    /// <summary>A reg-id without instance is ignored.</summary>
    public static bool IsAsked(Contact contact) => contact is { IsWildcard: false, RegId: > 0, Instance.Length: > 0 };

    public static bool IsOffered(SipRequest request, SipFlow flow) =>
        request.Headers.TryGetAll(HeaderName.Path, out IReadOnlyList<NameAddr> path) && path.Count > 0
            ? path[^1].Uri.Parameters.Contains("ob") // the edge proxy's, the first to have put itself there
            : IsFirstHop(request) && flow.Kind != SipTransportKind.Udp;

    /// <summary>The client says that it can, and what stands between cannot (§6, §11.6): it is told instead of being left with flows that do not exist.</summary>
    public static bool LacksFirstHop(SipRequest request, SipFlow flow) => !IsFirstHop(request) && !IsOffered(request, flow) && IsSupportedBy(request);

    public static bool IsFirstHop(SipRequest request) => request.Headers.GetAll(HeaderName.Via).Count == 1;

    public static bool IsSupportedBy(SipRequest request) =>
        request.Headers.GetAll(HeaderName.Supported).Concat(request.Headers.GetAll(HeaderName.Require))
            .Any(tag => tag.Trim().Equals(OptionTag, StringComparison.OrdinalIgnoreCase));
}
