using System.Net.Http.Json;
using Aspire.Hosting.Testing;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace Benchmarks;

/// <summary>A login beside the password hash that it cannot do without, one at a time.</summary>
internal static class LoginBenchmark
{
    private const int Iterations = 210_000;
    private const int Runs = 150;
    private const string Password = "a password to measure with 1";

    public static async Task<int> RunAsync()
    {
        await using var app = await TestApplication.Create<Projects.AppHost>(new TestApplicationOptions { Durable = true, Environment = RaisedLimits.With() }).BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync();
        using var identity = app.CreateHttpClient("identity");
        using var gateway = app.CreateHttpClient("gateway");
        var person = new { username = "benchmark", email = "benchmark@platform.test", password = Password };
        (await identity.PostAsJsonAsync("/api/v1/auth/register", person)).EnsureSuccessStatusCode();

        var hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
        var hash = hasher.HashPassword(person, Password);
        var (alone, atService, atGateway) = (new Samples("password hash alone"), new Samples("login at the identity service"), new Samples("login through the gateway"));
        for (var run = -10; run < Runs; run++)
        {
            // In turn, so that a change of the machine's speed meets all three alike.
            var warm = run >= 0;
            await MeasureAsync(alone, warm, () =>
            {
                hasher.VerifyHashedPassword(person, hash, Password);
                return Task.CompletedTask;
            });
            await MeasureAsync(atService, warm, () => LogInAsync(identity));
            await MeasureAsync(atGateway, warm, () => LogInAsync(gateway));
        }

        Console.WriteLine(alone);
        Console.WriteLine(atService);
        Console.WriteLine(atGateway);
        Console.WriteLine(FormattableString.Invariant(
            $"login / hash: {atService.Median / alone.Median:0.00} at the service, {atGateway.Median / alone.Median:0.00} through the gateway"));
        return 0;
    }

    private static Task MeasureAsync(Samples samples, bool counts, Func<Task> operation) =>
        counts ? samples.TimeAsync(operation) : operation();

    private static async Task LogInAsync(HttpClient http)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/auth/login", new { username = "benchmark", password = Password });
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync();
    }
}
