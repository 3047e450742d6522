using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Store;

namespace Gateway.Carriers;

/// <summary>Hands messages over to a carrier with a REST interface of its own, which the settings describe (<see cref="HttpCarrierSettings"/>).</summary>
internal sealed class HttpCarrier(CarrierSettings settings, TimeProvider time) : Carrier(settings, time)
{
    private readonly HttpCarrierSettings _http = settings.Http;
    private readonly HttpMethod _method = new(settings.Http.Method.ToUpperInvariant());
    private readonly CarrierTemplate.Escape _escape = CarrierTemplate.InBody(settings.Http.ContentType);

    private protected override string? Unsuitable(CarrierContent content) =>
        content.Text is not null || CarrierTemplate.Has(_http.Body, "data") || CarrierTemplate.Has(_http.Url, "data") ? null : "it takes no binary content";

    private protected override HttpRequestMessage Request(ShortMessageRow message, string sender, CarrierContent content)
    {
        var receiptUrl = ReceiptUrl is { } url ? $"{url}?client-ref={MessageId.Format(message.Id)}" : null;
        var values = CarrierTemplate.Values(message, sender, content, Settings, receiptUrl);
        var request = new HttpRequestMessage(_method, CarrierTemplate.Fill(_http.Url, values, CarrierTemplate.InUrl));
        if (_http.Body.Length > 0)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(CarrierTemplate.Fill(_http.Body, values, _escape)));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(_http.ContentType);
        }
        foreach (var (name, template) in _http.Headers)
            request.Headers.TryAddWithoutValidation(name, CarrierTemplate.Fill(template, values, CarrierTemplate.InHeader));
        return request;
    }

    private protected override CarrierOutcome Read(int status, byte[] body, TimeSpan? retryAfter, ShortMessageRow message)
    {
        var answer = new AnswerValue(body);
        // Where it has a status of its own, that speaks; an answer without it is somebody else's, or an error page.
        if (_http.Status is null || answer[_http.Status] is not { } word)
        {
            if (_http.Status is not null && status is >= 200 and < 300)
                return new CarrierOutcome.Temporary(status, "its reply is not understood", RetryAfter: null, MayHaveBeenTaken: true);
            word = status.ToString(CultureInfo.InvariantCulture);
        }
        var text = answer[_http.ErrorText] ?? "";
        return MeaningOf(word, status) switch
        {
            Meaning.Accepted when _http.MessageId is null => new CarrierOutcome.Accepted(status, [MessageId.Format(message.Id)]),
            Meaning.Accepted when answer[_http.MessageId] is { } id => new CarrierOutcome.Accepted(status, [id]),
            Meaning.Accepted => new CarrierOutcome.Temporary(status, "its reply has no message id", RetryAfter: null, MayHaveBeenTaken: true),
            Meaning.Temporary => new CarrierOutcome.Temporary(status, $"status {word}: {text}".TrimEnd(' ', ':'), retryAfter),
            Meaning.Rejected => new CarrierOutcome.Rejected(status, int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : status,
                text.Length > 0 ? text : word, 99),
            _ => Unavailable(status, retryAfter),
        };
    }

    internal override bool SaysTryAgain(byte[] body) => new AnswerValue(body)[_http.Status] is { } word && _http.Temporary.Contains(word);

    private enum Meaning { Accepted, Temporary, Rejected, Unavailable }

    private Meaning MeaningOf(string word, int status)
    {
        if (_http.Accepted.Contains(word)) return Meaning.Accepted;
        if (_http.Temporary.Contains(word)) return Meaning.Temporary;
        if (_http.Rejected.Contains(word)) return Meaning.Rejected;
        if (status is >= 200 and < 300)
            // A word nobody has told us: a no, where the yeses are listed and the noes are not.
            return _http.Accepted.Count == 0 ? Meaning.Accepted : _http.Rejected.Count == 0 ? Meaning.Rejected : Meaning.Temporary;
        return status is 400 or 413 or 422 ? Meaning.Rejected : Meaning.Unavailable;
    }
}
