using IdentityService.Data;
using IdentityService.Keys;
using IdentityService.Secrets;
using IdentityService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static IdentityService.Tests.Support.EncryptionKeys;

namespace IdentityService.Tests;

public sealed class RotatingSecretsTests(IdentityApi api)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Rotate_KilledInTheMiddle_GoesOnWhileServicesRun()
    {
        var backing = await api.NewBackingAsync();
        await using var running = IdentityHost.Start(
            backing, services: IdentityHost.FastHashes, settings: [("Keys:EncryptionKey", New), ("Keys:FormerEncryptionKeys:0", Old)]);
        using var http = running.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();
        var (before, token) = (person.AccessToken, person.RefreshToken);
        await using var source = NpgsqlDataSource.Create(backing.Database);
        await AddOldSecretsAsync(source, 120);
        var total = await CountAsync(source, current: false) + await CountAsync(source, current: true);

        // The last batch has to wait for this lock, so the kill comes when the others are done and this one is not.
        await using (var blocker = await source.OpenConnectionAsync())
        await using (var held = await blocker.BeginTransactionAsync())
        {
            await new NpgsqlCommand("SELECT FROM signing_keys WHERE key_id = 'old-119' FOR UPDATE", blocker).ExecuteNonQueryAsync();
            using var killed = Command(backing);
            await Eventually.Async(
                async () => await CountAsync(source, current: true) >= 100, Deadline, $"nothing was encrypted anew: {killed.Output}");
            await person.RefreshAsync();
            await killed.KillAsync();
        }

        Assert.InRange(await CountAsync(source, current: false), 1, 20);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await person.TryMeAsync()).StatusCode);

        using var again = Command(backing);
        Assert.True(await again.ExitAsync(Deadline) == 0, again.Output);
        Assert.Equal(total, await CountAsync(source, current: true));
        await running.Services.GetRequiredService<KeyRing>().ReadAsync(TestContext.Current.CancellationToken);
        await person.RefreshAsync();

        await using var after = IdentityHost.Start(backing, services: IdentityHost.FastHashes, settings: ("Keys:EncryptionKey", New));
        using var http2 = after.CreateClient();
        Assert.Equal(System.Net.HttpStatusCode.OK, (await new Person(http2).TryMeAsync(before)).StatusCode);
        Assert.NotEqual(token, person.RefreshToken);
    }

    [Fact]
    public async Task Rotate_SecretsOfAnUnknownKey_AreLeftAndReported()
    {
        var backing = await api.NewBackingAsync();
        await using (IdentityHost.Start(backing, services: IdentityHost.FastHashes, settings: ("Keys:EncryptionKey", Old)))
        {
        }

        using var lost = Command(backing, former: null);
        Assert.Equal(1, await lost.ExitAsync(Deadline));
        Assert.Contains("Keys:FormerEncryptionKeys", lost.Output, StringComparison.Ordinal);
        using var weak = Command(backing, former: "too short");
        Assert.Equal(1, await weak.ExitAsync(Deadline));
        Assert.Matches("Keys:FormerEncryptionKeys.*is too short", weak.Output);
        using var unknown = ServiceProcess.Start(typeof(IdentityDb).Assembly, [], "secrets", "show");
        Assert.Equal(2, await unknown.ExitAsync(Deadline));

        await using (IdentityHost.Start(backing, services: IdentityHost.FastHashes, settings: ("Keys:EncryptionKey", Old)))
        {
        }
    }

    [Fact]
    public async Task Rotate_EveryEncryptedColumn_IsUnderTheNewKeyAndStillOpens()
    {
        var backing = await api.NewBackingAsync();
        Person person;
        string secret, created;
        await using (var before = IdentityHost.Start(backing, services: IdentityHost.FastHashes, settings: ("Keys:EncryptionKey", Old)))
        {
            using var http = before.CreateClient();
            person = new Person(http);
            await person.RegisterAsync();
            await person.LogInAsync();
            secret = (await CodeApp.EnableAsync(person, before.Time)).Secret;
            created = await CreateKeyOnceAsync(http, person);
        }

        using var command = Command(backing);
        Assert.True(await command.ExitAsync(Deadline) == 0, command.Output);

        await using var source = NpgsqlDataSource.Create(backing.Database);
        foreach (var column in Columns)
        {
            await using var left = source.CreateCommand(
                $"SELECT count(*) FILTER (WHERE substring({column.Secret} FROM 1 FOR 9) = $1), count(*) FROM {column.Table}");
            left.Parameters.Add(new NpgsqlParameter { Value = Encryption(New).CurrentMark });
            await using var counts = await left.ExecuteReaderAsync();
            Assert.True(await counts.ReadAsync());
            Assert.True(counts.GetInt64(1) > 0 && counts.GetInt64(0) == counts.GetInt64(1), $"{column.Table}.{column.Secret}: {command.Output}");
        }

        var time = new ShiftedTime();
        time.Advance(TimeSpan.FromMinutes(1));
        await using var after = IdentityHost.Start(backing, time, IdentityHost.FastHashes, settings: ("Keys:EncryptionKey", New));
        using var again = after.CreateClient();
        var same = new Person(again);
        var challenge = (await (await same.TryLogInAsync(person.UserName, person.Password)).BodyAsync(System.Net.HttpStatusCode.Forbidden)).Text("challenge_token");
        using var answer = await same.SendAsync(
            HttpMethod.Post, "login/2fa", new { challenge_token = challenge, code = new CodeApp(secret, time).Code });
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(created, await CreateKeyOnceAsync(again, person));
    }

    /// <summary>Asks for an API key under a key of the same name each time; what is answered.</summary>
    private static async Task<string> CreateKeyOnceAsync(HttpClient http, Person owner)
    {
        using var answer = await IdentityApi.SendAsync(
            http, HttpMethod.Post, "/api/v1/auth/api-keys", owner.AccessToken, new { name = "k", scopes = new[] { "identity:self" } }, null, "once");
        Assert.Equal(System.Net.HttpStatusCode.Created, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private static IEnumerable<EncryptedColumn> Columns
    {
        get
        {
            var services = new ServiceCollection();
            services.AddEncryptedColumns();
            return services.Select(one => one.ImplementationInstance).OfType<EncryptedColumn>();
        }
    }

    private static ServiceProcess Command(Backing backing, string? former = Old) => ServiceProcess.Start(
        typeof(IdentityDb).Assembly,
        [
            KeyValuePair.Create("ConnectionStrings:identitydb", (string?)backing.Database),
            KeyValuePair.Create("Keys:EncryptionKey", (string?)New),
            .. former is null ? [] : new[] { KeyValuePair.Create("Keys:FormerEncryptionKeys:0", (string?)former) },
        ],
        "secrets",
        "rotate");

    private static async Task AddOldSecretsAsync(NpgsqlDataSource source, int count)
    {
        var (old, secret) = (Encryption(Old), new byte[100]);
        string[] ids = [.. Enumerable.Range(0, count).Select(at => $"old-{at:000}")];
        await using var insert = source.CreateCommand(
            """
            INSERT INTO signing_keys (key_id, public_jwk, private_key, created_at, activates_at, retires_at, expires_at)
            SELECT id, public_jwk, secret, created_at, activates_at - interval '2 days', now() - interval '1 day', now() + interval '1 day'
            FROM unnest($1, $2) AS made (id, secret), (SELECT * FROM signing_keys LIMIT 1) AS template
            """);
        insert.Parameters.Add(new NpgsqlParameter { Value = ids });
        insert.Parameters.Add(new NpgsqlParameter { Value = ids.Select(id => old.Protect(secret, id)).ToArray() });
        Assert.Equal(count, await insert.ExecuteNonQueryAsync());
    }

    private static async Task<long> CountAsync(NpgsqlDataSource source, bool current)
    {
        await using var count = source.CreateCommand($"SELECT count(*) FROM signing_keys WHERE substring(private_key FROM 1 FOR 9) {(current ? "=" : "<>")} $1");
        count.Parameters.Add(new NpgsqlParameter { Value = Encryption(New).CurrentMark });
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
