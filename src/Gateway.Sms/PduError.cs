namespace Gateway.Sms;

/// <summary>What kind of thing is wrong with received octets.</summary>
public enum PduFault : byte
{
    None = 0,
    /// <summary>The octets end before the field does.</summary>
    Truncated,
    /// <summary>A length octet is outside what the standard allows.</summary>
    LengthOutOfRange,
    /// <summary>The message type is reserved, or cannot occur in this direction or carrier.</summary>
    WrongMessageType,
    /// <summary>A semi-octet that has to be a digit is none.</summary>
    NotBcd,
    /// <summary>The user data header does not add up: an element runs past its end, or it runs past the user data.</summary>
    BrokenHeader,
}

/// <summary>Why octets could not be decoded: the first fault met, in reading order.</summary>
/// <param name="Fault">Kind of fault.</param>
/// <param name="Field">The field in the standards' spelling: <c>TP-…</c> of TS 23.040 §9.2, <c>RP-…</c> of TS 24.011 §7.3.</param>
/// <param name="Offset">Octets from the start of what was given to the decoder to the first octet that is wrong or missing.</param>
public readonly record struct PduError(PduFault Fault, string Field, int Offset)
{
    public string Reason => Fault switch
    {
        PduFault.None             => "no fault",
        PduFault.Truncated        => $"truncated in {Field}",
        PduFault.LengthOutOfRange => $"length of {Field} out of range",
        PduFault.WrongMessageType => $"{Field} is reserved or not valid here",
        PduFault.NotBcd           => $"{Field} holds a semi-octet that is no digit",
        _                         => $"{Field} does not add up",
    };

    public override string ToString() => $"{Reason} (octet {Offset})";

    /// <summary>The same fault seen from an enclosing PDU in which the inner one starts at <paramref name="start"/>.</summary>
    internal PduError Within(int start) => this with { Offset = Offset + start };
}
