using System.Buffers.Binary;
using System.Security.Cryptography;
using Gateway.Sip;
using Gateway.Sms;

namespace Gateway.Handset;

/// <summary>
/// From SMS-DELIVERs to texts on the screen: parts are joined, and what was taken before is not shown again. Two
/// deliveries are the same message when TP-OA, TP-SCTS and TP-UD are (a service centre that lost the RP-ACK repeats
/// exactly these).
/// </summary>
internal sealed class Shown : IDisposable
{
    private readonly string _number;
    private readonly HandsetCounters _counters;
    private readonly TimeProvider _time;
    private readonly Action<ReceivedText> _onText;
    private readonly ReassemblyOptions _limits = new() { MaxMessages = 64 };
    private readonly Reassembler _reassembler;
    private readonly ITimer _expiry;
    private readonly Lock _lock = new();
    private readonly Recent<UInt128> _seen = new(256);
    private readonly OrderedDictionary<ConcatenationKey, Incomplete> _incomplete = [];
    private bool _expiryIsSet;

    /// <summary>What is told of a message beside its text, from its parts so far.</summary>
    private sealed record Incomplete(DateTimeOffset? SentAt, bool IsFlash)
    {
        public List<string> RpData { get; } = [];
    }

    public Shown(string number, HandsetCounters counters, TimeProvider time, Action<ReceivedText> onText)
    {
        (_number, _counters, _time, _onText) = (number, counters, time, onText);
        _reassembler = new Reassembler(_limits);
        _expiry = time.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Take(in SmsDeliver deliver, SipRequest request)
    {
        if (!_seen.Add(Fingerprint(deliver)))
        {
            _counters.CountRepeat();
            return;
        }

        // TS 23.040 §9.2.3.9: type 0 is acknowledged and never seen.
        if (deliver.ProtocolIdentifier == TpProtocolIdentifier.ShortMessageType0) return;
        List<ReceivedText> texts = [];
        lock (_lock)
        {
            if (deliver.UserData.Header.Concatenation is { } concatenation) texts.AddRange(Join(deliver, concatenation, request));
            else texts.Add(Single(deliver, request));
        }

        Show(texts);
    }

    private void Show(List<ReceivedText> texts)
    {
        foreach (var text in texts)
        {
            _counters.CountText();
            _onText(text);
        }
    }

    public void Dispose() => _expiry.Dispose();

    private static UInt128 Fingerprint(in SmsDeliver deliver)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(deliver.OriginatingAddress.Encode());
        Span<byte> timeStamp = stackalloc byte[TpServiceCentreTimeStamp.EncodedLength];
        deliver.ServiceCentreTimeStamp.CopyTo(timeStamp);
        hash.AppendData(timeStamp);
        hash.AppendData([deliver.DataCodingScheme.Value, deliver.UserData.Length]);
        hash.AppendData(deliver.UserData.Octets.Span);
        return BinaryPrimitives.ReadUInt128BigEndian(hash.GetHashAndReset());
    }

    private ReceivedText Single(in SmsDeliver deliver, SipRequest request) =>
        new(deliver.OriginatingAddress.ToString(), deliver.UserData.Text, 1, _time.GetUtcNow())
        {
            RpData = [Convert.ToHexString(request.Body.Span)],
            SentAt = deliver.ServiceCentreTimeStamp.Time,
            IsFlash = deliver.DataCodingScheme.MessageClass == 0,
            Data = deliver.DataCodingScheme.IsText ? default : deliver.UserData.Data,
            CallId = request.CallId,
        };

    private IEnumerable<ReceivedText> Join(in SmsDeliver deliver, Concatenation concatenation, SipRequest request)
    {
        var from = deliver.OriginatingAddress.ToString();
        var key = ConcatenationKey.Of(from, _number, concatenation);
        var joined = _reassembler.Add(new MessagePart(key, concatenation.Sequence, deliver.UserData, _time.GetUtcNow()));
        // One of the same key that makes way for this part has to be told of before this one is begun.
        var displaced = joined.Where(message => !message.IsComplete).Select(message => Text(message, "")).ToList();
        if (!_incomplete.TryGetValue(key, out var about))
        {
            // The reassembler knows no more messages than this, and drops parts of finished ones without a word.
            if (_incomplete.Count == _limits.MaxMessages) _incomplete.RemoveAt(0);
            _incomplete[key] = about = new Incomplete(deliver.ServiceCentreTimeStamp.Time, deliver.DataCodingScheme.MessageClass == 0);
        }

        about.RpData.Add(Convert.ToHexString(request.Body.Span));
        SetExpiry();
        return displaced.Concat(joined.Where(message => message.IsComplete).Select(message => Text(message, request.CallId)).ToList());
    }

    private ReceivedText Text(JoinedMessage message, string callId)
    {
        _incomplete.Remove(message.Key, out var about);
        return new ReceivedText(message.Key.Originator, message.Text, message.Key.Total - message.Missing.Count, _time.GetUtcNow())
        {
            RpData = about?.RpData ?? [],
            SentAt = about?.SentAt,
            IsFlash = about?.IsFlash ?? false,
            IsIncomplete = !message.IsComplete,
            Data = message.Data,
            CallId = callId,
        };
    }

    private void Expire()
    {
        List<ReceivedText> texts;
        lock (_lock)
        {
            texts = [.. _reassembler.Expire(_time.GetUtcNow()).Select(message => Text(message, ""))];
            _expiryIsSet = false;
            if (_incomplete.Count > 0) SetExpiry();
        }

        Show(texts);
    }

    private void SetExpiry()
    {
        if (_expiryIsSet) return;
        _expiryIsSet = true;
        _expiry.Change(_limits.Timeout, Timeout.InfiniteTimeSpan);
    }
}
