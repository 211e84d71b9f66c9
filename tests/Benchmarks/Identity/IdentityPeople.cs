using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Benchmarks.Identity;

/// <summary>People with sessions, and an application, for the load to use.</summary>
internal sealed class IdentityPeople(HttpClient identity, NpgsqlDataSource database)
{
    public const string Password = "a password to measure with 1";

    /// <summary>Registers people; their names.</summary>
    public async Task<string[]> RegisterAsync(int count)
    {
        string[] names = [.. Enumerable.Range(0, count).Select(static number => $"benchmark-{number}")];
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (name, cancellationToken) =>
        {
            using var answer = await identity.PostAsJsonAsync(
                "/api/v1/auth/register", new { username = name, email = $"{name}@platform.test", password = Password }, cancellationToken);
            answer.EnsureSuccessStatusCode();
        });
        return names;
    }

    /// <summary>
    /// Adds sessions with a refresh token each, as a sign-in does, but without its hash of the password: so many would take
    /// half an hour.
    /// </summary>
    public async Task<string[]> AddSessionsAsync(int count)
    {
        var tokens = Enumerable.Range(0, count).Select(static _ => RandomNumberGenerator.GetBytes(32)).ToArray();
        await using var command = database.CreateCommand(
            """
            WITH people AS (SELECT id, tenant_id, epoch, row_number() OVER (ORDER BY id) - 1 AS number, count(*) OVER () AS many
                            FROM users WHERE user_name LIKE 'benchmark-%'),
                 made AS (SELECT hash, gen_random_uuid() AS id, number FROM unnest($1) WITH ORDINALITY AS one (hash, number)),
                 begun AS (
                    INSERT INTO sessions (id, user_id, tenant_id, epoch, authenticated_at, notice_attempts, created_at, last_seen_at, expires_at)
                    SELECT made.id, people.id, tenant_id, epoch, now(), 0, now(), now(), now() + interval '30 days'
                    FROM made JOIN people ON people.number = made.number % people.many
                    RETURNING id, tenant_id)
            INSERT INTO refresh_tokens (id, session_id, tenant_id, hash, created_at, expires_at)
            SELECT gen_random_uuid(), begun.id, begun.tenant_id, made.hash, now(), now() + interval '7 days'
            FROM made JOIN begun USING (id)
            """);
        command.CommandTimeout = 120;
        command.Parameters.Add(new NpgsqlParameter { Value = tokens.Select(SHA256.HashData).ToArray() });
        await command.ExecuteNonQueryAsync();
        await using var analyze = database.CreateCommand("ANALYZE sessions, refresh_tokens, users");
        await analyze.ExecuteNonQueryAsync();
        return [.. tokens.Select(static token => Base64Url.EncodeToString(token))];
    }

    /// <summary>Access tokens of sessions.</summary>
    public async Task<string[]> AccessTokensAsync(IEnumerable<string> refreshTokens)
    {
        List<string> access = [];
        foreach (var token in refreshTokens)
        {
            using var answer = await identity.PostAsJsonAsync("/api/v1/auth/refresh", new { refresh_token = token });
            answer.EnsureSuccessStatusCode();
            access.Add((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!);
        }

        return [.. access];
    }

    /// <summary>An application that gets tokens for itself; the header by which it proves itself.</summary>
    public async Task<string> RegisterClientAsync()
    {
        using var login = await identity.PostAsJsonAsync("/api/v1/auth/login", new { username = "admin", password = Password });
        var access = (await login.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/admin/clients")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", access) },
            Content = JsonContent.Create(new { name = "benchmark", authentication = "secret", grantTypes = new[] { "client_credentials" }, scopes = new[] { "devices:read" } }),
        };
        using var made = await identity.SendAsync(request);
        var text = await made.Content.ReadAsStringAsync();
        using var body = JsonDocument.Parse(text);
        return made.IsSuccessStatusCode
            ? Basic(body.RootElement.GetProperty("client").GetProperty("clientId").GetString()!, body.RootElement.GetProperty("clientSecret").GetString()!)
            : throw new InvalidOperationException(text);
    }

    public static string Basic(string id, string secret) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}"));
}
