using System.Collections.Immutable;
using Gateway.Provisioning;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest.Management;

/// <summary>Other networks, to which messages go and from which they come.</summary>
[Route("api/carriers")]
public sealed class CarriersController(DirectoryStore store, LiveDirectory directory, DirectoryJson json, GatewaySettings settings)
    : DirectoryController<CarrierSettings>(store, directory, json)
{
    private protected override DirectoryKind Kind => DirectoryKind.Carrier;
    private protected override string NameSetting => nameof(CarrierSettings.Name);

    private protected override ImmutableSortedDictionary<string, DirectoryEntry<CarrierSettings>> Entries(DirectorySnapshot snapshot) => snapshot.Carriers;

    private protected override IEnumerable<string> Faults(CarrierSettings carrier) => CarriersCheck.Carrier(carrier, "", settings.Urls);
}
