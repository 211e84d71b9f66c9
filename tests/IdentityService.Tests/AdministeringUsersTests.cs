using System.Net;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class AdministeringUsersTests(IdentityApi api)
{
    [Fact]
    public async Task Create_User_InvitesByMailAndTheLinkSetsThePassword()
    {
        var (admin, person) = (await api.SignedInAsync(Role.Admin), api.NewPerson());
        using var answer = await admin.UsersAsync(
            api.Http, HttpMethod.Post, "", new { username = person.UserName, email = person.Email, displayName = "Ada", roles = new[] { "viewer" } });
        var user = await answer.BodyAsync(HttpStatusCode.Created);
        var id = user.GetProperty("id").GetGuid();
        using var before = await person.TryLogInAsync();
        var first = await api.Events.TokenAsync(id, AccountLinkKind.Invitation);
        await admin.ChangeUserAsync(api.Http, id, "reset-password"); // invites again
        var token = await api.Events.TokenAsync(id, AccountLinkKind.Invitation, count: 2);
        using var dead = await person.SendAsync(HttpMethod.Post, "reset-password", new { token = first, newPassword = person.Password });

        using var set = await person.SendAsync(HttpMethod.Post, "reset-password", new { token, newPassword = person.Password });

        Assert.Equal("invalid_credentials", await before.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("invalid_link", await dead.ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        await person.LogInAsync();
        Assert.Contains("devices:read", Jwt.Claims(person.AccessToken).Text("scope"), StringComparison.Ordinal);
        var shown = await admin.ShowUserAsync(api.Http, id);
        Assert.Equal("Ada", shown.Text("displayName"));
        Assert.True(shown.GetProperty("emailVerified").GetBoolean());
        Assert.Equal(Tenants.Default, shown.GetProperty("tenantId").GetGuid());
        Assert.Equal($"/api/v1/admin/users/{id}", answer.Headers.Location!.OriginalString);
        var record = await api.Events.AuditAsync("user.created", id.ToString());
        Assert.Equal(admin.Id.ToString(), record.Envelope.Actor.Id);
    }

    [Fact]
    public async Task Create_NameOrAddressOfAnother_IsAConflict()
    {
        var (admin, other) = (await api.SignedInAsync(Role.Admin), await api.SignedInAsync());
        using var answer = await admin.UsersAsync(api.Http, HttpMethod.Post, "", new { username = other.UserName.ToUpperInvariant(), email = other.Email });
        using var faulty = await admin.UsersAsync(
            api.Http, HttpMethod.Post, "", new { username = "x", email = "none", displayName = "a\u0000", roles = new[] { "root" }, tenantId = Guid.CreateVersion7() });

        Assert.Equal("user_name_taken", await answer.ProblemAsync(HttpStatusCode.Conflict));
        Assert.Equal(["displayName", "email", "roles", "username"], await faulty.FaultsAsync());
    }

    [Fact]
    public async Task SetRoles_TakingOneAway_EndsTheSessionsAtOnce()
    {
        var (admin, person) = (await api.SignedInAsync(Role.Admin), await api.SignedInAsync(Role.Operator));
        using var shown = await admin.UsersAsync(api.Http, HttpMethod.Get, $"/{person.Id}");
        var version = shown.Headers.ETag!.ToString();

        using var given = await admin.SetRolesAsync(api.Http, person.Id, version, "operator", "viewer");
        using var stale = await admin.SetRolesAsync(api.Http, person.Id, version, "viewer");
        await person.RefreshAsync(); // what was only given does not end anything
        using var taken = await admin.SetRolesAsync(api.Http, person.Id, given.Headers.ETag!.ToString(), "viewer");

        Assert.Equal("precondition_failed", await stale.ProblemAsync(HttpStatusCode.PreconditionFailed));
        Assert.Equal("viewer", Assert.Single((await taken.BodyAsync(HttpStatusCode.OK)).GetProperty("roles").EnumerateArray()).GetString());
        await AssertEndedAsync(person);
        await person.LogInAsync();
        Assert.DoesNotContain("devices:write", Jwt.Claims(person.AccessToken).Text("scope"), StringComparison.Ordinal);
        await api.Events.OneAsync<AuditRecorded>(record => record.Action == "user.roles_changed" && record.ResourceId == person.Id.ToString()
            && record.After!.Value.GetProperty("roles").GetArrayLength() == 1);
    }

    [Fact]
    public async Task SetRoles_WithoutVersion_IsRefused()
    {
        var (admin, person) = (await api.SignedInAsync(Role.Admin), await api.SignedInAsync());
        using var answer = await admin.SetRolesAsync(api.Http, person.Id, version: null, "viewer");
        Assert.Equal("precondition_required", await answer.ProblemAsync(HttpStatusCode.PreconditionRequired));
    }

    [Fact]
    public async Task Disable_User_KeepsOutUntilEnabled()
    {
        var (admin, person) = (await api.SignedInAsync(Role.Admin), await api.SignedInAsync());

        var disabled = await admin.ChangeUserAsync(api.Http, person.Id, "disable");
        await admin.ChangeUserAsync(api.Http, person.Id, "disable");
        await AssertEndedAsync(person);
        using var refused = await person.TryLogInAsync();
        var enabled = await admin.ChangeUserAsync(api.Http, person.Id, "enable");

        Assert.Equal("disabled", disabled.Text("state"));
        Assert.Equal("invalid_credentials", await refused.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("active", enabled.Text("state"));
        await person.LogInAsync();
        await api.Events.AuditAsync("user.disabled", person.Id.ToString());
        await api.Events.AuditAsync("user.enabled", person.Id.ToString());
        await api.Events.OneAsync<UserDisabled>(told => told.UserId == person.Id);
        await api.Events.OneAsync<UserEnabled>(told => told.UserId == person.Id);
    }

    [Fact]
    public async Task Delete_User_ErasesThePersonAndKeepsTheNameFromOthers()
    {
        var (admin, person) = (await api.SignedInAsync(Role.Admin), await api.SignedInAsync());

        using var deleted = await admin.UsersAsync(api.Http, HttpMethod.Delete, $"/{person.Id}");
        using var gone = await admin.UsersAsync(api.Http, HttpMethod.Get, $"/{person.Id}");
        using var again = await admin.UsersAsync(api.Http, HttpMethod.Delete, $"/{person.Id}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal("not_found", await gone.ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal("not_found", await again.ProblemAsync(HttpStatusCode.NotFound));
        await AssertEndedAsync(person);
        using var refused = await person.TryLogInAsync();
        Assert.Equal("invalid_credentials", await refused.ProblemAsync(HttpStatusCode.Unauthorized));
        using var sameName = await api.NewPerson().TryRegisterAsync(userName: person.UserName.ToUpperInvariant());
        Assert.Equal("user_name_taken", await sameName.ProblemAsync(HttpStatusCode.Conflict));
        using var sameAddress = await api.NewPerson().TryRegisterAsync(email: person.Email);
        Assert.Equal(HttpStatusCode.Created, sameAddress.StatusCode);
        Assert.False(await IsAnywhereAsync(person, person.Id), "the person is still in the database");
        await api.Events.OneAsync<UserDeleted>(told => told.UserId == person.Id);
        await api.Events.AuditAsync("user.deleted", person.Id.ToString());
    }

    [Fact]
    public async Task ForceReset_User_OnlyTheMailedLinkLetsInAgain()
    {
        var (admin, person) = (await api.SignedInAsync(Role.Admin), await api.SignedInAsync());

        var changed = await admin.ChangeUserAsync(api.Http, person.Id, "reset-password");
        await AssertEndedAsync(person);
        using var refused = await person.TryLogInAsync();
        using var wrong = await person.TryLogInAsync(password: "something else entirely");
        var token = await api.Events.TokenAsync(person.Id, AccountLinkKind.ReplacePassword, count: 2); // the refusal sent another
        person.Password = "eight quiet herons at dusk";
        using var set = await person.SendAsync(HttpMethod.Post, "reset-password", new { token, newPassword = person.Password });

        Assert.True(changed.GetProperty("mustResetPassword").GetBoolean());
        Assert.Equal("password_reset_required", await refused.ProblemAsync(HttpStatusCode.Forbidden));
        Assert.Equal("invalid_credentials", await wrong.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        await person.LogInAsync();
        var record = await api.Events.AuditAsync("user.password_reset_forced", person.Id.ToString());
        Assert.Equal("administrator", record.Detail!["reason"]);
    }

    [Fact]
    public async Task Unlock_BlockedUser_MaySignInAtOnce()
    {
        var (admin, person) = (await api.SignedInAsync(Role.Admin), await api.SignedInAsync());
        for (var attempt = 0; attempt < 8; attempt++)
        {
            using var wrong = await person.TryLogInAsync(password: "something else entirely");
        }

        // A block that outlasts this test on any machine.
        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"UPDATE failed_sign_ins SET blocked_until = now() + interval '1 hour' WHERE key LIKE {$"user:{person.Id}%"}"));
        using var blocked = await person.TryLogInAsync();
        var shown = await admin.ShowUserAsync(api.Http, person.Id);
        var unlocked = await admin.ChangeUserAsync(api.Http, person.Id, "unlock");

        Assert.Equal("too_many_failures", await blocked.ProblemAsync(HttpStatusCode.TooManyRequests));
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, shown.GetProperty("blockedUntil").ValueKind);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, unlocked.GetProperty("blockedUntil").ValueKind);
        await person.LogInAsync();
        await api.Events.AuditAsync("user.unlocked", person.Id.ToString());
    }

    private async Task AssertEndedAsync(Person person)
    {
        using var refresh = await person.TryRefreshAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, refresh.StatusCode);
        Assert.Equal("""{"active":false}""", await TestClient.Gateway(api.Http).IntrospectAsync(person.AccessToken));
        await api.Events.OneAsync<RevocationIssued>(told => told.Kind == RevocationKind.Subject && told.Value == person.Id.ToString());
    }

    /// <summary>Whether name or address stands in any row about the user. Events on their way are sent and gone.</summary>
    private Task<bool> IsAnywhereAsync(Person person, Guid id) => api.Host.QueryAsync(async db =>
    {
        var user = await db.Users.IgnoreQueryFilters().AsNoTracking().SingleAsync(row => row.Id == id);
        var sessions = await db.Sessions.AsNoTracking().Where(row => row.UserId == id).ToListAsync();
        Assert.NotEmpty(sessions);
        return System.Text.Json.JsonSerializer.Serialize(user).Contains(person.UserName, StringComparison.OrdinalIgnoreCase)
            || user.PasswordHash is not null
            || sessions.Exists(row => row.Address is not null || row.UserAgent is not null)
            || await db.AccountLinks.AnyAsync(row => row.UserId == id)
            || await db.RefreshTokens.AnyAsync(row => sessions.Select(session => session.Id).Contains(row.SessionId));
    });
}
