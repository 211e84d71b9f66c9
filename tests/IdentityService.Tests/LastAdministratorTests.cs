using System.Net;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests;

public sealed class LastAdministratorTests(OwnHost own) : IClassFixture<OwnHost>
{
    [Fact]
    public async Task Remove_EachOtherSideBySide_OneIsLeft()
    {
        // The one from the first start would otherwise be left in any case.
        var (one, two) = (await own.Host.SignedInAsync(own.Http, Role.PlatformAdmin), await own.Host.SignedInAsync(own.Http, Role.PlatformAdmin));
        await own.Host.QueryAsync(db => db.Users.Where(row => row.UserName == "admin")
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, TimeProvider.System.GetUtcNow())));

        var answers = await Task.WhenAll(
            one.UsersAsync(own.Http, HttpMethod.Delete, $"/{two.Id}"),
            two.UsersAsync(own.Http, HttpMethod.Post, $"/{one.Id}/disable"));
        var left = answers[0].IsSuccessStatusCode ? one : two;
        using var roles = await left.SetRolesAsync(own.Http, left.Id, "*", "viewer");
        using var disabled = await left.UsersAsync(own.Http, HttpMethod.Post, $"/{left.Id}/disable");
        using var deleted = await left.UsersAsync(own.Http, HttpMethod.Delete, $"/{left.Id}");

        Assert.Single(answers, answer => answer.IsSuccessStatusCode);
        foreach (var answer in new[] { roles, disabled, deleted })
        {
            Assert.Equal("last_platform_administrator", await answer.ProblemAsync(HttpStatusCode.Conflict));
        }
    }
}
