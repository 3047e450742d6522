using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>A contact as a mailbox keeps it between messages: how it is addressed is worked out once.</summary>
internal sealed class KnownContact(ContactRow row)
{
    public ContactRow Row => row;

    public Device Device { get; } = new(row.SmsOverIp ? ContactClass.Volte : ContactClass.Ott,
        row.Source == ContactSource.Reginfo ? row.PublicUserIdentity : row.Binding);

    public Target? Target { get; set; }
}
