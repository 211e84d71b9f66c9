using System.Net.Http.Json;
using Aspire.Hosting.Testing;
using Npgsql;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace Benchmarks;

/// <summary>
/// From an event in one service's outbox to its consumer in another, on an otherwise idle platform: registrations twice a
/// second, whose <c>UserRegistered</c> the notification service handles. The event's id begins with its time in
/// milliseconds (UUIDv7), and the inbox notes when the handler's transaction began.
/// </summary>
internal static class OutboxBenchmark
{
    private const int WarmUp = 10;
    private const int Runs = 150;

    public static async Task<int> RunAsync()
    {
        await using var app = await TestApplication.Create<Projects.AppHost>(new TestApplicationOptions { Durable = true, Environment = RaisedLimits.With() }).BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync();
        using var gateway = app.CreateHttpClient("gateway");
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        for (var run = 0; run < WarmUp + Runs && await pace.WaitForNextTickAsync(); run++)
        {
            using var answer = await gateway.PostAsJsonAsync(
                "/api/v1/auth/register",
                new { username = $"benchmark{run}", email = $"benchmark{run}@platform.test", password = "a password to measure with 1" });
            answer.EnsureSuccessStatusCode();
        }

        var samples = await ReadAsync(await app.GetConnectionStringAsync("notifydb") ?? throw new InvalidOperationException("notifydb has no connection string."));
        Console.WriteLine(samples);
        return samples.Count >= Runs ? 0 : 1;
    }

    private static async Task<Samples> ReadAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT message_id, handled_at FROM inbox WHERE consumer LIKE '%user-registered%' ORDER BY message_id OFFSET @warm_up", connection);
        command.Parameters.AddWithValue("warm_up", WarmUp);
        await using var reader = await command.ExecuteReaderAsync();
        var samples = new Samples("outbox to consumer");
        while (await reader.ReadAsync())
        {
            var raisedAt = DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(reader.GetGuid(0).ToString("N")[..12], 16));
            samples.Add(reader.GetFieldValue<DateTimeOffset>(1) - raisedAt);
        }

        return samples;
    }
}
