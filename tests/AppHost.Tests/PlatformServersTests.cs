using Npgsql;
using Platform.Testing;

[assembly: AssemblyFixture(typeof(PlatformServers))]

namespace AppHost.Tests;

public sealed class PlatformServersTests(PlatformServers servers)
{
    [Fact]
    public async Task CreateDatabase_Twice_GivesTwoEmptyDatabases()
    {
        var first = await servers.CreateDatabaseAsync("engine");
        var second = await servers.CreateDatabaseAsync("engine");
        Assert.NotEqual(first, second);

        await ExecuteAsync(first, "CREATE TABLE mark (id int)");
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(second, "SELECT * FROM mark"));
    }

    [Fact]
    public async Task CreateMessaging_GivesAnEmptyVirtualHost()
    {
        var amqp = await servers.CreateMessagingAsync();

        Assert.Matches("^amqp://.+:.+@127.0.0.1:[0-9]+/test-[0-9a-f]{32}$", amqp);
        Assert.Empty(await servers.Broker.QueuesAsync(amqp));
    }

    [Fact]
    public async Task CreateRedisDatabase_Twice_GivesTwoNumbers() =>
        Assert.NotEqual(await servers.CreateRedisDatabaseAsync(), await servers.CreateRedisDatabaseAsync());

    [Fact]
    public async Task Mail_Sent_IsFoundByItsAddress()
    {
        var address = $"{Guid.CreateVersion7():N}@example.com";
        var smtp = new Uri(servers.Mail["Endpoint=".Length..]);
        using var client = new System.Net.Mail.SmtpClient(smtp.Host, smtp.Port);

        await client.SendMailAsync("platform@example.com", address, "Grüße", "Zeile\r\n.mit Punkt");

        var mail = await servers.Mails.WaitForAsync(address);
        Assert.Equal("Grüße", mail.Subject);
        Assert.Equal("Zeile\r\n.mit Punkt", mail.Text.TrimEnd());
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
