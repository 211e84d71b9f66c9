using System.Net;
using IdentityService.Sessions;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class RefreshingTests(IdentityApi api, OwnHost own) : IClassFixture<OwnHost>
{
    [Fact]
    public async Task Refresh_GoodToken_GivesNewTokensOfTheSameSession()
    {
        var person = await api.SignedInAsync();
        var (access, refresh, session) = (person.AccessToken, person.RefreshToken, person.SessionId);

        await person.RefreshAsync();

        Assert.NotEqual(access, person.AccessToken);
        Assert.NotEqual(refresh, person.RefreshToken);
        Assert.Equal(session, person.SessionId);
        await (await person.TryMeAsync()).BodyAsync(HttpStatusCode.OK);
        await api.Events.AuditAsync("token.refreshed", session.ToString());
    }

    [Fact]
    public async Task Refresh_Always_StoresOnlyHashes()
    {
        var person = await api.SignedInAsync();
        await person.RefreshAsync();

        Assert.True(RefreshTokenFormat.TryRead(person.RefreshToken, out var token));
        var rows = await RowsAsync(person);
        Assert.Equal(2, rows.Count);
        Assert.Contains(rows, row => row.Hash.SequenceEqual(RefreshTokenFormat.Hash(token)));
        Assert.DoesNotContain(rows, row => row.Hash.SequenceEqual(token));
    }

    [Fact]
    public async Task Refresh_FiftyTimesAtOnce_GivesOneSuccessorToAll()
    {
        var person = await api.SignedInAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => person.TryRefreshAsync()));

        var bodies = await Task.WhenAll(answers.Select(answer => answer.BodyAsync(HttpStatusCode.OK)));
        var successor = Assert.Single(bodies.Select(body => body.Text("refresh_token")).Distinct());
        var rows = await RowsAsync(person);
        Assert.Equal(2, rows.Count);
        Assert.Single(rows, row => row.UsedAt is null);
        await (await person.TryRefreshAsync(successor)).BodyAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Refresh_UsedTokenWithinTheGrace_GivesTheSameSuccessor()
    {
        own.Time.Freeze();
        var person = await own.SignedInAsync();
        var first = person.RefreshToken;
        await person.RefreshAsync();

        own.Time.Advance(TimeSpan.FromSeconds(20));
        var again = await (await person.TryRefreshAsync(first)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal(person.RefreshToken, again.Text("refresh_token"));
    }

    [Fact]
    public async Task Refresh_UsedTokenAfterTheGrace_EndsTheSessionAndRaisesAnAlarm()
    {
        var person = await own.SignedInAsync();
        var (stolen, session) = (person.RefreshToken, person.SessionId.ToString());
        await person.RefreshAsync();

        own.Time.Advance(TimeSpan.FromSeconds(31));
        using var reused = await person.TryRefreshAsync(stolen);
        using var owner = await person.TryRefreshAsync();

        Assert.Equal("invalid_refresh_token", await reused.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("invalid_refresh_token", await owner.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryMeAsync()).StatusCode);
        var alarm = await own.Events.AuditAsync("token.reuse_detected", session, AuditResult.Denied);
        Assert.Equal(AuditSeverity.Critical, alarm.Severity);
        var revoked = await own.Events.OneAsync<RevocationIssued>(one => one.Value == session);
        Assert.Equal(RevocationKind.Session, revoked.Kind);
    }

    [Fact]
    public async Task Refresh_UsedTokenWhoseSuccessorWasUsed_EndsTheSession()
    {
        var person = await api.SignedInAsync();
        var stolen = person.RefreshToken;
        await person.RefreshAsync();
        await person.RefreshAsync();

        using var reused = await person.TryRefreshAsync(stolen);
        using var owner = await person.TryRefreshAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, reused.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, owner.StatusCode);
    }

    [Fact]
    public async Task Refresh_AfterSevenDaysOrThirtyInAll_IsRefused()
    {
        var idle = await own.SignedInAsync();
        var busy = await own.SignedInAsync();
        for (var day = 4; day <= 28; day += 4)
        {
            own.Time.Advance(TimeSpan.FromDays(4));
            await busy.RefreshAsync();
            if (day == 8)
            {
                Assert.Equal(HttpStatusCode.Unauthorized, (await idle.TryRefreshAsync()).StatusCode);
            }
        }

        own.Time.Advance(TimeSpan.FromDays(2) + TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.Unauthorized, (await busy.TryRefreshAsync()).StatusCode);
    }

    [Fact]
    public async Task Refresh_WhileTheSessionEnds_WaitsAndIsRefused()
    {
        var person = await api.SignedInAsync();

        using var answer = await api.Host.QueryAsync(async db =>
        {
            await using var ending = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlAsync($"UPDATE sessions SET revoked_at = now() WHERE id = {person.SessionId}");
            var waiting = person.TryRefreshAsync();
            await Eventually.Async(
                async () => waiting.IsCompleted || await api.Host.QueryAsync(other => other.Database.SqlQuery<int>(
                    $"SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM refresh_tokens%'").AnyAsync()),
                IdentityApi.Deadline);
            await ending.CommitAsync();
            return await waiting;
        });

        Assert.Equal("invalid_refresh_token", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Refresh_OfADisabledAccount_IsRefused()
    {
        var person = await api.SignedInAsync();
        await api.Host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, TimeProvider.System.GetUtcNow())));

        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync()).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryMeAsync()).StatusCode);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB")]
    [InlineData("AAAA\0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("\u00C4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    public async Task Refresh_UnknownToken_IsRefused(string token)
    {
        using var answer = await api.NewPerson().TryRefreshAsync(token);

        Assert.Equal("invalid_refresh_token", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Refresh_OversizedToken_IsRefused()
    {
        using var large = await api.NewPerson().TryRefreshAsync(new string('A', 20_000));
        using var huge = await api.NewPerson().TryRefreshAsync(new string('A', 200_000));

        Assert.Equal(HttpStatusCode.Unauthorized, large.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, huge.StatusCode);
    }

    [Fact]
    public async Task Refresh_MissingToken_IsNamed()
    {
        using var answer = await api.NewPerson().SendAsync(HttpMethod.Post, "refresh", "{}");

        Assert.Equal(["refresh_token"], await answer.FaultsAsync());
    }

    private Task<List<RefreshToken>> RowsAsync(Person person)
    {
        var session = person.SessionId;
        return api.Host.QueryAsync(db => db.RefreshTokens.Where(row => row.SessionId == session).ToListAsync());
    }
}
