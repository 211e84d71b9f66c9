using System.Net;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests;

public sealed class AdministratorsRightsTests(OwnHost own) : IClassFixture<OwnHost>
{
    private static readonly string[] Changes = ["disable", "enable", "reset-password", "unlock"];

    [Fact]
    public async Task Act_OnAnotherTenantsUser_IsNotFound()
    {
        var (admin, person) = (await own.Host.SignedInAsync(own.Http, Role.Admin), await own.SignedInAsync());
        await MoveAsync(person);

        using var shown = await admin.UsersAsync(own.Http, HttpMethod.Get, $"/{person.Id}");
        using var roles = await admin.SetRolesAsync(own.Http, person.Id, "*", "viewer");
        using var deleted = await admin.UsersAsync(own.Http, HttpMethod.Delete, $"/{person.Id}");
        using var listed = await admin.UsersAsync(own.Http, HttpMethod.Get, $"?search={person.UserName}");

        foreach (var answer in new[] { shown, roles, deleted })
        {
            Assert.Equal("not_found", await answer.ProblemAsync(HttpStatusCode.NotFound));
        }

        foreach (var change in Changes)
        {
            using var answer = await admin.UsersAsync(own.Http, HttpMethod.Post, $"/{person.Id}/{change}");
            Assert.Equal("not_found", await answer.ProblemAsync(HttpStatusCode.NotFound));
        }

        Assert.Empty((await listed.BodyAsync(HttpStatusCode.OK)).GetProperty("items").EnumerateArray());
        var platform = await PlatformAsync();
        Assert.Equal(person.UserName, (await platform.ShowUserAsync(own.Http, person.Id)).Text("username"));
    }

    [Fact]
    public async Task Act_OnSomebodyAbove_IsForbidden()
    {
        var (admin, platform) = (await own.Host.SignedInAsync(own.Http, Role.Admin), await PlatformAsync());
        using var roles = await admin.SetRolesAsync(own.Http, platform.Id, "*", "viewer");
        using var deleted = await admin.UsersAsync(own.Http, HttpMethod.Delete, $"/{platform.Id}");

        foreach (var answer in new[] { roles, deleted })
        {
            Assert.Equal("account_above_yours", await answer.ProblemAsync(HttpStatusCode.Forbidden));
        }

        foreach (var change in Changes)
        {
            using var answer = await admin.UsersAsync(own.Http, HttpMethod.Post, $"/{platform.Id}/{change}");
            Assert.Equal("account_above_yours", await answer.ProblemAsync(HttpStatusCode.Forbidden));
        }
    }

    [Fact]
    public async Task Give_MoreThanOneHas_IsForbidden()
    {
        var (admin, person) = (await own.Host.SignedInAsync(own.Http, Role.Admin), await own.SignedInAsync());
        using var other = await admin.SetRolesAsync(own.Http, person.Id, "*", "platform-admin");
        using var self = await admin.SetRolesAsync(own.Http, admin.Id, "*", "admin", "platform-admin");
        using var made = await admin.UsersAsync(
            own.Http, HttpMethod.Post, "", new { username = "somebody-new", email = "new@platform.test", roles = new[] { "platform-admin" } });
        using var elsewhere = await admin.UsersAsync(
            own.Http, HttpMethod.Post, "", new { username = "somebody-new", email = "new@platform.test", tenantId = await TenantAsync() });

        foreach (var answer in new[] { other, self, made })
        {
            Assert.Equal("role_above_yours", await answer.ProblemAsync(HttpStatusCode.Forbidden));
        }

        Assert.Equal(["tenantId"], await elsewhere.FaultsAsync());
    }

    [Fact]
    public async Task Administer_WithoutTheScope_IsForbidden()
    {
        var viewer = await own.Host.SignedInAsync(own.Http, Role.Operator);
        using var answer = await viewer.UsersAsync(own.Http, HttpMethod.Get, "");
        Assert.Equal("insufficient_scope", await answer.ProblemAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task List_Users_ByNameAddressRoleAndState()
    {
        var (admin, one, two) = (await own.Host.SignedInAsync(own.Http, Role.Admin), await own.SignedInAsync(), await own.Host.SignedInAsync(own.Http, Role.Operator));
        await admin.ChangeUserAsync(own.Http, one.Id, "disable");

        Assert.Equal([one.Id], await IdsAsync(admin, $"?search={one.UserName[..^1]}"));
        Assert.Equal([two.Id], await IdsAsync(admin, $"?search={two.Email.ToUpperInvariant()}"));
        Assert.Empty(await IdsAsync(admin, $"?search={two.UserName[1..]}"));
        Assert.Empty(await IdsAsync(admin, "?search=%25")); // a sign of LIKE is text like any other
        Assert.Contains(two.Id, await IdsAsync(admin, "?role=operator"));
        Assert.DoesNotContain(one.Id, await IdsAsync(admin, "?role=operator"));
        Assert.Contains(one.Id, await IdsAsync(admin, "?state=disabled"));
        Assert.DoesNotContain(two.Id, await IdsAsync(admin, "?state=disabled"));
        Assert.Contains(two.Id, await IdsAsync(admin, "?state=active"));
        Assert.Contains(two.Id, await IdsAsync(admin, "?state=unverified"));
        Assert.Empty(await IdsAsync(admin, $"?tenantId={Guid.CreateVersion7()}"));
        using var faulty = await admin.UsersAsync(own.Http, HttpMethod.Get, "?role=root&state=odd&cursor=x&limit=0");
        Assert.Equal(["cursor", "limit", "role", "state"], (await faulty.FaultsAsync()).Select(field => field.ToLowerInvariant()));
    }

    [Fact]
    public async Task List_PageAfterPage_ShowsEachOnceNewestFirst()
    {
        var admin = await own.Host.SignedInAsync(own.Http, Role.Admin);
        for (var made = 0; made < 5; made++)
        {
            await own.SignedInAsync();
        }

        List<Guid> seen = [];
        for (var cursor = ""; cursor is not null;)
        {
            using var answer = await admin.UsersAsync(own.Http, HttpMethod.Get, $"?limit=2{cursor}");
            var page = await answer.BodyAsync(HttpStatusCode.OK);
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid()));
            cursor = page.GetProperty("nextCursor").GetString() is { } next ? $"&cursor={next}" : null;
        }

        Assert.Equal(seen.Distinct(), seen);
        Assert.Equal(await own.Host.QueryAsync(db => db.Users.CountAsync(row => row.TenantId == ServiceDefaults.Contracts.Tenants.Default)), seen.Count);
        Assert.Equal(seen.OrderByDescending(id => id.ToString(), StringComparer.Ordinal), seen); // UUIDv7 grows with time
    }

    private async Task<Guid[]> IdsAsync(Person admin, string query)
    {
        using var answer = await admin.UsersAsync(own.Http, HttpMethod.Get, query + "&limit=1000");
        return [.. (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("items").EnumerateArray().Select(Id)];
    }

    private static Guid Id(JsonElement item) => item.GetProperty("id").GetGuid();

    private async Task<Person> PlatformAsync() => await own.Host.SignedInAsync(own.Http, Role.PlatformAdmin);

    private Task<Guid> TenantAsync() => own.Host.QueryAsync(async db =>
    {
        var id = Guid.CreateVersion7();
        db.Tenants.Add(new Tenant { Id = id, Name = id.ToString("N") });
        await db.SaveChangesAsync();
        return id;
    });

    private async Task MoveAsync(Person person)
    {
        var tenant = await TenantAsync();
        await own.Host.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE users SET tenant_id = {tenant} WHERE id = {person.Id}"));
    }
}
