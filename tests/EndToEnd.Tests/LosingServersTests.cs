using System.Collections.Concurrent;
using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using EndToEnd.Tests.Support;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace EndToEnd.Tests;

/// <summary>
/// Servers are killed while people register. Each person's client notes what it was told; afterwards every accepted
/// registration must have had its effects exactly once, and no refused one more than once.
/// </summary>
public sealed class LosingServersTests : IAsyncLifetime
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);

    // A notification that its killed sender had claimed waits for the end of that claim (Delivery:Lease, 45 s).
    private static readonly TimeSpan Delivery = TimeSpan.FromSeconds(45) + Recovery;

    private readonly ConcurrentDictionary<string, Outcome> _people = new(StringComparer.Ordinal);
    private DistributedApplication _app = null!;

    private enum Outcome
    {
        Accepted,
        Refused,
        Unknown,
    }

    public async ValueTask InitializeAsync() =>
        _app = await RunningPlatform.StartAsync(new TestApplicationOptions { Durable = true });

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task Register_WhileServersAndServicesAreKilledInTurn_EveryAcceptedOneIsWelcomedOnce()
    {
        using var enough = new CancellationTokenSource();
        var registering = Task.WhenAll(RegisterUntilAsync(enough.Token), RegisterUntilAsync(enough.Token));
        foreach (var server in (string[])["messaging", "redis", "postgres", "notification", "identity"])
        {
            await AcceptedAsync(10);
            await _app.KillAsync(server);
            await _app.WaitHealthyAsync(server);
            await AcceptedAsync(10);
        }

        await enough.CancelAsync();
        await registering;

        var accepted = _people.Where(person => person.Value == Outcome.Accepted).Select(person => person.Key).ToList();
        using var administrator = await RunningPlatform.AdministratorAsync(_app);
        await Eventually.Async(() => EveryAcceptedOneIsWelcomedAsync(accepted, administrator), Delivery);
        Assert.All(_people.Keys, email => Assert.InRange(MailsTo(email), 0, 1));
        await EveryAcceptedOneIsAuditedOnceAsync(accepted, administrator);
    }

    [Fact]
    public async Task Readiness_DatabaseAway_SaysSoAndRecovers()
    {
        using var management = _app.CreateHttpClient("identity", "management");
        await BecomesAsync(management, "/ready", "ready");

        await _app.KillAsync("postgres", holdDown: true);
        await BecomesAsync(management, "/ready", "waiting");
        using (var alive = await management.GetAsync("/live"))
        {
            Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        }

        await _app.StartResourceAsync("postgres");
        await BecomesAsync(management, "/ready", "ready");
    }

    /// <summary>People still sign in without them, so the service stays ready, and says what it lacks.</summary>
    [Theory]
    [InlineData("messaging")]
    [InlineData("redis")]
    public async Task Health_ServerAwayThatCanBeDoneWithout_IsDegradedAndRecovers(string server)
    {
        using var management = _app.CreateHttpClient("identity", "management");
        await BecomesAsync(management, "/health", "healthy");

        await _app.KillAsync(server, holdDown: true);
        await BecomesAsync(management, "/health", "degraded");
        await BecomesAsync(management, "/ready", "ready");
        using (var visitor = new PlatformClient(_app.CreateHttpClient("gateway")))
        {
            await visitor.RegisterAsync();
        }

        await _app.StartResourceAsync(server);
        await BecomesAsync(management, "/health", "healthy");
    }

    private static Task BecomesAsync(HttpClient management, string path, string status) => Eventually.Async(
        async () =>
        {
            using var answer = await management.GetAsync(path);
            Assert.Equal(status, (await PlatformClient.ReadAsync(answer)).GetProperty("status").GetString());
            Assert.Equal(status is "waiting" ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, answer.StatusCode);
        },
        Recovery);

    private async Task RegisterUntilAsync(CancellationToken enough)
    {
        using var visitor = new PlatformClient(_app.CreateHttpClient("gateway"));
        visitor.Http.Timeout = TimeSpan.FromSeconds(10);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!enough.IsCancellationRequested && await pace.WaitForNextTickAsync(CancellationToken.None))
        {
            var name = $"person{Guid.CreateVersion7():N}";
            var email = $"{name}@platform.test";
            try
            {
                using var answer = await visitor.RegisterAsync(name, email, PlatformClient.NewPassword);
                _people[email] = answer.StatusCode switch
                {
                    HttpStatusCode.Created => Outcome.Accepted,
                    >= HttpStatusCode.InternalServerError => Outcome.Unknown,
                    _ => Outcome.Refused,
                };
                Assert.True(
                    answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout,
                    $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            }
            catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
            {
                _people[email] = Outcome.Unknown;
            }
        }
    }

    private async Task AcceptedAsync(int more)
    {
        var target = _people.Count(person => person.Value == Outcome.Accepted) + more;
        await Eventually.Async(
            () => _people.Count(person => person.Value == Outcome.Accepted) >= target, Recovery, "registrations were not accepted again");
    }

    /// <summary>Fails with what the queue says of the first who was not.</summary>
    private async Task EveryAcceptedOneIsWelcomedAsync(List<string> accepted, PlatformClient administrator)
    {
        if (accepted.Find(email => MailsTo(email) == 0) is { } missing)
        {
            var queued = await administrator.GetAsync($"/api/v1/notifications/queue?recipient={missing}");
            Assert.Fail($"{missing} has no welcome mail; in the queue: {queued.GetRawText()}");
        }
    }

    private static async Task EveryAcceptedOneIsAuditedOnceAsync(List<string> accepted, PlatformClient administrator)
    {
        await Eventually.Async(
            async () =>
            {
                var registered = await AuditedRegistrationsAsync(administrator);
                Assert.Equal(registered.Count, registered.Distinct(StringComparer.Ordinal).Count());
                return registered.Count >= accepted.Count;
            },
            Recovery,
            "an accepted registration is not in the audit log");
    }

    private static async Task<List<string>> AuditedRegistrationsAsync(PlatformClient administrator)
    {
        List<string> people = [];
        for (string? cursor = null; ;)
        {
            var page = await administrator.GetAsync(
                $"/api/v1/audit/logs?action=user.registered&limit=1000{(cursor is null ? "" : $"&cursor={cursor}")}");
            people.AddRange(page.GetProperty("items").EnumerateArray().Select(record => record.GetProperty("resource").GetProperty("id").GetString()!));
            cursor = page.GetProperty("nextCursor").GetString();
            if (cursor is null)
            {
                return people;
            }
        }
    }

    // A mail server that took a mail may be told again after a crash; the Message-ID shows that it is the same one.
    private int MailsTo(string email) => _app.Mailbox().Mails
        .Where(mail => mail.To.Contains(email, StringComparer.OrdinalIgnoreCase) && mail.Subject.StartsWith("Welcome", StringComparison.Ordinal))
        .Select(mail => mail.Raw.Split('\n').First(line => line.StartsWith("Message-ID:", StringComparison.OrdinalIgnoreCase)).Trim())
        .Distinct(StringComparer.Ordinal)
        .Count();
}
