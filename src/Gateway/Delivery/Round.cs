namespace Gateway.Delivery;

/// <summary>What a try was addressed to: a contact at our own registrar by its binding, or through the network the identity, of one class.</summary>
public readonly record struct Device(ContactClass Class, string Name);

/// <summary>
/// A message's way through its recipient's devices. One that fails for a reason of its own is followed at once by the next, and the schedule's step comes
/// when all have failed. In memory alone: after a crash the round begins anew.
/// </summary>
internal sealed class Round
{
    private List<Device>? _tried, _refused;

    /// <summary>A device has failed for now; what to plan by when those behind it refuse for good.</summary>
    public Verdict? Hope { get; private set; }

    /// <summary>A device does not take this message, however often it is asked.</summary>
    public bool Refused => _refused is not null;

    public bool IsLeft(Device device) => _tried?.Contains(device) is not true && _refused?.Contains(device) is not true;

    public void Add(Device device, Verdict verdict)
    {
        if (verdict.Next is Next.OtherClass or Next.Fail) (_refused ??= []).Add(device);
        else
        {
            (_tried ??= []).Add(device);
            Hope = verdict;
        }
    }

    /// <summary>The next one begins with the preferred device again.</summary>
    public void End() => (_tried, Hope) = (null, null);
}
