using System.Text.Json.Nodes;
using Xunit;

namespace Gateway.Sms.Tests;

/// <summary>
/// Compares decoded PDUs with the <c>expect</c> of a vector, key by key. A key that no comparison knows fails the test, so that nothing a
/// vector says goes unlooked at.
/// </summary>
internal sealed class VectorFields(JsonObject expect)
{
    private readonly HashSet<string> _unread = [.. expect.Select(member => member.Key)];

    public void Is(string key, object? actual)
    {
        _unread.Remove(key);
        var text = expect[key] switch
        {
            null                                                     => null,
            JsonValue value when value.TryGetValue<bool>(out var yes) => yes ? "True" : "False",
            var node                                                 => node.ToString(),
        };
        Assert.Equal((key, text), (key, actual switch { null => null, bool bit when expect[key]!.GetValueKind() == System.Text.Json.JsonValueKind.Number => bit ? "1" : "0", _ => $"{actual}" }));
    }

    public void IsIfThere(string key, object? actual)
    {
        if (expect.ContainsKey(key)) Is(key, actual);
        else Assert.Null(actual);
    }

    public void Inside(string key, Action<VectorFields> check)
    {
        _unread.Remove(key);
        var inner = new VectorFields(Assert.IsType<JsonObject>(expect[key]));
        check(inner);
        inner.AllRead();
    }

    public bool Has(string key) => expect.ContainsKey(key);

    public JsonArray Array(string key)
    {
        _unread.Remove(key);
        return Assert.IsType<JsonArray>(expect[key]);
    }

    public void AllRead() => Assert.Empty(_unread);

    public void Address(string key, TpAddress address) => Inside(key, fields =>
    {
        fields.Is("length", address.Length);
        fields.Is("toa", address.TypeOfAddress);
        fields.Is("ton", (int)address.TypeOfNumber);
        fields.Is("npi", (int)address.NumberingPlan);
        if (address.IsAlphanumeric) fields.Is("text", address.Name);
        else fields.Is("digits", address.Digits);
    });

    public void Address(string key, RpAddress address)
    {
        if (address.IsEmpty)
        {
            Is(key, null);
            return;
        }
        Inside(key, fields =>
        {
            fields.Is("toa", address.TypeOfAddress);
            fields.Is("ton", (int)address.TypeOfNumber);
            fields.Is("npi", (int)address.NumberingPlan);
            fields.Is("digits", address.Digits);
        });
    }

    public void Time(string key, TpServiceCentreTimeStamp timeStamp) => Is(key, timeStamp.Time?.ToString("yyyy-MM-ddTHH:mm:sszzz"));

    public void ValidityPeriod(TpValidityPeriod period) => Inside("vp", fields =>
    {
        fields.Is("format", period.Format.ToString().ToLowerInvariant());
        if (period.Format == TpValidityPeriodFormat.Absolute) fields.Time("time", period.AbsoluteTime);
        if (period.Format == TpValidityPeriodFormat.Relative) fields.Is("raw", period.RelativeValue);
        if (period.Format == TpValidityPeriodFormat.Enhanced)
        {
            fields.Is("raw", Convert.ToHexStringLower(period.Octets()));
            fields.Is("extension", period.HasExtension);
            fields.Is("single_shot", period.IsSingleShot);
            fields.Is("vpf", period.EnhancedFormat);
        }
        fields.IsIfThere("seconds", period.TryGetDuration(out var duration) ? duration.TotalSeconds : null);
    });

    public void UserData(TpUserData userData)
    {
        var coding = userData.DataCodingScheme;
        Is("udl", userData.Length);
        Is("alphabet", coding.Alphabet switch { TpAlphabet.Gsm7 => "gsm7", TpAlphabet.Ucs2 => "ucs2", _ => "8bit" });
        Is("class", coding.MessageClass);
        Is("compressed", coding.IsCompressed);
        IsIfThere("auto_delete", Has("auto_delete") ? coding.IsAutomaticDeletion : null);
        IsIfThere("reserved_group", coding.IsReservedGroup ? true : null);
        IsIfThere("reserved_alphabet", coding.IsReservedAlphabet ? true : null);
        if (coding.MessageWaiting is { } waiting)
        {
            Inside("mwi", fields =>
            {
                fields.Is("store", waiting.Store);
                fields.Is("active", waiting.Active);
                fields.Is("kind", waiting.Kind.ToString().ToLowerInvariant());
            });
        }
        if (userData.HasHeader) Header(userData.Header);
        IsIfThere("fill_bits", userData.HasHeader && coding.Alphabet == TpAlphabet.Gsm7 ? userData.FillBits : null);
        if (coding.IsText) Is("text", userData.Text);
        else Is("data", Convert.ToHexStringLower(userData.Data.Span));
    }

    private void Header(UserDataHeader header)
    {
        var elements = new List<InformationElement>();
        foreach (var element in header) elements.Add(element);
        Assert.Equal(
            Array("udh").Select(node => ((int)node!["iei"]!, (string)node["hex"]!)),
            elements.Select(element => ((int)element.Identifier, Convert.ToHexStringLower(element.Data.Span))));
        if (header.Concatenation is { } part)
        {
            Inside("concat", fields =>
            {
                fields.Is("ref", part.Reference);
                fields.Is("ref_bits", part.ReferenceBits);
                fields.Is("total", part.Total);
                fields.Is("seq", part.Sequence);
            });
        }
        if (header.Ports is { } ports)
        {
            Inside("ports", fields =>
            {
                fields.Is("bits", ports.Bits);
                fields.Is("dst", ports.Destination);
                fields.Is("src", ports.Source);
            });
        }
        IsIfThere("single_shift", header.SingleShift);
        IsIfThere("locking_shift", header.LockingShift);
        if (!Has("special_sms")) return;
        var special = header.SpecialSms.ToList();
        Assert.Equal(
            Array("special_sms").Select(node => ((bool)node!["store"]!, (int)node["profile"]!, (int)node["type"]!, (int)node["count"]!)),
            special.Select(there => (there.Store, (int)there.Profile, (int)there.Type, (int)there.Count)));
    }
}
