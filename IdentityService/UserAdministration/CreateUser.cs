using System.ComponentModel.DataAnnotations;
using IdentityService.AccountMail;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Problems;

namespace IdentityService.UserAdministration;

/// <summary>An account for somebody, who is invited by mail to choose a password.</summary>
public sealed record CreateUserRequest
{
    [Required(ErrorMessage = "is required"), UserNameFormat]
    public string? Username { get; init; }

    [Required(ErrorMessage = "is required"), EmailFormat]
    public string? Email { get; init; }

    [MaxLength(100, ErrorMessage = "must have at most 100 characters"), PlainText]
    public string? DisplayName { get; init; }

    [KnownRoles]
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>The caller's own when missing; another one is a platform administrator's choice.</summary>
    public Guid? TenantId { get; init; }
}

/// <summary>Makes an account without a password. Nobody but its owner ever knows one.</summary>
internal sealed class CreateUser(IdentityDb database, AccountLinks links, Caller caller, TimeProvider time)
{
    public static async Task<Results<Created<AdministeredUser>, ProblemHttpResult>> HandleAsync(
        CreateUserRequest request,
        HttpResponse response,
        UserManager<User> users,
        AdministratorRights rights,
        CreateUser create,
        CancellationToken cancellationToken)
    {
        if (rights.RefusalToGive(request.Roles) is { } above)
        {
            return above;
        }

        if (await create.TenantOfAsync(request, cancellationToken) is not { } tenant)
        {
            return Problem.Validation(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["tenantId"] = ["is not one in which you can make accounts"] });
        }

        var user = create.Open(request, tenant);
        try
        {
            await users.CreateAsync(user); // saves what waits in the same context along with it
        }
        catch (DbUpdateException fault) when (UniqueViolation.Of(fault, IdentityMapping.UniqueNames))
        {
            return AccountProblems.NameTaken();
        }

        response.Headers.ETag = AccountVersion.TagOf(user);
        return TypedResults.Created(
            $"{UserEndpoints.Path}/{user.Id}", AdministeredUser.Of(user, [.. request.Roles.Order(StringComparer.Ordinal)]));
    }

    /// <summary>Null for a tenant that is not there, is kept out, or is not the caller's.</summary>
    private async Task<Guid?> TenantOfAsync(CreateUserRequest request, CancellationToken cancellationToken)
    {
        var wanted = request.TenantId ?? caller.TenantId;
        return (wanted == caller.TenantId || caller.Has(Scopes.Platform))
            && await database.Tenants.AnyAsync(row => row.Id == wanted && row.DisabledAt == null, cancellationToken)
                ? wanted
                : null;
    }

    private User Open(CreateUserRequest request, Guid tenant)
    {
        var user = User.Create(request.Username!, request.Email!, passwordHash: null, tenant, time.GetInstant());
        user.Update(string.IsNullOrWhiteSpace(request.DisplayName) ? null : request.DisplayName.Trim());
        database.UserRoles.AddRange(SetRoles.RowsOf(user.Id, request.Roles));
        var cause = caller.Envelope(tenantId: tenant);
        links.AddFor(user, AccountLinkKind.Invitation, cause);
        database.AddAudit(
            cause,
            "user.created",
            "user",
            user.Id.ToString(),
            severity: AuditSeverity.Notice,
            after: new { username = user.UserName, user.Email, user.TenantId, roles = request.Roles });
        return user;
    }
}
