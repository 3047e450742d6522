using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gateway.Sip;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Interop.Tests.Sip;

/// <summary>OpenSSL's own client looks at us.</summary>
[Trait("Category", "Interop")]
public sealed class OpensslTests : IDisposable
{
    private readonly TlsFolder _files = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task It_verifies_the_certificate_and_sees_the_renewed_one_without_a_restart(string version)
    {
        var first = _files.Write("gateway", "127.0.0.1");
        await using var endpoint = await ListenAsync();
        Assert.Equal(first.Thumbprint, await ShownAsync(endpoint.Bound[0].EndPoint, version));

        var second = _files.Write("gateway", "127.0.0.1", "renewed.example.org");

        Assert.Equal(second.Thumbprint, await ShownAsync(endpoint.Bound[0].EndPoint, version));
    }

    [Fact]
    public async Task Old_versions_of_tls_are_refused()
    {
        _files.Write("gateway", "127.0.0.1");
        await using var endpoint = await ListenAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ShownAsync(endpoint.Bound[0].EndPoint, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"));

        Assert.Contains("alert protocol version", refused.Message);
    }

    private async Task<SipEndpoint> ListenAsync()
    {
        var options = new SipEndpointOptions { Listen = [SipListenAddress.Parse("tls://127.0.0.1:0")], Tls = _files.Options("gateway") };
        var endpoint = new SipEndpoint(options, TimeProvider.System, NullLoggerFactory.Instance);
        await endpoint.StartAsync(Cancel);
        return endpoint;
    }

    private async Task<string> ShownAsync(IPEndPoint server, params string[] more)
    {
        var output = await ChildProcess.RunAsync("openssl",
            ["s_client", "-connect", server.ToString(), "-CAfile", _files.Authority, "-verify_return_error", "-verify_ip", "127.0.0.1", .. more],
            Path.GetDirectoryName(_files.Authority)!, Cancel, input: "");
        using var shown = X509Certificate2.CreateFromPem(output);
        return shown.Thumbprint;
    }
}
