using System.Net;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests.Attacks;

public sealed class RacingRefreshesTests(IdentityApi api)
{
    [Fact]
    public async Task Refresh_AHundredTimesAtTwoReplicas_NeverLeavesTwoLiveSuccessors()
    {
        var backing = await api.NewBackingAsync();
        await using var one = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        await using var two = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        using HttpClient atOne = one.CreateClient(), atTwo = two.CreateClient();
        var person = new Person(atOne);
        await person.RegisterAsync();
        await person.LogInAsync();
        var (presented, session) = (person.RefreshToken, person.SessionId);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(at => new Person(at % 2 == 0 ? atOne : atTwo).TryRefreshAsync(presented)));

        var bodies = await Task.WhenAll(answers.Where(answer => answer.IsSuccessStatusCode).Select(answer => answer.BodyAsync(HttpStatusCode.OK)));
        var given = bodies.Select(body => body.Text("refresh_token")).Distinct().ToList();
        var (unused, ended) = await one.QueryAsync(async db => (
            await db.RefreshTokens.CountAsync(row => row.SessionId == session && row.UsedAt == null),
            await db.Sessions.AnyAsync(row => row.Id == session && row.RevokedAt != null)));
        Assert.InRange(given.Count, ended ? 0 : 1, 1);
        Assert.InRange(unused, ended ? 0 : 1, 1);
        Assert.All(answers.Where(answer => !answer.IsSuccessStatusCode), answer => Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode));
        if (!ended)
        {
            using var next = await person.TryRefreshAsync(given[0]);
            Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        }
    }
}
