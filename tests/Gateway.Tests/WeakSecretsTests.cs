using Platform.Testing;

namespace Gateway.Tests;

public sealed class WeakSecretsTests
{
    [Theory]
    [InlineData("")]
    [InlineData("31-characters-of-quite-some-use")]
    [InlineData("changeme-changeme-changeme-changeme")]
    public async Task Start_WeakClientSecret_StopsTheProcessNamingItWithAllOtherFaults(string secret)
    {
        using var process = ServiceProcess.Start(typeof(GatewayMetrics).Assembly, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:redis"] = "127.0.0.1:1",
            ["ConnectionStrings:messaging"] = "amqp://guest:none@127.0.0.1:1",
            ["Identity:ClientSecret"] = secret,
            ["Tokens:CacheSize"] = "1",
        });

        Assert.Equal(1, await process.ExitAsync(TimeSpan.FromMinutes(2)));
        Assert.Contains("Identity:ClientSecret", process.Output, StringComparison.Ordinal);
        Assert.Contains("Tokens:CacheSize", process.Output, StringComparison.Ordinal);
    }
}
