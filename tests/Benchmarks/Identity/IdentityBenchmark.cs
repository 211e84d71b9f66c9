using Aspire.Hosting.Testing;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.LocalEngine.Testing;

namespace Benchmarks.Identity;

/// <summary>
/// The identity service under as much load as it takes: logins beside the password hash alone, refreshes (each of another
/// session), client credentials, introspections by the gateway; then those that sign a token once more with ES256. wrk, the
/// service, its servers and the rest of the platform share the cores, so processor time a request is told beside the rate,
/// and what all of it uses while nobody asks for anything.
/// </summary>
internal static class IdentityBenchmark
{
    private const string Form = "application/x-www-form-urlencoded";
    private const int Iterations = 210_000;
    private const int Sessions = 60_000;
    private const int Seconds = 8;

    // Until the runtime has compiled what is hot, which takes a core meanwhile.
    private const int WarmUpSeconds = 12;
    private const string GatewaySecret = "forty-seven quiet herons of the gateway";

    public static async Task<int> RunAsync()
    {
        await RunAsync("RS256", logins: true);
        await RunAsync("ES256", logins: false);
        return 0;
    }

    private static async Task RunAsync(string algorithm, bool logins)
    {
        var identityOptions = new Dictionary<string, string>(StringComparer.Ordinal) { ["Keys__Algorithm"] = algorithm };
        await using var app = await TestApplication.Create<Projects.AppHost>(
            new TestApplicationOptions
            {
                Durable = true,
                Environment = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal) { ["identity"] = identityOptions },
            },
            $"--Parameters:admin-password={IdentityPeople.Password}",
            $"--Parameters:gateway-client-secret={GatewaySecret}").BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync();
        using var identity = app.CreateHttpClient("identity");
        await using var database = NpgsqlDataSource.Create((await app.GetConnectionStringAsync("identitydb"))!);
        var people = new IdentityPeople(identity, database);
        var names = await people.RegisterAsync(32);
        var application = await people.RegisterClientAsync();
        var refreshTokens = await people.AddSessionsAsync(Sessions);
        var accessTokens = await people.AccessTokensAsync(refreshTokens[..200]);
        var address = app.GetEndpoint("identity");

        Console.WriteLine($"access tokens signed with {algorithm}");
        if (logins)
        {
            Console.WriteLine(await IdentityLoad.IdleAsync(Seconds));
            await TellLoginsAsync(address, names);
        }

        var (warm, measured) = (refreshTokens[200..30_200], refreshTokens[30_200..]);
        await TellAsync("refresh", address, 32, Script("/api/v1/auth/refresh", "application/json", null, warm, """{"refresh_token":"%s"}"""),
            Script("/api/v1/auth/refresh", "application/json", null, measured, """{"refresh_token":"%s"}"""));
        var credentials = Script("/connect/token", Form, application, [""], "grant_type=client_credentials%s");
        await TellAsync("client credentials", address, 32, credentials, credentials);
        var introspection = Script("/connect/introspect", Form, IdentityPeople.Basic("gateway", GatewaySecret), accessTokens, "token=%s");
        await TellAsync("introspection", address, 32, introspection, introspection);
    }

    private static async Task TellLoginsAsync(Uri address, string[] names)
    {
        var script = Script("/api/v1/auth/login", "application/json", null, names, $$"""{"username":"%s","password":"{{IdentityPeople.Password}}"}""");
        await IdentityLoad.RunAsync("warm-up", address, script, 4, WarmUpSeconds);
        var before = Hashes();
        var logins = await IdentityLoad.RunAsync("login", address, script, 4, Seconds);
        var after = Hashes();
        var hashes = Math.Max(before.PerSecond, after.PerSecond);
        var time = Math.Min(before.Microseconds, after.Microseconds);
        Console.WriteLine(FormattableString.Invariant($"password hash alone  {hashes,7:0.0}/s on two threads, {time:0} us of a core each"));
        Console.WriteLine(logins);
        Console.WriteLine(FormattableString.Invariant(
            $"logins / hash: {logins.PerSecond / hashes:0.000}; the hash's part of the service's own processor time: {time / logins.Identity:0.000}"));
    }

    private static async Task TellAsync(string name, Uri address, int connections, string warm, string script)
    {
        await IdentityLoad.RunAsync(name, address, warm, connections, WarmUpSeconds);
        Console.WriteLine(await IdentityLoad.RunAsync(name, address, script, connections, Seconds));
    }

    /// <summary>What two cores do when they do nothing else, and the processor time of one, which neighbours don't change.</summary>
    private static (double PerSecond, double Microseconds) Hashes()
    {
        const int Rounds = 30;
        var hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
        var hash = hasher.HashPassword(hasher, IdentityPeople.Password);
        var (began, used) = (TimeProvider.System.GetTimestamp(), Environment.CpuUsage.TotalTime);
        Parallel.For(0, 2, _ =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                hasher.VerifyHashedPassword(hasher, hash, IdentityPeople.Password);
            }
        });
        return (
            2 * Rounds / TimeProvider.System.GetElapsedTime(began).TotalSeconds,
            (Environment.CpuUsage.TotalTime - used).TotalMicroseconds / (2 * Rounds));
    }

    // One value after the other, whichever connection asks; each script is loaded once.
    private static string Script(string path, string type, string? basic, string[] values, string body) =>
        $$"""
        local values = { {{string.Join(',', values.Select(static value => $"\"{value}\""))}} }
        local headers = { ["Content-Type"] = "{{type}}" }
        {{(basic is null ? "" : $"headers[\"Authorization\"] = \"Basic {basic}\"")}}
        local at = 0
        function request()
          at = at % #values + 1
          return wrk.format("POST", "{{path}}", headers, string.format([[{{body}}]], values[at]))
        end
        """;
}
