using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityService.Tests;

public sealed class GuessingStrangersTests : IClassFixture<OwnHost>
{
    private const string Home = "198.51.100.7";
    private const string Stranger = "203.0.113.9";

    private readonly OwnHost _own;

    public GuessingStrangersTests(OwnHost own)
    {
        _own = own;
        _own.Time.Freeze();
    }

    [Fact]
    public async Task SignIn_WhileAStrangerGuesses_OwnerGetsInFromWhereTheyHaveBeen()
    {
        var person = new Person(_own.Http);
        await person.RegisterAsync();
        using var first = await FromAsync(Home, person, person.Password);
        await BlockAsync(person, Stranger);

        using var atHome = await FromAsync(Home, person, person.Password);
        using var elsewhere = await FromAsync("192.0.2.1", person, person.Password);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.OK, atHome.StatusCode);
        Assert.Equal("too_many_failures", await elsewhere.ProblemAsync(HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task SignIn_GuessesFromAKnownAddress_AreSlowedDownToo()
    {
        var person = new Person(_own.Http);
        await person.RegisterAsync();
        using var first = await FromAsync(Home, person, person.Password);
        await BlockAsync(person, Home);

        using var answer = await FromAsync(Home, person, person.Password);

        Assert.Equal("too_many_failures", await answer.ProblemAsync(HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task SignIn_WhileBlocked_IsRefusedBeforeAnyHashing()
    {
        var person = new Person(_own.Http);
        await person.RegisterAsync();
        await BlockAsync(person, Stranger);
        var (trace, work) = (ActivityTraceId.CreateRandom(), new ConcurrentQueue<string>());
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Platform.Identity",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == trace)
                {
                    work.Enqueue(activity.OperationName);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);

        using var blocked = await FromAsync(Stranger, person, person.Password, trace);
        Assert.Equal(HttpStatusCode.TooManyRequests, blocked.StatusCode);
        Assert.DoesNotContain("password hash", work);
        _own.Time.Advance(TimeSpan.FromHours(2));
        using var free = await FromAsync(Stranger, person, person.Password, trace);
        Assert.Equal(HttpStatusCode.OK, free.StatusCode);
        Assert.Contains("password hash", work);
    }

    [Fact]
    public async Task Count_WhileBlocked_NeitherCountsNorProlongs()
    {
        await using var scope = _own.Host.Services.CreateAsyncScope();
        var throttle = scope.ServiceProvider.GetRequiredService<SignInThrottle>();
        var key = $"test:{Guid.CreateVersion7()}";
        for (var failure = 0; failure < 5; failure++)
        {
            Assert.True(await throttle.CountFailureAsync(key, TestContext.Current.CancellationToken));
        }

        var before = await throttle.BlockedForAsync(key, TestContext.Current.CancellationToken);
        Assert.False(await throttle.CountFailureAsync(key, TestContext.Current.CancellationToken));

        Assert.NotNull(before);
        Assert.Equal(before, await throttle.BlockedForAsync(key, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task SignIn_RightPasswordWhileGuessesBlockTheName_IsRefused()
    {
        var person = new Person(_own.Http);
        await person.RegisterAsync();

        // The right password has been found right and waits for the look at the tenant, while others guess.
        var finished = await _own.Host.QueryAsync(async db =>
        {
            await using var held = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlAsync($"LOCK TABLE tenants IN ACCESS EXCLUSIVE MODE");
            var waiting = FromAsync(Stranger, person, person.Password);
            await Eventually.Async(
                async () => await _own.Host.QueryAsync(other => other.Database.SqlQuery<int>(
                    $"SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%tenants%'").AnyAsync()),
                IdentityApi.Deadline);
            for (var guess = 0; guess < 5; guess++)
            {
                using var wrong = await FromAsync(Stranger, person, "not the password at all");
                Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
            }

            await held.CommitAsync();
            return await waiting;
        });

        Assert.Equal("too_many_failures", await finished.ProblemAsync(HttpStatusCode.TooManyRequests));
        finished.Dispose();
    }

    // More than the free ones; the last ones are refused unread.
    private async Task BlockAsync(Person person, string address)
    {
        for (var guess = 0; guess < 12; guess++)
        {
            using var wrong = await FromAsync(address, person, "not the password at all");
            Assert.NotEqual(HttpStatusCode.OK, wrong.StatusCode);
            _own.Time.Advance(TimeSpan.FromSeconds(guess < 11 ? 200 : 0));
        }
    }

    private async Task<HttpResponseMessage> FromAsync(string address, Person person, string password, ActivityTraceId? trace = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/login")
        {
            Content = JsonContent.Create(new { username = person.UserName, password }),
        };
        request.Headers.Add("X-Forwarded-For", address);
        if (trace is { } id)
        {
            request.Headers.Add("traceparent", $"00-{id}-{ActivitySpanId.CreateRandom()}-01");
        }

        return await _own.Http.SendAsync(request);
    }
}
