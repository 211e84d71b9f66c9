using System.Net.Http.Json;
using Aspire.Hosting.Testing;
using Npgsql;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace Benchmarks;

/// <summary>
/// Whether the time of an answer tells that an account exists: sign-in with a wrong password and the wish for a reset mail,
/// for accounts that are there and for ones that aren't, and registration with an address that somebody has proved and with
/// one that nobody has, in turn. That a user name is taken is told, so it is not measured.
/// </summary>
internal static class EnumerationBenchmark
{
    private const int People = 60;

    // Fewer than there are free failures, and with the owner's own no more than an address may be named: nobody is refused.
    private const int Tries = 4;

    private const string Password = "a password to measure with 1";

    public static async Task<int> RunAsync()
    {
        await using var app = await TestApplication.Create<Projects.AppHost>(new TestApplicationOptions { Durable = true, Environment = RaisedLimits.With() }).BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync();
        using var identity = app.CreateHttpClient("identity");
        for (var person = 0; person < People; person++)
        {
            await RegisterAsync(identity, $"known{person:000}", $"known{person:000}@platform.test");
        }

        await ProveAddressesAsync((await app.GetConnectionStringAsync("identitydb"))!);
        var (known, unknown) = (new Samples("login, wrong password"), new Samples("login, unknown name"));
        var (mailed, ignored) = (new Samples("forgot-password, known address"), new Samples("forgot-password, unknown address"));
        await InTurnAsync(known, unknown, LogInAsync, person => person, identity);

        // After the sign-ins: a mail that is sent takes its part of the processors.
        await InTurnAsync(mailed, ignored, ForgotAsync, person => $"{person}@platform.test", identity);
        var (taken, free) = (new Samples("register, taken address"), new Samples("register, free address"));
        var accounts = 0;
        await InTurnAsync(
            taken, free, (http, address) => RegisterAsync(http, $"new{accounts++:0000}", address), person => $"{person}@platform.test", identity);
        foreach (var samples in new[] { known, unknown, mailed, ignored, taken, free })
        {
            Console.WriteLine(samples);
        }

        Console.WriteLine(FormattableString.Invariant(
            $"known / unknown, medians: {known.Median / unknown.Median:0.000} login, {mailed.Median / ignored.Median:0.000} forgot-password, {taken.Median / free.Median:0.000} register"));
        Console.WriteLine(FormattableString.Invariant(
            $"known / unknown, median of pairs: {known.MedianRatioTo(unknown):0.000} login, {mailed.MedianRatioTo(ignored):0.000} forgot-password, {taken.MedianRatioTo(free):0.000} register"));
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

    private static async Task RegisterAsync(HttpClient http, string name, string email)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/auth/register", new { username = name, email, password = Password });
        answer.EnsureSuccessStatusCode();
    }

    private static async Task ProveAddressesAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var prove = source.CreateCommand("UPDATE users SET email_confirmed = true");
        await prove.ExecuteNonQueryAsync();
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
