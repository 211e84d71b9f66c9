using System.Net.Http.Json;
using Aspire.Hosting.Testing;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace Benchmarks;

/// <summary>
/// Whether the time of an answer tells that an account exists: sign-in with a wrong password and the wish for a reset mail,
/// for accounts that are there and for ones that aren't, in turn.
/// </summary>
internal static class EnumerationBenchmark
{
    private const int People = 60;

    // Fewer than there are free failures: nobody is blocked.
    private const int Tries = 4;

    public static async Task<int> RunAsync()
    {
        await using var app = await TestApplication.Create<Projects.AppHost>(new TestApplicationOptions { Durable = true, Environment = RaisedLimits.With() }).BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync();
        using var identity = app.CreateHttpClient("identity");
        for (var person = 0; person < People; person++)
        {
            var account = new { username = $"known{person:000}", email = $"known{person:000}@platform.test", password = "a password to measure with 1" };
            (await identity.PostAsJsonAsync("/api/v1/auth/register", account)).EnsureSuccessStatusCode();
        }

        var (known, unknown) = (new Samples("login, wrong password"), new Samples("login, unknown name"));
        var (mailed, ignored) = (new Samples("forgot-password, known address"), new Samples("forgot-password, unknown address"));
        await InTurnAsync(known, unknown, LogInAsync, person => person, identity);

        // After the sign-ins: a mail that is sent takes its part of the processors.
        await InTurnAsync(mailed, ignored, ForgotAsync, person => $"{person}@platform.test", identity);
        foreach (var samples in new[] { known, unknown, mailed, ignored })
        {
            Console.WriteLine(samples);
        }

        Console.WriteLine(FormattableString.Invariant(
            $"known / unknown, medians: {known.Median / unknown.Median:0.000} login, {mailed.Median / ignored.Median:0.000} forgot-password"));
        Console.WriteLine(FormattableString.Invariant(
            $"known / unknown, median of pairs: {known.MedianRatioTo(unknown):0.000} login, {mailed.MedianRatioTo(ignored):0.000} forgot-password"));
        return 0;
    }

    // Who is first changes, so that what one leaves behind meets both alike.
    private static async Task InTurnAsync(Samples known, Samples unknown, Func<HttpClient, string, Task> ask, Func<string, string> name, HttpClient http)
    {
        for (var run = 0; run < Tries * People; run++)
        {
            var person = $"{run % People:000}";
            var (first, second) = run % 2 == 0 ? ((known, "known"), (unknown, "other")) : ((unknown, "other"), (known, "known"));
            await first.Item1.TimeAsync(() => ask(http, name(first.Item2 + person)));
            await second.Item1.TimeAsync(() => ask(http, name(second.Item2 + person)));
        }
    }

    private static Task LogInAsync(HttpClient http, string name) =>
        PostAsync(http, "login", new { username = name, password = "not the password at all" });

    private static Task ForgotAsync(HttpClient http, string email) => PostAsync(http, "forgot-password", new { email });

    private static async Task PostAsync(HttpClient http, string route, object body)
    {
        using var answer = await http.PostAsJsonAsync($"/api/v1/auth/{route}", body);
        await answer.Content.ReadAsByteArrayAsync();
    }
}
