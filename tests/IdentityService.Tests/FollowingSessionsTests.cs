using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

/// <summary>What using and ending sessions does beside the answer.</summary>
public sealed class FollowingSessionsTests(OwnHost own) : IClassFixture<OwnHost>
{
    // One that has not applied it is waited for a second; without waiting it takes some milliseconds.
    private static readonly TimeSpan Waited = TimeSpan.FromSeconds(0.9);

    [Fact]
    public async Task End_InWhicheverWay_WaitsForEveryGateway()
    {
        await using var gateway = await FakeGateway.ConnectAsync(own.Backing.Redis);
        using var stop = new CancellationTokenSource();
        var reporting = StayBehindAsync(gateway, stop.Token);

        await Task.WhenAll(
            MustWaitAsync(HttpMethod.Delete, person => $"/{person.SessionId}"),
            MustWaitAsync(HttpMethod.Post, _ => "/revoke-others"),
            MustWaitAsync(HttpMethod.Delete, _ => ""));

        await stop.CancelAsync();
        await reporting;
        await gateway.Database.KeyDeleteAsync(RevocationStream.ReceiptsKey);
    }

    [Fact]
    public async Task Use_Session_IsNotedOnceAMinuteAlsoSideBySide()
    {
        var person = await own.SignedInAsync();
        await own.Host.QueryAsync(db => db.Database.ExecuteSqlRawAsync(
            """
            CREATE TABLE seen (id uuid NOT NULL);
            CREATE FUNCTION note_seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NEW; END';
            CREATE TRIGGER seen AFTER UPDATE ON sessions FOR EACH ROW
                WHEN (OLD.last_seen_at <> NEW.last_seen_at) EXECUTE FUNCTION note_seen();
            """));
        await person.TryMeAsync();
        await person.RefreshAsync();
        Assert.Equal(0, await WritesAsync(person));

        own.Time.Advance(TimeSpan.FromMinutes(1));
        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => person.TryMeAsync()));
        await person.RefreshAsync();
        Assert.Equal(1, await WritesAsync(person));

        own.Time.Advance(TimeSpan.FromMinutes(1));
        var token = person.RefreshToken;
        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => person.TryRefreshAsync(token)));
        await person.TryMeAsync();
        Assert.Equal(2, await WritesAsync(person));
    }

    private async Task StayBehindAsync(FakeGateway gateway, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await gateway.ReceiptAsync(0, TimeProvider.System.GetUtcNow() - own.Time.GetUtcNow());
        }
    }

    // Again while the machine is so busy that the gateway's last word is an old one, and it is given up.
    private Task MustWaitAsync(HttpMethod method, Func<Person, string> path) => Eventually.Async(
        async () =>
        {
            var person = await own.SignedInAsync();
            await person.LogInAsync();
            var began = TimeProvider.System.GetTimestamp();
            using var answer = await IdentityApi.SendAsync(own.Http, method, $"/api/v1/auth/sessions{path(person)}", person.AccessToken);
            answer.EnsureSuccessStatusCode();
            return TimeProvider.System.GetElapsedTime(began) >= Waited;
        },
        IdentityApi.Deadline,
        "it was not waited for");

    private Task<int> WritesAsync(Person person) => own.Host.QueryAsync(db =>
        db.Database.SqlQuery<int>($"""SELECT count(*)::int AS "Value" FROM seen WHERE id = {person.SessionId}""").SingleAsync());
}
