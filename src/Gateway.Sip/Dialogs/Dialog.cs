namespace Gateway.Sip.Dialogs;

/// <summary>
/// RFC 3261 §12. On the side that asked for the dialog it exists from the first request on, so that the peer may answer by a request of
/// its own first (a NOTIFY before the 200); it is established by whichever comes first. On the side that was asked it is established at
/// once. Not safe for several threads.
/// </summary>
internal sealed class Dialog
{
    private IReadOnlyList<NameAddr> _routeSet;
    private uint? _remoteCSeq;

    /// <param name="local">Becomes From; a tag is added.</param>
    /// <param name="remote">Becomes To, and with it the Request-URI until the peer gives a Contact.</param>
    /// <param name="route">The Route of requests until the dialog has one of its own.</param>
    public Dialog(NameAddr local, NameAddr remote, IReadOnlyList<NameAddr> route)
    {
        _routeSet = route;
        LocalTag = SipRequest.NewTag();
        Local = local.WithTag(LocalTag);
        Remote = remote;
        RemoteTarget = remote.Uri.WithoutHeaders();
        CallId = Guid.NewGuid().ToString("N");
    }

    private Dialog(SipRequest request)
    {
        LocalTag = SipRequest.NewTag();
        Local = request.To.WithTag(LocalTag);
        Remote = request.From;
        RemoteTarget = request.From.Uri.WithoutHeaders();
        CallId = request.CallId;
        _routeSet = [.. RecordRoute(request)];
        _remoteCSeq = request.CSeq.Number;
        Retarget(request);
    }

    /// <summary>Of the side that accepts the request with a 2xx, whose To gets the tag <see cref="LocalTag"/> (§12.1.1).</summary>
    public static Dialog Accept(SipRequest request) => new(request);

    public string CallId { get; }

    public string LocalTag { get; }

    public NameAddr Local { get; }

    public NameAddr Remote { get; private set; }

    public SipUri RemoteTarget { get; private set; }

    public uint LocalCSeq { get; private set; }

    public bool HasRoutes => _routeSet.Count > 0;

    public bool IsEstablished => Remote.Tag is not null;

    /// <summary>
    /// Where the dialog was made, for a peer whose Contact is a name that leads nowhere (Kamailio's S-CSCF gives its domain name).
    /// </summary>
    public SipFlow? MadeWith { get; set; }

    public uint NextCSeq() => ++LocalCSeq;

    /// <summary>RFC 3261 §12.2.1.1.</summary>
    /// <param name="contactUser">Of our Contact, by which the peer reaches us from then on.</param>
    public SipRequest CreateRequest(string method, string contactUser)
    {
        var strict = _routeSet.Count > 0 && !_routeSet[0].Uri.IsLooseRouter;
        var request = new SipRequest(method, strict ? _routeSet[0].Uri : RemoteTarget) { ContactUser = contactUser };
        foreach (var route in strict ? _routeSet.Skip(1).Append(new NameAddr(RemoteTarget)) : _routeSet)
            request.Headers.Add(HeaderName.Route, route);
        request.Headers.Add(HeaderName.From, Local);
        request.Headers.Add(HeaderName.To, Remote);
        request.Headers.Add(HeaderName.CallId, CallId);
        request.Headers.Add(HeaderName.CSeq, new CSeq(NextCSeq(), method));
        return request;
    }

    /// <summary>A 2xx to our request: makes the dialog (§12.1.2), or refreshes its target.</summary>
    public void Update(SipResponse response)
    {
        if (!IsEstablished && response.To.Tag is { } tag)
            Establish(tag, RecordRoute(response).Reverse());
        if (response.To.Tag == Remote.Tag)
            Retarget(response);
    }

    /// <summary>
    /// The request belongs here: its To tag is ours and its From tag the peer's, or the first we hear of (RFC 6665 §4.4.1).
    /// </summary>
    public bool Owns(SipRequest request) =>
        request.CallId == CallId && request.To.Tag == LocalTag && request.From.Tag is { } tag && (Remote.Tag ?? tag) == tag;

    /// <summary>
    /// A request within the dialog: makes it (§12.1.1), or refreshes its target. Its place in the order of requests is told.
    /// </summary>
    public RequestOrder Update(SipRequest request)
    {
        var number = request.CSeq.Number;
        if (number == _remoteCSeq)
            return RequestOrder.Repeated;
        if (number < _remoteCSeq)
            return RequestOrder.Late;
        _remoteCSeq = number;
        if (!IsEstablished)
            Establish(request.From.Tag!, RecordRoute(request));
        Retarget(request);
        return RequestOrder.Next;
    }

    private void Establish(string remoteTag, IEnumerable<NameAddr> routeSet)
    {
        Remote = Remote.WithTag(remoteTag);
        _routeSet = [.. routeSet];
    }

    private void Retarget(SipMessage message)
    {
        if (message.Headers.TryGet<Contact>(HeaderName.Contact, out var contact) && !contact.IsWildcard && contact.Uri.IsSip)
            RemoteTarget = contact.Uri.WithoutHeaders();
    }

    private static IEnumerable<NameAddr> RecordRoute(SipMessage message) =>
        message.Headers.TryGetAll<NameAddr>(HeaderName.RecordRoute, out var route) ? route : [];
}

/// <summary>RFC 3261 §12.2.2: how the CSeq of a request in a dialog stands to those before it.</summary>
internal enum RequestOrder { Next, Repeated, Late }
