using IdentityService.Data;

namespace IdentityService.Tests;

public sealed class WeakSecretsTests
{
    [Fact]
    public async Task Start_EverySecretWeak_StopsTheProcessAndNamesThemAll()
    {
        string[] weak = ["short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "changeme-changeme-changeme-changeme", "password1234"];
        using var process = ServiceProcess.Start(typeof(IdentityDb).Assembly, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:identitydb"] = "Host=127.0.0.1;Port=1;Database=none",
            ["ConnectionStrings:redis"] = "127.0.0.1:1",
            ["ConnectionStrings:messaging"] = "amqp://guest:none@127.0.0.1:1",
            ["Authentication:Issuer"] = "https://platform.test",
            ["Keys:EncryptionKey"] = weak[0],
            ["Keys:FormerEncryptionKeys:0"] = weak[1],
            ["Keys:RotateEvery"] = "00:00:01",
            ["Clients:Gateway:Secret"] = weak[2],
            ["Administrator:Password"] = weak[3],
        });

        Assert.Equal(1, await process.ExitAsync(TimeSpan.FromMinutes(2)));
        foreach (var key in (string[])["Keys:EncryptionKey", "Keys:FormerEncryptionKeys", "Keys:RotateEvery", "Clients:Gateway:Secret", "Administrator:Password"])
        {
            Assert.Contains($"{key}", process.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(weak, secret => process.Output.Contains($"'{secret}'", StringComparison.Ordinal) || process.Output.Contains($"\"{secret}\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Production", true)]
    [InlineData("Development", false)]
    public async Task Start_ServersWithTheirDefaultPasswords_IsRefusedWhereItMatters(string environment, bool refused)
    {
        var user = "platform-user";
        using var process = ServiceProcess.Start(typeof(IdentityDb).Assembly, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = environment,
            ["ConnectionStrings:identitydb"] = $"Host=127.0.0.1;Port=1;Database=none;Username={user};Password={user}",
            ["ConnectionStrings:redis"] = "127.0.0.1:1,password=redis",
            ["ConnectionStrings:messaging"] = "amqp://guest:guest@127.0.0.1:1",
            ["Authentication:Issuer"] = "https://platform.test",
            ["Keys:EncryptionKey"] = "short",
        });

        Assert.Equal(1, await process.ExitAsync(TimeSpan.FromMinutes(2)));
        Assert.Contains("Keys:EncryptionKey", process.Output, StringComparison.Ordinal);
        foreach (var name in (string[])["identitydb", "redis", "messaging"])
        {
            Assert.Equal(refused, process.Output.Contains($"ConnectionStrings:{name}: its password", StringComparison.Ordinal));
        }
    }
}
