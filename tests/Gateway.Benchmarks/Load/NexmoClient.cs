using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Gateway.Benchmarks.Load;

/// <summary>An application that sends by POST /sms/json with as many connections as it has callers.</summary>
internal sealed class NexmoClient(Uri gateway, string key, string secret) : IDisposable
{
    private static readonly MediaTypeHeaderValue Form = new("application/x-www-form-urlencoded");

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false }) { BaseAddress = gateway };
    private readonly string _credentials = $"api_key={key}&api_secret={secret}&from=Bank&to=";

    /// <returns>False: throttled, to be tried again.</returns>
    /// <exception cref="InvalidOperationException">Another refusal, which the message quotes.</exception>
    public async Task<bool> SendAsync(string to, string text)
    {
        using var body = new ByteArrayContent(Encoding.ASCII.GetBytes(_credentials + to + "&text=" + Uri.EscapeDataString(text)));
        body.Headers.ContentType = Form;
        using var response = await _http.PostAsync("/sms/json", body);
        var reply = await response.Content.ReadAsByteArrayAsync();
        if (reply.AsSpan().IndexOf("\"status\": \"0\""u8) >= 0) return true;
        if (response.StatusCode == HttpStatusCode.OK && reply.AsSpan().IndexOf("\"status\": \"1\""u8) >= 0) return false;
        throw new InvalidOperationException($"{(int)response.StatusCode} to a message for {to}: {Encoding.UTF8.GetString(reply)}");
    }

    public void Dispose() => _http.Dispose();
}
